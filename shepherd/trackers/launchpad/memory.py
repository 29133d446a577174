"""What the tracker wants to be told again at its next reading, so that it need not ask for it.

What a search finds grows with the age of the project only for words that are never taken off a bug. Of those
the numbers are kept, and only what was changed since is asked for; once a day all is read anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from shepherd.words import ItemTags

EVERYTHING_AFTER = timedelta(days=1)
"""All is read anew when what is kept was last read in full that long ago."""
OVERLAP = timedelta(minutes=10)
"""How far before the last reading "changed since" begins: what answers may lag behind what was written."""


class OpenedBug(Struct, frozen=True):
    """What a bug that was opened said."""

    tags: ItemTags
    at: datetime


class LaunchpadMemory(Struct, frozen=True):
    """After a complete reading."""

    basis: str
    """Sum of what the reading depended on beside the tracker: another one makes all of this worthless."""
    began: datetime
    """By the tracker's clock."""
    full: datetime
    """When everything was last read, by the tracker's clock."""
    statuses: tuple[str, ...]
    """Those that bugs can have, as Launchpad told when everything was last read."""
    settled: dict[str, tuple[int, ...]]
    """Word -> the bugs that bear it, as a search gives them, for the words that stay on bugs for ever."""
    revnos: tuple[int, ...]
    """N of the `bad-commit-N` that were asked for."""
    returned: tuple[int, ...]
    """The bugs asked for that a search found."""
    opened: dict[int, OpenedBug]
    """Bugs that searches find, and whose tags had to be read one by one: true while no search says else."""
    strays: dict[int, OpenedBug]
    """Bugs that no search found, and which were opened to tell why: may change without being noticed."""


def decode(memory: bytes, basis: str) -> LaunchpadMemory | None:
    """What was kept, None if it cannot be used."""
    try:
        kept = msgspec.msgpack.decode(memory, type=LaunchpadMemory)
    except msgspec.MsgspecError:
        return None
    return kept if kept.basis == basis else None


def encode(memory: LaunchpadMemory) -> bytes:
    return msgspec.msgpack.encode(memory)
