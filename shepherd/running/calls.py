"""Calls: what cron or a systemd timer began last, and when the next run is due (docs/running.md#is-all-well).

`run/schedule.json` is written by `run --cron` alone, however that ends; a run by hand leaves it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Struct

from shepherd.errors import UNEXPECTED, ShepherdError, StoreError
from shepherd.limits import Interruption
from shepherd.plainfile import UnreadableFileError
from shepherd.settings import Settings
from shepherd.situation import Running, Schedule, StageRuns
from shepherd.statefile import StateFile

SLACK = timedelta(minutes=2)
"""How much later than due a run may begin: a timer waits for up to 30 seconds, and a host may be busy."""
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""No call began before it, and calendars can reckon from it."""

Caller = Annotated[str, msgspec.Meta(pattern=r"\A[a-z-]{1,20}\Z")]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class ScheduledCall(Struct, frozen=True):
    """One run that was not started by a person."""

    by: Caller
    """`cron` or `timer`."""
    began: Moment
    ended: Moment | None = None
    exit: int | None = None


def note(
    settings: Settings, by: str, began: datetime, ended: datetime | None = None, code: int | None = None
) -> None:
    """Remember a call. Best effort: what it is for goes on without; and only for the owner of state_dir."""
    state = settings.state_path
    with suppress(OSError, StoreError):
        if (state / "run").stat().st_uid == os.geteuid():
            _file(settings).write(ScheduledCall(by, began, ended, code))


def code_of(failure: BaseException) -> int:
    """The exit code with which a run ends that this ends."""
    if isinstance(failure, Interruption):
        return failure.error.code
    return failure.code if isinstance(failure, ShepherdError) else UNEXPECTED


def schedule_of(
    settings: Settings, stages: dict[str, StageRuns], running: Running | None, now: datetime
) -> Schedule | None:
    """What was called last, and when the next run is due; None where nothing ever ran.

    After a call of cron or a timer the next one is due as `cron.every` says; where neither ever called, or
    somebody worked by hand since, not before `report.expected_every` has passed.
    """
    call = _last(settings, now)
    ends = [at for runs in stages.values() for at in (runs.last_good, runs.last_failed) if at is not None]
    known = [*ends, *([call.began] if call is not None else []), *_since(running)]
    if not known:
        return None
    newest = max(known)
    patience = newest + timedelta(seconds=settings.report.expected_every)
    due = next_time(call.began, settings.cron.every) if call is not None else patience
    if due < newest:
        due = patience
    late = max(due, patience) + SLACK
    overdue = now > late and running is None
    if call is None:
        return Schedule(due=due, overdue=overdue)
    # the record of a run is there from before its call is noted until after that has been done again
    at_work = running is not None and running.since == call.began
    return Schedule(
        call.by, call.began, call.ended, call.exit, call.ended is None and not at_work, due, overdue
    )


def next_time(after: datetime, every: int) -> datetime:
    """The next of the times that a crontab or a timer names for every so many seconds, on the clock of this
    host."""
    local = after.astimezone()
    passed = local.hour * 3600 + local.minute * 60 + local.second
    whole = after.replace(microsecond=0)
    return whole + timedelta(seconds=every - passed % every)


def _since(running: Running | None) -> list[datetime]:
    return [running.since] if running is not None and running.since is not None else []


def _last(settings: Settings, now: datetime) -> ScheduledCall | None:
    """The last call; None also where what is noted cannot be true. One that begins tomorrow, say by a clock
    that was wrong once, would keep a run from being overdue until then."""
    try:
        call = _file(settings).read()
    except UnreadableFileError:
        return None
    return call if call is not None and _EARLIEST <= call.began <= now + SLACK else None


def _file(settings: Settings) -> StateFile[ScheduledCall]:
    return StateFile(settings.state_path / "run" / "schedule.json", ScheduledCall)
