"""Whether this process may still act: asked right before each act on the world, where other hosts may work in
its place (docs/running.md#two-hosts).

What acts (mail, tracker, ref, rsync) asks here, and knows nothing of locks. With one host there is nothing
to ask: the kernel frees its lock only when the process has ended.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple


class Holding(NamedTuple):
    """How this process looks whether it still holds the lock that all hosts see."""

    confirm: Callable[[], None]
    """Raises LostLockError."""
    handle: int
    """A descriptor: the lock is not free while any process has it open."""
    safe: float
    """Seconds after which no other host can work yet, even if this one reached the server no more."""
    process: int


_holding: Holding | None = None


@contextmanager
def confirmed_by(confirm: Callable[[], None], handle: int, safe: float) -> Iterator[None]:
    """Let every act of this process in the block be confirmed so."""
    global _holding
    _holding = Holding(confirm, handle, safe, os.getpid())
    try:
        yield
    finally:
        _holding = None


def confirm() -> None:
    """Look whether the lock is still held. Raises LostLockError."""
    if (holding := _mine()) is not None:
        holding.confirm()


def handles() -> tuple[int, ...]:
    """What a child has to hold open so that the lock is not free before it has ended."""
    holding = _mine()
    return () if holding is None else (holding.handle,)


def within(limit: float) -> float:
    """At most so many seconds, and no longer than the lock is certainly held after `confirm`."""
    holding = _mine()
    return limit if holding is None else min(limit, holding.safe)


def _mine() -> Holding | None:
    # a process that was forked for reading may not speak in the session of its maker
    return _holding if _holding is not None and _holding.process == os.getpid() else None
