"""What the tracker keeps until its next reading, so that it need not ask for it again.

What a search finds grows with the age of the project only for words that are never removed from a bug. Of
those the bugs are kept, and only what has changed since is asked for; once a day everything is read again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from shepherd.words import ItemTags

OVERLAP = timedelta(minutes=10)
"""How far before the last reading "changed since" begins: what answers may lag behind what was written."""


class OpenedBug(Struct, frozen=True):
    """The tags of a bug that was opened."""

    tags: ItemTags
    at: datetime


class LaunchpadMemory(Struct, frozen=True):
    """After a complete reading."""

    basis: str
    """Checksum of the settings that the reading depends on: with another one, all of this is worthless."""
    began: datetime
    """By the tracker's clock."""
    full: datetime
    """When everything was last read, by the tracker's clock."""
    statuses: tuple[str, ...]
    """Those that bugs can have, as Launchpad gave them at the last full reading."""
    settled: dict[str, tuple[int, ...]]
    """Word -> the bugs that have it, as a search gives them, for the words that stay on bugs forever."""
    revnos: tuple[int, ...]
    """N of the `bad-commit-N` that were asked for."""
    returned: tuple[int, ...]
    """The bugs asked for that a search found."""
    opened: dict[int, OpenedBug]
    """Bugs that searches find, and whose tags had to be read one by one: true while no search says else."""
    strays: dict[int, OpenedBug]
    """Bugs that no search found, and that were opened to learn why: they may change unnoticed."""
