"""`inv maintenance.*` and `inv lock.status`: what people do with the switch, and see of the lock
(docs/running.md#one-copy-at-a-time)."""

from __future__ import annotations

import json as json_
import os
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shepherd.errors import DEADLINE, SettingsError
from shepherd.plainfile import UnreadableFileError
from shepherd.running import maintenance
from shepherd.running.log import now
from shepherd.running.tasking import CLONE, TaskOptions, complain, say
from shepherd.values import Duration, age, clean, iso

if TYPE_CHECKING:
    from shepherd.running.log import LogLine
    from shepherd.settings import Settings


class StatePlace(NamedTuple):
    """As much of the settings as `maintenance.status` and `lock.status` need."""

    state: Path
    warn_after: int = 4 * 3600
    """Seconds, as the other one."""
    stale_after: int = 3600


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
        if isinstance(warn_after, str) and isinstance(stale_after, str):
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
    return StatePlace(settings.state_path, settings.maintenance.warn_after, settings.run.stale_after)


def on(options: TaskOptions, reason: str | None, until: str | None) -> int:
    """Set the switch; with `--wait` return only when nothing works any more, else 6.

    Raises:
        SettingsError: no reason. StoreError: it cannot be set.
    """
    from shepherd.running.runner import log_of, prepare_state
    from shepherd.running.situation import switch_of

    why = clean(reason or "", maintenance.LONGEST)
    if not why:
        raise SettingsError("say why, for those who find it: --reason 'new database server'")
    at = now()
    end = at + timedelta(seconds=Duration(until)) if until is not None else None
    until_then = f" until {iso(end)}" if end else ""
    settings, who = options.settings, options.who
    state = settings.state_path
    if options.dry:
        say(f"would write {maintenance.path_of(state)}: by {who}: {why}{until_then and f',{until_then}'}")
        return 0
    prepare_state(state)
    already = switch_of(settings)
    if already is None and maintenance.switch_on(state, who, why, end, at):
        maintenance.forget_first_abort(state)
        say(f"maintenance is on{until_then}; end it with: inv maintenance.off")
        log_of(settings).write(_act(at, "off", "on", who, why))
    else:
        already = already or switch_of(settings)
        details = maintenance.words(already, now()) if already else "and off again"
        say(f"maintenance is already on, {details}; nothing was changed")
    return _wait_for_the_end(settings, options.wait)


def off(options: TaskOptions) -> int:
    """Remove the switch, no matter who set it. Raises StoreError if it cannot be removed."""
    from shepherd.running.runner import log_of, prepare_state
    from shepherd.running.situation import switch_of

    settings = options.settings
    switch = switch_of(settings)
    if switch is None:
        say("maintenance is not on")
        return 0
    details = maintenance.words(switch, now())
    if options.dry:
        say(f"would end maintenance {details}")
        return 0
    prepare_state(settings.state_path)
    maintenance.switch_off(settings.state_path)
    say(f"maintenance is off; it was on {details}")
    log_of(settings).write(_act(now(), "on", "off", options.who, details))
    return 0


def status(place: StatePlace, *, json: bool) -> int:
    """Whether the switch is on, by whom, why and since when."""
    at = now()
    switch = maintenance.look(place.state, place.warn_after, at)
    if json:
        fields = {} if switch is None else switch._asdict()
        texts = {key: iso(each) if isinstance(each, datetime) else each for key, each in fields.items()}
        say(json_.dumps({"maintenance": texts or None}))
    elif switch is None:
        say("maintenance is off")
    else:
        say(f"maintenance is on {maintenance.words(switch, at)}")
    return 0


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
    from shepherd.running.gate import holders

    if _there(place.state / "run" / "upgrade.json"):
        from shepherd.running import upgrade_record

        upgrade = upgrade_record.read(place.state)
        if upgrade is not None and upgrade_record.at_work(place.state):
            return "upgrade", f"an upgrade is under way: {upgrade.words()}"
        if upgrade is not None:
            remedy = "finish it with inv upgrade --resume, or take it back with inv upgrade --undo"
            return "upgrade killed", f"an upgrade was killed: {upgrade.words()}; {remedy}"
    pids = holders(place.state / "run" / "work.lock")
    if not _there(place.state / "run" / "record.json"):
        if not pids:
            return "free", "nothing is running"
        return "held", f"process {', '.join(map(str, pids))} holds the work lock, without a record"
    # only now: a process is to be looked at
    from shepherd.running import records

    try:
        record = records.read(place.state)
    except UnreadableFileError as why:
        held = f"process {', '.join(map(str, pids))} holds the lock" if pids else "nothing holds the lock"
        return "unreadable", f"the record {why}; {held}"
    if record is None:
        return "free", "nothing is running"
    details = records.words(record, now())
    match records.life(record):
        case "gone":
            return "crashed", f"crashed: {details}; its process is gone, the next run cleans up"
        case "unknown":
            return (
                "unknown",
                f"{details}; whether it still lives can only be seen on {clean(record.host, 60)}",
            )
        case _ if records.seconds(record, now()) > place.stale_after:
            return "suspected hang", f"suspected hang: {details}; end it with: kill {record.pid}"
    return "running", f"running: {details}"


def _wait_for_the_end(settings: Settings, wait: float | None) -> int:
    """Wait until nothing is at work: once we hold the work lock while the switch is set, no stage runs and
    none will start."""
    from shepherd.running import gate

    place = _state_place_in(settings)
    if wait is None:
        kind, text = _who_works(place)
        if kind not in ("free", "crashed"):
            say(f"still at work: {text}")
        return 0
    try:
        with gate.work(settings.state_path, wait=wait):
            pass
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
