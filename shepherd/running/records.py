"""Run records: who works, at what, since when. They inform, the lock decides
(docs/running.md#one-copy-at-a-time).

`run/record.json` is written only by the holder of the work lock. psutil
says whether its process lives.
"""

from __future__ import annotations

import os
import shlex
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Struct

from shepherd.errors import StoreError
from shepherd.login import login
from shepherd.running.gate import held, work_locks
from shepherd.statefile import StateFile
from shepherd.values import age, clean, utc

if TYPE_CHECKING:
    import psutil

Life = Literal["lives", "held", "gone", "unknown"]
"""`held`: its process cannot be seen from here, but somebody holds its lock."""

COMMAND = 200
"""Characters of a command that are kept."""
SAME_START = 1.5
"""Seconds that two readings of one process's start may differ: the kernel gives the boot in whole seconds."""


class Record(Struct, frozen=True):
    """One run. Clocks may jump, so that ages are told by seconds after the boot."""

    pid: int
    started: float
    """When the process started, seconds after the boot: with it a pid that is used again is told apart."""
    boot_id: str
    host: str
    user: str
    command: str
    stage: str
    since: Annotated[datetime, msgspec.Meta(tz=True)]
    began: float
    """When the run began, seconds after the boot."""
    noted: bool = False
    """The stage is a step of the work, so that a crash of it is told until it has run well."""
    pid_namespace: str = ""
    """As the kernel names it: a pid means something else in another container. Empty: not known."""


def path_of(state: Path) -> Path:
    return state / "run" / "record.json"


def own(stage: str, since: datetime, began: float | None = None, noted: bool = False) -> Record:
    """The record of this process; `began`: seconds after the boot (default: now)."""
    import psutil

    return Record(
        pid=os.getpid(),
        started=_started(psutil.Process()),
        boot_id=_boot_id(),
        host=socket.gethostname(),
        user=login(),
        command=clean(shlex.join(["inv", *sys.argv[1:]]), COMMAND),
        stage=stage,
        since=since,
        began=uptime() if began is None else began,
        noted=noted,
        pid_namespace=_pid_namespace(),
    )


def publish(state: Path, record: Record) -> None:
    """Write the record. Only for the holder of the work lock. Raises StoreError."""
    StateFile(path_of(state), Record).write(record)


def read(state: Path) -> Record | None:
    """The record that is there.

    Raises:
        UnreadableFileError: half-written by another program, a directory, somebody else's, …
    """
    return StateFile(path_of(state), Record).read()


@contextmanager
def removed_at_the_end(state: Path) -> Iterator[None]:
    """Remove the record at the end of the run, however that ends. Only for the holder of the work lock."""
    try:
        yield
    finally:
        with suppress(OSError):
            path_of(state).unlink(missing_ok=True)


def discard(state: Path) -> None:
    """Remove what is in the record's place and is not one, even a folder. Only for the holder of the lock.

    Raises:
        StoreError: it cannot be removed.
    """
    path = path_of(state)
    try:
        if path.is_dir() and not path.is_symlink():
            path.rename(path.with_name(f"record.json.{time.time_ns()}.odd"))
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path}: cannot be removed ({error.strerror}); remove it by hand") from None


def look(state: Path) -> tuple[Record, Life] | None:
    """The run record that is there, and whether its run goes on; None if there is none.

    Raises:
        UnreadableFileError: see `read`.
    """
    record = read(state)
    while record is not None:
        life_of_it = life(record, *work_locks(state))
        before, record = record, read(state)
        # one that has come to its end meanwhile did not crash: it removed its record
        if life_of_it != "gone" or record == before:
            return before, life_of_it
    return None


def life(record: Record, *locks: Path) -> Life:
    """Whether its process still lives. One that took over the pid, or a zombie, is not it
    (docs/running.md#one-copy-at-a-time).

    Args:
        locks: what it holds while it works. They tell where its process cannot be seen: in another container,
            on another host.
    """
    seen = _seen(record)
    if seen == "lives" or (record.pid_namespace and is_here(record)):
        return seen
    lock_held = held(*locks)
    return seen if lock_held is None else "held" if lock_held else "gone"


def is_here(record: Record) -> bool:
    """Whether its pid means the same as here: the same boot, and no other container."""
    same_boot = record.boot_id == _boot_id() and (record.boot_id or record.host == socket.gethostname())
    return bool(same_boot) and record.pid_namespace in ("", _pid_namespace())


def where(record: Record) -> str:
    """What a sentence about its pid has to add: ` on qa1` if the pid means nothing here, else nothing."""
    return "" if is_here(record) else f" on {clean(record.host, 60)}"


def is_own(record: Record) -> bool:
    """Whether this process wrote it."""
    return record.pid == os.getpid() and is_here(record)


def _seen(record: Record) -> Life:
    if not is_here(record):
        rebooted = record.boot_id != _boot_id() and record.host == socket.gethostname()
        return "gone" if rebooted else "unknown"
    import psutil

    try:
        process = psutil.Process(record.pid)
        if abs(_started(process) - record.started) > SAME_START:
            return "gone"
        return "gone" if process.status() == psutil.STATUS_ZOMBIE else "lives"
    except (psutil.NoSuchProcess, ValueError, OverflowError):
        return "gone"
    except (psutil.Error, OSError):
        # psutil hands on what it meets in /proc itself, such as too many open files
        return "unknown"


def seconds(record: Record, now: datetime) -> float:
    """How long it has been running. Where the boot is another one only the clock can tell; never below 0."""
    if record.boot_id and record.boot_id == _boot_id():
        return max(0.0, uptime() - record.began)
    return max(0.0, (now - record.since).total_seconds())


def words(record: Record, now: datetime) -> str:
    """`judge since 2011-08-24 10:15 UTC (3 minutes ago), process 123 of ann on qa1: inv judge`."""
    return (
        f"{clean(record.stage, 40)} since {utc(record.since)} ({age(seconds(record, now))} ago),"
        f" process {record.pid} of {clean(record.user, 40)} on {clean(record.host, 60)}:"
        f" {clean(record.command, COMMAND)}"
    )


def _started(process: psutil.Process) -> float:
    import psutil

    return process.create_time() - psutil.boot_time()


def uptime() -> float:
    """Seconds after the boot, which no clock can bend."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _pid_namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
