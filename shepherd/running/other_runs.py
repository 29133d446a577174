"""What a run says of another one: of the one that holds the work lock, and of one that crashed
(docs/running.md#one-copy-at-a-time)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shepherd.errors import ShepherdError
from shepherd.plainfile import UnreadableFileError
from shepherd.run import Tell
from shepherd.running import hosts, records, refusals
from shepherd.running.log import now
from shepherd.running.refusals import BusyError, MaintenanceError
from shepherd.running.situation import READING, crashed, hang_of, how_to_end, note_read, note_run
from shepherd.settings import Settings

if TYPE_CHECKING:
    from shepherd.store.postgresql import Session


def busy(settings: Settings) -> ShepherdError:
    """The refusal that says who holds the lock, at what, since when, and what to do
    (docs/running.md#one-copy-at-a-time)."""
    at, holder = now(), hosts.holder(settings) or "process unknown"
    hang = None
    try:
        present = hosts.look(settings)
    except UnreadableFileError as why:
        text = f"another copy is running, {holder}; its record {why}"
    else:
        if present is None:
            text = f"another copy is running, {holder}, without a record; try again (inv lock.status)"
        elif present[1] == "gone":
            text = f"another copy is running, {holder}, without a record yet; {crashed(present[0])}"
        elif hang := hang_of(settings, *present):
            ways = how_to_end(settings, present[0])
            text = f"suspected hang: {records.words(present[0], at)}; look at it, and {ways}"
        else:
            text = (
                f"another copy is running: {records.words(present[0], at)}; try again later, or wait:"
                " --wait 60"
            )
    refusal = refusals.in_maintenance(settings)
    if refusal is not None and hang is None:
        return MaintenanceError(f"{refusal}; and {text}", refusal.switch)
    return BusyError(text, hang)


def clean_up_after_a_crash(settings: Settings, session: Session | None, tell: Tell) -> None:
    """Report and forget the record of a run that crashed, on whichever host: the holder of the lock knows
    that it is gone."""
    try:
        record = hosts.left_behind(settings, session)
    except UnreadableFileError as why:
        tell("crashed", because=f"the record of an earlier run {why.problem}")
        records.discard(settings.state_path)
        return
    if session is not None:
        # this host's own may be one that another host has reported already
        records.discard(settings.state_path)
    if record is None:
        return
    alive = records.life(record) == "lives"
    text = f"{records.words(record, now())}: lives, but lost its lock" if alive else crashed(record)
    tell("crashed", because=text, command=record.command)
    if record.noted:
        note_run(settings, record.stage, text, ended_by="crash")
        for branch in settings.branches if record.stage in READING else ():
            note_read(settings, branch, record.stage, text)
