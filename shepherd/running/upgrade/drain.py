"""Waiting until nothing works: the exclusive gate, and a countdown that names who does
(docs/operator-every-day.md#when-an-upgrade-or-a-deploy-fails)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from shepherd.limits import DeadlineError
from shepherd.locks import POLL
from shepherd.plainfile import UnreadableFileError
from shepherd.running import gate, records
from shepherd.values import age, clean

EVERY = 5.0
"""Seconds between two lines of the countdown that say the same."""


@contextmanager
def quiet(
    state: Path, seconds: float, say: Callable[[str], None], *, until: str = "left", waited: float = 0.0
) -> Iterator[None]:
    """Hold the gate exclusively.

    Args:
        seconds: to wait at most; waited: what was waited for it before, for the sentence.
        until: what stands behind the seconds that are left, in the countdown.

    Raises:
        DeadlineError: somebody still works; who, is in the sentence. Nobody is killed.
    """
    end = monotonic() + seconds
    described, told_at = "", 0.0
    while True:
        left = max(0.0, end - monotonic())
        try:
            with gate.gate(state, exclusive=True):
                yield
                return
        except gate.TakenError:
            who = at_work(state)
        if not left:
            raise DeadlineError(
                f"after {age(round(seconds + waited))} still at work: {who}; nothing was changed, no process"
                " was ended (--deadline 30m waits longer)"
            )
        if who != described or monotonic() - told_at >= EVERY:
            say(f"         waiting for {who}; {age(left)} {until}")
            described, told_at = who, monotonic()
        _wait_for_one(state, min(1.0, left))


def _wait_for_one(state: Path, seconds: float) -> None:
    """Return as soon as nobody of those who hold the gate now is left, or after so many seconds."""
    import psutil

    processes = []
    for pid in gate.holders(state / "run" / "gate.lock"):
        try:
            processes.append(psutil.Process(pid))
        except psutil.Error:
            continue
    if not processes:
        # the kernel names none: they may be of another container
        sleep(POLL)
        return
    # a holder may let go without ending: a library call in a longer process
    end = monotonic() + seconds
    while monotonic() < end:
        _, alive = psutil.wait_procs(processes, timeout=POLL)
        if not alive:
            return
        if not gate.holders(state / "run" / "gate.lock"):
            return


def at_work(state: Path) -> str:
    """`process 123 (judge since …), process 125`."""
    try:
        record = records.read(state)
    except UnreadableFileError:
        record = None
    pids = gate.holders(state / "run" / "gate.lock")
    if not pids:
        return (
            f"process {record.pid}{records.where(record)}"
            if record
            else "a process that the kernel does not name"
        )
    described = []
    for pid in sorted(pids):
        at = (
            f" ({clean(record.stage, 40)}: {clean(record.command, 80)})"
            if record and record.pid == pid and records.is_here(record)
            else ""
        )
        described.append(f"process {pid}{at}")
    return ", ".join(described)
