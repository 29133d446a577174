"""Ends that come from outside: a deadline, a signal.

They unwind the run like an error, past whatever contains errors, and become one sentence at the edge.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType

from shepherd.errors import DEADLINE, ShepherdError

AGAIN = 10.0
"""Seconds after which a deadline is raised once more, if a callback swallowed it."""


class DeadlineError(ShepherdError):
    """A time limit of our own has passed."""

    code = DEADLINE


class StoppedError(ShepherdError):
    """Somebody ended the run by a signal."""


class Interruption(BaseException):
    """On its way from the signal to the edge; children (git) are killed as it passes.

    No Exception: a stage that contains failures must not contain it.
    """

    def __init__(self, error: ShepherdError) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def limited(seconds: float, error: ShepherdError) -> Iterator[None]:
    """Raise `error` if the block takes longer; off the main thread there is no limit.

    A timer that ran before goes on afterwards.
    """
    if not _in_main_thread():
        yield
        return

    def expire(_number: int, _frame: FrameType | None) -> None:
        raise Interruption(error)

    before = signal.signal(signal.SIGALRM, expire)
    started = monotonic()
    left, every = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    except Interruption as interruption:
        if interruption.error is not error:
            raise
        raise error from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (monotonic() - started), 0.001), every)


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the block cleanly. Raises StoppedError."""
    if not _in_main_thread():
        yield
        return

    def stop(number: int, _frame: FrameType | None) -> None:
        raise Interruption(
            StoppedError(f"stopped by {signal.Signals(number).name}; run it again to finish what is left")
        )

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    except Interruption as interruption:
        raise interruption.error from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
