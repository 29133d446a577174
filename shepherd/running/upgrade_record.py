"""What an upgrade remembers of itself in `run/upgrade.json`: a killed one can be finished or taken back
(docs/operator-every-day.md#when-an-upgrade-or-a-deploy-fails)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Literal

from msgspec import Struct

from shepherd.plainfile import UnreadableFileError
from shepherd.running import records
from shepherd.running.gate import upgrade_lock
from shepherd.statefile import StateFile
from shepherd.values import clean, utc

Phase = Literal["quiet", "switch", "clear"]
"""How far it came at least: in `switch` the link may or may not have been moved yet."""


class Upgrade(Struct, frozen=True):
    """One upgrade under way, or one that was killed."""

    token: str
    """The token in its own maintenance switch."""
    before: str
    """What `current` pointed to, as the text of the link; empty: there was none."""
    target: str
    """The release that it goes to."""
    phase: Phase
    who: str
    process: records.Record
    again: str = ""
    """Why it goes to a release that was marked bad; empty: it is not marked."""

    def words(self) -> str:
        """`from 0001-… to 0002-… (switch), by ann since 2011-08-24 10:15 UTC, process 123`."""
        start = f"from {clean(Path(self.before).name, 60)} " if self.before else ""
        return (
            f"{start}to {clean(self.target, 60)} ({self.phase}), by {clean(self.who, 80)}"
            f" since {utc(self.process.since)}, process {self.process.pid}"
        )


def path_of(state: Path) -> Path:
    return state / "run" / "upgrade.json"


def _file(state: Path) -> StateFile[Upgrade]:
    return StateFile(path_of(state), Upgrade)


def read(state: Path) -> Upgrade | None:
    """The upgrade that is under way or was killed; None if there is none, or if the file says nothing."""
    with suppress(UnreadableFileError):
        return _file(state).read()
    return None


def write(state: Path, upgrade: Upgrade) -> None:
    """Write it down. Only for the holder of `run/upgrade.lock`. Raises StoreError."""
    _file(state).write(upgrade)


def forget(state: Path) -> None:
    """Remove it, since the upgrade is over. Only for the holder of the lock. Raises StoreError."""
    _file(state).remove()


def at_work(state: Path, token: str = "") -> bool:  # not a secret: it names one switch
    """Whether an upgrade (the one with this token) is under way; where that cannot be seen: yes."""
    record = read(state)
    if record is None or (token and record.token != token):
        return False
    with suppress(OSError):
        return records.life(record.process, upgrade_lock(state)) != "gone"
    return True
