"""`inv lock.status` and `inv lock.free`: what people see of the work lock, and how it is taken from a host
that cannot be reached (docs/running.md#one-copy-at-a-time)."""

from __future__ import annotations

import json as json_
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from shepherd.errors import NO_DATA, RefusedError, SettingsError, StoreError
from shepherd.locks import POLL
from shepherd.plainfile import UnreadableFileError
from shepherd.running import told
from shepherd.running.log import now
from shepherd.running.state_place import StatePlace
from shepherd.running.tasking import TaskOptions, complain, say
from shepherd.values import clean

if TYPE_CHECKING:
    from shepherd.running.records import Life, Record
    from shepherd.settings import Settings

FREEING = 10.0
"""Seconds that the server may take to end sessions."""
LONGEST = 1000
FREE = "inv lock.free --reason TEXT"
_NOTHING = ("free", "nothing is running")


def lock_status(place: StatePlace, *, json: bool) -> int:
    """Who works at what, since when, and whether that looks like a hang or a crash; exit code 5 where it is
    not known whether another host works."""
    problem = told.ask(place.settings) if place.settings is not None else ""
    kind, text = who_works(place)
    if json:
        say(json_.dumps({"lock": kind, "text": text, **({"problem": problem} if problem else {})}))
    else:
        say(f"{text} on this host" if problem and kind == "free" else text)
    if problem:
        complain(f"whether another host is at work is not known: {problem}")
    return NO_DATA if problem else 0


def who_works(place: StatePlace) -> tuple[str, str]:
    """In one word, and in a sentence."""
    from shepherd.running.gate import held, holders, work_locks

    if _there(place.state / "run" / "upgrade.json"):
        from shepherd.running import upgrade_record

        upgrade = upgrade_record.read(place.state)
        if upgrade is not None and upgrade_record.at_work(place.state):
            return "upgrade", f"an upgrade is under way: {upgrade.words()}"
        if upgrade is not None:
            from shepherd.situation import REPAIR

            return "upgrade killed", f"an upgrade was killed: {upgrade.words()}; {REPAIR}"
    if place.settings is not None:
        return _who_works_anywhere(place, place.settings)
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
    return _words(place, *present) if present is not None else ("free", "nothing is running")


def _who_works_anywhere(place: StatePlace, settings: Settings) -> tuple[str, str]:
    """The same, where other hosts use the same database."""
    from shepherd.running import hosts

    holder = hosts.holder(settings)
    try:
        present = hosts.look(settings)
    except UnreadableFileError as why:
        return "unreadable", f"the record {why}; {holder or 'nothing'} holds the lock"
    if present is not None and not (present[1] == "gone" and holder):
        return _words(place, *present)
    return ("held", f"{holder} holds the work lock, without a record") if holder else _NOTHING


def _words(place: StatePlace, record: Record, life: Life) -> tuple[str, str]:
    from shepherd.running import records

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
            if place.settings is not None and not records.is_here(record):
                end += f", or if {clean(record.host, 60)} cannot be reached: {FREE}"
            return "suspected hang", f"suspected hang: {details}; {end}"
    unseen = "; its process cannot be seen from here, but it holds the lock" if life == "held" else ""
    return "running", f"running: {details}{unseen}"


def free(options: TaskOptions, reason: str | None) -> int:
    """Take the work lock from a run on a host that cannot be reached, by ending its sessions on the server.

    That run writes nothing from then on, and ends when it tries to.

    Raises:
        SettingsError: no reason, or there are no other hosts. RefusedError: the run is on this host.
        StoreError: the server does not do it.
    """
    from shepherd.running import hosts, records
    from shepherd.running.log import line, run_id
    from shepherd.running.runner import log_of, prepare_state

    why, settings = clean(reason or "", LONGEST), options.settings
    if not why:
        raise SettingsError("say why, for those who look for the run: --reason 'qa2 hangs'")
    if not settings.on_server:
        raise SettingsError(
            "with SQLite there is nothing to take away: the lock is free when its process has ended"
            " (inv lock.status names it)"
        )
    session = told.session(settings)
    name, holder = session.holder(), hosts.holder(settings)
    if not name:
        say("nothing is running")
        return 0
    present = hosts.look(settings)
    if present is not None and present[1] != "gone" and records.is_here(present[0]):
        raise RefusedError(f"it is at work on this host: end it with: kill {present[0].pid}")
    if options.dry:
        say(f"would take the work lock from {holder}")
        return 0
    prepare_state(settings.state_path)
    session.end_holder(name)
    end = monotonic() + FREEING
    while session.holder() == name:
        if monotonic() > end:
            raise StoreError(f"{holder} still holds the work lock after {FREEING:g} seconds: try again")
        sleep(POLL)
    at = now()
    fields = {"what": "lock", "on": "work lock", "from": holder, "to": "free"}
    log_of(settings).write(
        line(at, run=run_id(at), event="act", branch="all", **fields, because=why, by=options.who)
    )
    say(f"the work lock was taken from {holder}: what it still tries is refused, and the next run goes on")
    return 0


def _there(path: Path) -> bool:
    with suppress(FileNotFoundError, NotADirectoryError):
        path.lstat()
        return True
    return False
