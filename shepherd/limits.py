"""Ends that come from outside: a deadline, a signal.

They unwind the run like an error, past everything that contains errors, and become one sentence at the edge.
Limits are nested: a run, its stages, their branches, a session with a server, one request. The first
that passes ends whatever the main thread waits for: even a server that sends a byte now and then, which no
time limit of a socket ends.
"""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import monotonic
from types import FrameType, TracebackType
from typing import Any

from shepherd.errors import DEADLINE, ShepherdError
from shepherd.values import age

AGAIN = 10.0
"""Seconds after which a limit is raised once more, if a callback swallowed it."""


class DeadlineError(ShepherdError):
    """A time limit of our own has passed."""

    code = DEADLINE
    server = ""
    """Who was waited for just then, if a limit around its own has passed."""

    def __str__(self) -> str:
        return super().__str__() + (f"; it was waiting for {self.server}" if self.server else "")


class StoppedError(ShepherdError):
    """Somebody ended the run by a signal."""


class Interruption(BaseException):
    """On its way from the signal to the edge; children (git) are killed as it passes.

    No Exception: a stage that contains failures must not contain it.
    """

    def __init__(self, error: ShepherdError, limit: _Limit | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.limit = limit
        """The one that has passed; None: it was a signal."""


def said_of(failure: BaseException) -> str:
    """What is noted of whatever ended an attempt: a sentence, or what Python says of a bug."""
    if isinstance(failure, ShepherdError | Interruption):
        return str(failure)
    return "stopped by the keyboard" if isinstance(failure, KeyboardInterrupt) else f"unexpected {failure!r}"


class _Limit(AbstractContextManager[None]):
    """One limit, from entry to exit; see `limited`."""

    def __init__(self, seconds: float, error: Exception, server: str) -> None:
        self.seconds = seconds
        self.error = error
        self.server = server
        self.end = math.inf
        self.due = math.inf
        """When it is raised next."""

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self.end = self.due = monotonic() + self.seconds
            if not _standing:
                _before.append(signal.signal(signal.SIGALRM, _expire))
            _standing.append(self)
            _set_timer()

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self in _standing:
            del _standing[_standing.index(self) :]
            _set_timer()
            if not _standing:
                signal.signal(signal.SIGALRM, _before.pop())
        # an inner limit may pass in the very moment in which it is left: then its error ends here, too
        if isinstance(raised, Interruption) and raised.limit and raised.limit not in _standing:
            raise raised.limit.error from None


_standing: list[_Limit] = []
"""Outermost first."""
_before: list[Any] = []
"""The handler that is put back when none stands any more."""


def _set_timer() -> None:
    due = min((each.due for each in _standing), default=math.inf)
    signal.setitimer(signal.ITIMER_REAL, 0 if due == math.inf else max(due - monotonic(), 0.001))


def _expire(_number: int, _frame: FrameType | None) -> None:
    now = monotonic()
    passed = next((each for each in _standing if each.due <= now), None)
    if passed is None:
        _set_timer()
        return
    server = next((each.server for each in reversed(_standing) if each.server), "")
    if passed.due == passed.end and isinstance(passed.error, DeadlineError):
        passed.error.server = server
    passed.due = now + AGAIN
    _set_timer()
    shown = passed.error if isinstance(passed.error, ShepherdError) else DeadlineError("no answer in time")
    raise Interruption(shown, passed)


def limited(seconds: float, error: Exception, server: str = "") -> AbstractContextManager[None]:
    """Raise `error` if the block takes longer than `seconds`; off the main thread there is no limit.

    Args:
        seconds: math.inf: only the limits around it count.
        server: who is waited for; the message of a limit around this one names it.
    """
    return _Limit(seconds, error, server)


def waiting_for(server: str) -> AbstractContextManager[None]:
    """Let the message of a limit that passes in the block name `server`."""
    return _Limit(math.inf, TimeoutError(), server)


def share() -> float:
    """Return the seconds that one of several may take: half of what is left of the limits in force, so that
    the others have their turn; math.inf if there is no limit."""
    return min((each.end - monotonic() for each in _standing), default=math.inf) / 2


def turn(*, last: bool, name: str = "") -> AbstractContextManager[None]:
    """Limit one of several in a row to its share or, if it is the last, to all that is left.

    Args:
        name: whose turn it is, for the message; empty: the caller names it.

    Raises:
        DeadlineError: it took longer.
    """
    seconds = math.inf if last else share()
    if seconds == math.inf:
        return nullcontext()
    after = f"{name}: ended" if name else "ended"
    why = "half of the time that was left; the rest is for what comes after it"
    return limited(seconds, DeadlineError(f"{after} after {age(round(seconds))} ({why})"))


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the block cleanly. Raises StoppedError."""
    if threading.current_thread() is not threading.main_thread():
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
