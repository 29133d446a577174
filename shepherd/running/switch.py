"""`inv maintenance.*` and `inv lock.status`: what people do with the switch, and see of the lock
(docs/running.md#one-copy-at-a-time)."""

from __future__ import annotations

import json as json_
import os
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from shepherd.errors import DEADLINE, NO_DATA, PARTLY, SettingsError
from shepherd.plainfile import UnreadableFileError
from shepherd.running import maintenance, told
from shepherd.running.log import now
from shepherd.running.tasking import CLONE, TaskOptions, complain, say
from shepherd.values import Duration, age, clean, iso, when

if TYPE_CHECKING:
    from shepherd.running.log import LogLine
    from shepherd.settings import Settings


class StatePlace(NamedTuple):
    """As much of the settings as `maintenance.status` and `lock.status` need."""

    state: Path
    warn_after: int = 4 * 3600
    """Seconds, as the other one."""
    stale_after: int = 3600
    settings: Settings | None = None
    """Where other hosts use the same database, which has to be asked what they say."""


def state_place(options: TaskOptions) -> StatePlace:
    """The same as the settings say, without the time that it takes to check all of them.

    Raises:
        SettingsError: as `TaskOptions.settings` does; whatever looks odd is left to it.
    """
    import tomllib

    from shepherd import plainfile
    from shepherd.places import places_of

    places = places_of(os.environ, CLONE, Path.cwd())
    file = next((each for each in places if os.path.lexists(each)), places[0])
    try:
        document = tomllib.loads(plainfile.read(file, 1_000_000))
        state = Path(os.path.realpath(file)).parent / document.get("state_dir", "var")
        warn_after = document.get("maintenance", {}).get("warn_after", "4h")
        stale_after = document.get("run", {}).get("stale_after", "60m")
        alone = not str(document.get("database", "")).startswith("postgresql")
        if alone and isinstance(warn_after, str) and isinstance(stale_after, str):
            return StatePlace(state, _seconds(warn_after, "4h"), _seconds(stale_after, "60m"))
    except (plainfile.UnreadableFileError, ValueError, RecursionError, TypeError, AttributeError):
        pass
    return _state_place_in(options.settings)


def _seconds(text: str, usual: str) -> int:
    # that a key is wrong is for the tasks that work; who holds the lock is told all the same
    try:
        return Duration(text)
    except SettingsError:
        return Duration(usual)


def _state_place_in(settings: Settings) -> StatePlace:
    others = settings if told.has_other_hosts(settings) else None
    return StatePlace(settings.state_path, settings.maintenance.warn_after, settings.run.stale_after, others)


def on(options: TaskOptions, reason: str | None, until: str | None) -> int:
    """Set the switch, or add to one that is on; with `--wait` return when nothing works any more, else 6.

    Raises:
        SettingsError: no reason. StoreError: it cannot be set.
    """
    from shepherd.running.runner import log_of, prepare_state

    why = clean(reason or "", maintenance.LONGEST)
    if not why:
        raise SettingsError("say why, for those who find it: --reason 'new database server'")
    at = now()
    end = at + timedelta(seconds=Duration(until)) if until is not None else None
    until_then = f" until {when(end, at)}" if end else ""
    settings, who = options.settings, options.who
    state = settings.state_path
    already = _words_now(settings)
    if options.dry:
        how = f"add to {maintenance.path_of(state)}, which is there {already}" if already else ""
        how = how or f"write {maintenance.path_of(state)}"
        say(f"would {how}: by {who}: {why}{until_then and f',{until_then}'}")
        return 0
    prepare_state(state)
    if maintenance.switch_on(state, who, why, end, at):
        maintenance.forget_first_abort(state)
        say(f"maintenance is on{until_then}; end it with: inv maintenance.off")
        log_of(settings).write(_act(at, "off", "on", who, why))
    else:
        already = _words_now(settings)
        maintenance.add(state, maintenance.Entry(who, why, at, end))
        say(f"maintenance is already on, {already or 'since just now'}")
        say(f"yours was added{until_then}; take it away with: inv maintenance.off")
        log_of(settings).write(_act(at, "on", "on", who, why))
    code = _tell_others(settings, "this is set on this host alone")
    return code or _wait_for_the_end(settings, options.wait)


def off(options: TaskOptions, of: str | None = None) -> int:
    """Take away one's own part of the switch; what others set stays on.

    Args:
        of: take away this person's instead, or what a killed upgrade left (`upgrade`).

    Raises:
        RefusedError: it is on, and not the caller's. SettingsError: `of` did not set it.
        StoreError: it cannot be changed.
    """
    from shepherd.running.runner import log_of, prepare_state
    from shepherd.running.whose import leaving

    settings, who = options.settings, options.who
    state, at = settings.state_path, now()
    if _words_now(settings) == "":
        say("maintenance is not on")
        return 0
    if options.dry:
        present = maintenance.present(state)
        say(f"would end {maintenance.entry_words(present[leaving(present, state, who, of)], at)}")
        return 0
    prepare_state(state)
    gone: list[maintenance.Entry] = []

    def without(present: tuple[maintenance.Entry, ...]) -> tuple[maintenance.Entry, ...]:
        if not present:
            return ()
        place = leaving(present, state, who, of)
        gone[:] = [present[place]]
        return present[:place] + present[place + 1 :]

    maintenance.change(state, without)
    # what stays has an age of its own
    maintenance.forget_first_abort(state)
    details = maintenance.entry_words(gone[0], at) if gone else "until just now"
    stays = _words_now(settings)
    if stays:
        say(f"taken away: {details}")
        own = any(each.who == who for each in maintenance.present(state))
        again = "; there is another one of yours: inv maintenance.off" if own else ""
        say(f"maintenance stays on {stays}{again}")
    else:
        say(f"maintenance is off; it was on {details}")
    if of is not None and gone and gone[0].who not in ("", who):
        complain(f"this was not the switch of {who}, but of {clean(gone[0].who, 80)}: let them know")
    log_of(settings).write(_act(at, "on", "on" if stays else "off", who, details))
    return _tell_others(settings, "other hosts do not know that it is over")


def _tell_others(settings: Settings, else_: str) -> int:
    """Let all hosts that share the database know of it; exit code 7 where that cannot be."""
    problem = told.ask(settings)
    if problem:
        complain(f"{else_}, until a command of this host reaches the server: {problem}")
    return PARTLY if problem else 0


def _words_now(settings: Settings) -> str:
    """Who has set the switch, why and since when; empty if it is off."""
    from shepherd.running.situation import switch_of

    switch = switch_of(settings)
    return maintenance.words(switch, now()) if switch is not None else ""


def status(place: StatePlace, *, json: bool) -> int:
    """Whether the switch is on, by whom, why and since when."""
    problem = told.ask(place.settings) if place.settings is not None else ""
    at = now()
    switch = maintenance.look(place.state, place.warn_after, at)
    if json:
        unknown = {"problem": problem} if problem else {}
        say(json_.dumps({"maintenance": _document(switch) if switch is not None else None, **unknown}))
    elif switch is None:
        say("maintenance is off" if not problem else "maintenance is off on this host")
    else:
        say(f"maintenance is on {maintenance.words(switch, at)}")
    if problem:
        complain(f"whether other hosts are in maintenance is not known: {problem}")
    return NO_DATA if problem else 0


def _document(switch: maintenance.Switch) -> dict[str, Any]:
    others = [
        {"since": each.since, "who": maintenance.name_of(each), "why": each.why, "until": each.until}
        for each in switch.others
    ]
    return {
        **_with_times_as_text(switch._asdict()),
        "others": [_with_times_as_text(each) for each in others],
        "remedy": maintenance.remedy(switch),
    }


def _with_times_as_text(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: iso(each) if isinstance(each, datetime) else each for key, each in fields.items()}


def mention(settings: Settings) -> None:
    """For readers, which work all the same: say on standard error that the switch is on."""
    from shepherd.running.situation import switch_of

    switch = switch_of(settings)
    if switch is not None:
        complain(f"in maintenance {maintenance.words(switch, now())}; what is shown was known before")


def lock_status(place: StatePlace, *, json: bool) -> int:
    """Who works at what, since when, and whether that looks like a hang or a crash."""
    kind, text = _who_works(place)
    say(json_.dumps({"lock": kind, "text": text}) if json else text)
    return 0


def _who_works(place: StatePlace) -> tuple[str, str]:
    from shepherd.running.gate import held, holders, work_locks

    if _there(place.state / "run" / "upgrade.json"):
        from shepherd.running import upgrade_record

        upgrade = upgrade_record.read(place.state)
        if upgrade is not None and upgrade_record.at_work(place.state):
            return "upgrade", f"an upgrade is under way: {upgrade.words()}"
        if upgrade is not None:
            from shepherd.situation import REPAIR

            return "upgrade killed", f"an upgrade was killed: {upgrade.words()}; {REPAIR}"
    pids = holders(place.state / "run" / "work.lock")
    holder = f"process {', '.join(map(str, pids))}" if pids else "a process that cannot be seen from here"
    locked = bool(pids) or bool(held(*work_locks(place.state)))
    if not _there(place.state / "run" / "record.json"):
        if not locked:
            return "free", "nothing is running"
        return "held", f"{holder} holds the work lock, without a record"
    # only now: a process is to be looked at
    from shepherd.running import records

    try:
        present = records.look(place.state)
    except UnreadableFileError as why:
        return "unreadable", f"the record {why}; {holder if locked else 'nothing'} holds the lock"
    if present is None:
        return "free", "nothing is running"
    record, life = present
    details = records.words(record, now())
    match life:
        case "gone":
            return "crashed", f"crashed: {details}; its process is gone, the next run cleans up"
        case "unknown":
            return (
                "unknown",
                f"{details}; whether it still lives can only be seen on {clean(record.host, 60)}",
            )
        case _ if records.seconds(record, now()) > place.stale_after:
            end = f"end it{records.where(record)} with: kill {record.pid}"
            return "suspected hang", f"suspected hang: {details}; {end}"
    unseen = "; its process cannot be seen from here, but it holds the lock" if life == "held" else ""
    return "running", f"running: {details}{unseen}"


def _wait_for_the_end(settings: Settings, wait: float | None) -> int:
    """Wait until nothing is at work: once we hold the work lock while the switch is set, no stage runs and
    none will start."""
    from shepherd.running import gate, hosts
    from shepherd.stages.freezes import freeze_lock

    place = _state_place_in(settings)
    if wait is None:
        kind, text = _who_works(place)
        if kind not in ("free", "crashed"):
            say(f"still at work: {text}")
        return 0
    try:
        with hosts.work(settings, wait=wait), freeze_lock(settings, wait) as handle:
            if handle < 0:
                complain(f"after {age(wait)} somebody still writes a freeze; the switch stays on")
                return DEADLINE
    except KeyboardInterrupt:
        raise KeyboardInterrupt("the switch stays on; inv maintenance.off takes yours away") from None
    except gate.TakenError:
        complain(f"after {age(wait)} still at work: {_who_works(place)[1]}; the switch stays on")
        return DEADLINE
    say("nothing is at work")
    return 0


def _act(at: datetime, before: str, after: str, who: str, why: str) -> LogLine:
    from shepherd.running.log import line, run_id

    fields = {"what": "switch", "on": "maintenance.txt", "from": before, "to": after}
    return line(at, run=run_id(at), event="act", branch="all", **fields, because=why, by=who)


def _there(path: Path) -> bool:
    with suppress(FileNotFoundError, NotADirectoryError):
        path.lstat()
        return True
    return False
