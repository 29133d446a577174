"""`inv maintenance.*`: what people do with the switch (docs/running.md#maintenance)."""

from __future__ import annotations

import json as json_
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shepherd.errors import DEADLINE, NO_DATA, PARTLY, SettingsError
from shepherd.running import maintenance, told
from shepherd.running.log import now
from shepherd.running.state_place import StatePlace, state_place_in
from shepherd.running.tasking import TaskOptions, complain, say
from shepherd.values import Duration, age, clean, iso, when

if TYPE_CHECKING:
    from shepherd.running.log import LogLine
    from shepherd.settings import Settings


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


def _wait_for_the_end(settings: Settings, wait: float | None) -> int:
    """Wait until nothing is at work: once we hold the work lock while the switch is set, no stage runs and
    none will start."""
    from shepherd.running import gate, hosts
    from shepherd.running.lock import who_works
    from shepherd.stages.freezes import freeze_lock

    place = state_place_in(settings)
    if wait is None:
        kind, text = who_works(place)
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
        complain(f"after {age(wait)} still at work: {who_works(place)[1]}; the switch stays on")
        return DEADLINE
    say("nothing is at work")
    return 0


def _act(at: datetime, before: str, after: str, who: str, why: str) -> LogLine:
    from shepherd.running.log import line, run_id

    fields = {"what": "switch", "on": "maintenance.txt", "from": before, "to": after}
    return line(at, run=run_id(at), event="act", branch="all", **fields, because=why, by=who)
