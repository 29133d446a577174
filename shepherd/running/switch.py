"""`inv maintenance.*` and `inv lock.status`: what people do with the switch, and see of the lock
(docs/running.md#one-copy-at-a-time)."""

from __future__ import annotations

import json as json_
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from shepherd.errors import DEADLINE, SettingsError
from shepherd.plainfile import UnreadableFileError
from shepherd.running import maintenance
from shepherd.running.log import now
from shepherd.running.tasking import StatePlace, complain
from shepherd.values import age, clean, duration, iso

if TYPE_CHECKING:
    from shepherd.settings import Settings

Say = Callable[[str], None]


def on(
    settings: Settings,
    reason: str | None,
    until: str | None,
    who: str,
    say: Say,
    *,
    wait: float | None,
    dry: bool,
) -> int:
    """Set the switch; with `wait` (seconds) return only when nothing works any more, else 6.

    Raises:
        SettingsError: no reason. StoreError: it cannot be set.
    """
    from shepherd.running.runner import log_of, prepare_state
    from shepherd.running.situation import switch_of

    why = clean(reason or "", maintenance.LONGEST)
    if not why:
        raise SettingsError("say why, for those who find it: --reason 'new database server'")
    at = now()
    end = at + timedelta(seconds=duration(until)) if until is not None else None
    state = settings.state_path
    if dry:
        say(
            f"would write {maintenance.path_of(state)}: by {who}: {why}{f', until {iso(end)}' if end else ''}"
        )
        return 0
    prepare_state(state)
    already = switch_of(settings)
    if already is None and maintenance.switch_on(state, who, why, end, at):
        maintenance.forget_first_abort(state)
        say(f"maintenance is on{f' until {iso(end)}' if end else ''}; end it with: inv maintenance.off")
        log_of(settings).write(_act(at, "off", "on", who, why))
    else:
        already = already or switch_of(settings)
        said = maintenance.words(already, now()) if already else "and off again"
        say(f"maintenance is on already, {said}; nothing was changed")
    return _quiet(settings, wait, say)


def off(settings: Settings, who: str, say: Say, *, dry: bool) -> int:
    """Remove the switch, whoever set it. Raises StoreError if it cannot be removed."""
    from shepherd.running.runner import log_of, prepare_state
    from shepherd.running.situation import switch_of

    switch = switch_of(settings)
    if switch is None:
        say("maintenance is not on")
        return 0
    said = maintenance.words(switch, now())
    if dry:
        say(f"would end maintenance {said}")
        return 0
    prepare_state(settings.state_path)
    maintenance.switch_off(settings.state_path)
    say(f"maintenance is off; it was on {said}")
    log_of(settings).write(_act(now(), "on", "off", who, said))
    return 0


def status(where: StatePlace, say: Say, *, json: bool) -> int:
    """Whether the switch is on, by whom, why and since when."""
    at = now()
    switch = maintenance.look(where.state, duration(where.warn_after), at)
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


def lock_status(where: StatePlace, say: Say, *, json: bool) -> int:
    """Who works at what, since when, and whether that looks like a hang or a crash."""
    kind, text = _who_works(where)
    say(json_.dumps({"lock": kind, "text": text}) if json else text)
    return 0


def _who_works(where: StatePlace) -> tuple[str, str]:
    from shepherd.running.gate import holders

    if _there(where.state / "run" / "upgrade.json"):
        from shepherd.running import upgrade_record

        upgrade = upgrade_record.read(where.state)
        if upgrade is not None and upgrade_record.at_work(where.state):
            return "upgrade", f"an upgrade is under way: {upgrade.words()}"
        if upgrade is not None:
            left = "inv upgrade --resume, or inv upgrade --undo"
            return "upgrade killed", f"an upgrade was killed: {upgrade.words()}; mend it: {left}"
    pids = holders(where.state / "run" / "work.lock")
    if not _there(where.state / "run" / "record.json"):
        if not pids:
            return "free", "nothing is running"
        return "held", f"process {', '.join(map(str, pids))} holds the work lock, without a record"
    # only now: a process is to be looked at
    from shepherd.running import records

    try:
        record = records.read(where.state)
    except UnreadableFileError as why:
        held = f"process {', '.join(map(str, pids))} holds the lock" if pids else "nothing holds the lock"
        return "unreadable", f"the record {records.path_of(where.state)} {why}; {held}"
    if record is None:
        return "free", "nothing is running"
    said = records.words(record, now())
    match records.life(record):
        case "gone":
            return "crashed", f"crashed: {said}; its process is gone, the next run cleans up"
        case "unknown":
            return "unknown", f"{said}; whether it still lives can only be seen on {clean(record.host, 60)}"
        case _ if records.seconds(record, now()) > duration(where.stale_after):
            return "suspected hang", f"suspected hang: {said}; end it with: kill {record.pid}"
    return "running", f"running: {said}"


def _quiet(settings: Settings, wait: float | None, say: Say) -> int:
    """Whoever gets the work lock after the switch was set knows that no stage works, and none will begin."""
    from shepherd.running import gate

    where = StatePlace(settings.state_path, settings.maintenance.warn_after, settings.run.stale_after)
    if wait is None:
        kind, text = _who_works(where)
        if kind not in ("free", "crashed"):
            say(f"still at work: {text}")
        return 0
    try:
        with gate.work(settings.state_path, wait=wait):
            pass
    except gate.TakenError:
        complain(f"after {age(wait)} still at work: {_who_works(where)[1]}; the switch stays on")
        return DEADLINE
    say("nothing is at work")
    return 0


def _act(at: datetime, before: str, after: str, who: str, why: str) -> str:
    from shepherd.running.log import line, run_id

    fields = {"what": "switch", "on": "maintenance.txt", "from": before, "to": after}
    return line(at, run=run_id(at), event="act", branch="all", **fields, because=why, by=who)


def _there(path: Path) -> bool:
    with suppress(FileNotFoundError, NotADirectoryError):
        path.lstat()
        return True
    return False
