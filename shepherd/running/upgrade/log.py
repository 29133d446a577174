"""What an upgrade says: to its own file always, to the terminal as long as there is one
(docs/operator-every-day.md#when-an-upgrade-or-a-deploy-fails)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

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
