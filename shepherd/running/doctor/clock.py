"""Whether the clock is plausible: nothing that was written can be newer than now."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shepherd.errors import ShepherdError
from shepherd.git.mirror import open_source
from shepherd.running.doctor.checking import CheckContext, Finding, ok, warn
from shepherd.running.doctor.data import rows, sqlite_path
from shepherd.running.log import parse
from shepherd.running.situation import stage_runs
from shepherd.settings import Settings
from shepherd.store.snapshots import Snapshots
from shepherd.values import age

AHEAD = timedelta(minutes=2)
"""Clocks of two machines may differ by so much."""
_TAIL = 20_000
"""Bytes at the end of the log that hold its last line."""


def clock(context: CheckContext) -> Iterator[Finding]:
    ahead = [
        f"{what} is {age((at - context.now).total_seconds())} ahead"
        for what, at in _newest(context)
        if at > context.now + AHEAD
    ]
    if ahead:
        yield warn("clock", "; ".join(ahead), "if the clock is wrong, set it (timedatectl)")
    else:
        yield ok("clock", f"{context.now:%Y-%m-%d %H:%M:%S} UTC, nothing was written later than that")


def _newest(context: CheckContext) -> Iterator[tuple[str, datetime]]:
    """The newest of each kind of time there is. What cannot be read is another check's finding."""
    settings = context.settings
    for branch in settings.branches:
        snapshot = Snapshots(settings.state_path / "snapshots", branch).last_written()
        if snapshot is not None:
            yield f"the last answer of {branch}", snapshot.generated_at
        if at := _tip_date(settings, branch):
            yield f"the newest landing of {branch}", at
    for stage, runs in stage_runs(settings).items():
        for at in (runs.last_good, runs.last_failed):
            if at is not None:
                yield f"the last run of {stage}", at
    if at := _last_logged(settings.state_path / "log" / "shepherd.log"):
        yield "the log", at
    if (sqlite_path(settings) is not None or not context.offline) and (at := _last_journalled(settings)):
        yield "the journal", at


def _tip_date(settings: Settings, name: str) -> datetime | None:
    branch = settings.branches[name]
    try:
        git = open_source(settings.place(branch.repository), settings.state_path / "mirrors", fetch=False)
        tip = git.resolve_many([branch.ref])[branch.ref] or ""
        seconds = git.lines("log", "-1", "--format=%ct", "--end-of-options", tip)
        return datetime.fromtimestamp(int(seconds[0]), UTC)
    except (ShepherdError, ValueError, IndexError, OverflowError, OSError):
        return None


def _last_logged(path: Path) -> datetime | None:
    try:
        # a FIFO would be waited for
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
            last = file.read().decode("utf-8", "replace").splitlines()[-1]
    except (OSError, IndexError):
        return None
    return _moment(parse(last)["at"])


def _last_journalled(settings: Settings) -> datetime | None:
    try:
        newest = rows(settings, "SELECT at FROM journal ORDER BY seq DESC LIMIT 1")
    except (ShepherdError, sqlite3.Error):
        return None
    return _moment(str(newest[0][0])) if newest else None


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None
