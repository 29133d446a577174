"""What ends an upgrade from outside, and when: a terminal that goes ends nothing, SIGTERM and Ctrl-C end it
cleanly, and neither between two halves of one change
(docs/operator-every-day.md#ctrl-c-during-an-upgrade)."""

from __future__ import annotations

import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from shepherd import limits
from shepherd.locks import POLL
from shepherd.running.output import say

_NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}


class StoppedByError(limits.StoppedError):
    """A signal came; what that left is for who knows it to say."""

    def __init__(self, name: str) -> None:
        super().__init__(f"stopped by {name}; nothing was changed")
        self.name = name


class Signals:
    """The signals of this process while an upgrade is under way."""

    def __init__(self) -> None:
        self._holding = False
        self._came = 0

    @contextmanager
    def caught(self) -> Iterator[None]:
        """SIGHUP is ignored; SIGTERM and Ctrl-C end the block. Raises StoppedByError."""
        before = {number: signal.signal(number, self._stop) for number in _NAMES}
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            yield
        except limits.Interruption as interruption:
            raise interruption.error from None
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def hold(self) -> None:
        """From now on one that comes waits for `let_through` or `release`."""
        self._holding = True

    def release(self) -> None:
        """End the holding. Raises Interruption for one that came meanwhile."""
        self._holding = False
        if self._came:
            came, self._came = self._came, 0
            self._stop(came, None)

    @contextmanager
    def let_through(self) -> Iterator[None]:
        """In the block they end what is done, behind it they are held again. Raises Interruption."""
        try:
            self.release()
            yield
        finally:
            self._holding = True

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if self._holding:
            self._came = number
            return
        raise limits.Interruption(StoppedByError(_NAMES[signal.Signals(number)]))


def asked_to_stop(error: limits.Interruption, question: str) -> bool:
    """Whether that ends the upgrade: after Ctrl-C on a terminal the person there is asked, and may go on.
    Ctrl-C once more ends it."""
    by_keyboard = isinstance(error.error, StoppedByError) and error.error.name == "Ctrl-C"
    if not (by_keyboard and sys.stdin.isatty() and sys.stdout.isatty()):
        return True
    say(f"\n{question} [y/N]")
    try:
        # not input(): a signal right before it waits for a key would be seen only after one
        while not select.select([sys.stdin], [], [], POLL)[0]:
            pass
        return not sys.stdin.readline().strip().lower().startswith("y")
    except limits.Interruption:
        return True
