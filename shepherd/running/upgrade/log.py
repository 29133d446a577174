"""What an upgrade says: to its own file always, to the terminal as long as there is one
(docs/operator.md#when-an-upgrade-or-a-deploy-fails)."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from shepherd import limits
from shepherd.errors import StoreError
from shepherd.running.log import Log, now
from shepherd.running.output import say
from shepherd.values import clean, iso


class UpgradeLog:
    """Says each line twice. A terminal that is gone, or a full disk, stops nothing."""

    def __init__(self, state: Path) -> None:
        self._log = Log(state / "log" / "upgrade.log", largest=1_000_000, kept=3)

    def say(self, text: str) -> None:
        with suppress(StoreError):
            self._log.write(f"{iso(now())} {clean(text, 1000)}")
        say(text)


@contextmanager
def outliving_the_terminal() -> Iterator[None]:
    """SIGHUP is ignored; SIGTERM and Ctrl-C end the block cleanly. Raises StoppedError."""

    def stop(number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        raise limits.Interruption(limits.StoppedError(f"stopped by {name}; nothing was changed"))

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    except limits.Interruption as interruption:
        raise interruption.error from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
