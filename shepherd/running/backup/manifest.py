"""What a backup holds: the names of its parts, and how large each may be (docs/backups.md#what-is-in-it).

A backup is a ZIP file: its list of parts stands at its end, so that one which was cut short is known at once,
and no part is unpacked before its name and size are known to be right.
"""

from __future__ import annotations

import re
from datetime import datetime

from msgspec import Struct

FORMAT = 1
"""Raised when an older program would restore a backup wrongly; more parts do not raise it."""

MANIFEST, SETTINGS, DEPLOYMENTS = "manifest.json", "shepherd.toml", "deployments.jsonl"
JOURNAL, DUMP = "journal.db", "journal.dump"
"""The journal, as a database of SQLite, or as `pg_dump` writes it: a backup has one of them."""
_LARGEST = {
    MANIFEST: 50_000_000,
    JOURNAL: 2_000_000_000,
    DUMP: 2_000_000_000,
    SETTINGS: 1_000_000,
    DEPLOYMENTS: 200_000_000,
}
"""Bytes of each part."""
_ANSWER = re.compile(r"snapshots/([a-z0-9][a-z0-9._-]*)/([A-Za-z0-9][A-Za-z0-9._-]*)")
"""A snapshot, or the note that a branch could not be read, which belongs to it."""
LARGEST_ANSWER = 500_000_000
MOST_PARTS = 100_000


class PartSum(Struct, frozen=True):
    """What one part must be, byte for byte."""

    size: int
    sha256: str


class JournalEnd(Struct, frozen=True):
    """The last entry that the journal has of a branch, as `JournalPlace` names it."""

    seq: int
    sum: str
    entries: int


class BackupManifest(Struct, frozen=True):
    """What a backup says of itself."""

    format: int
    at: datetime
    """When it was made, UTC."""
    by: str
    host: str
    versions: dict[str, str]
    state_dir: str
    settings: str
    """The path of shepherd.toml."""
    journals: dict[str, JournalEnd]
    """Branch -> where its journal ends; also of branches that are no longer followed."""
    parts: dict[str, PartSum]
    secrets: tuple[str, ...] = ()
    """What is not in it, and has to be brought by hand: `mail.password: /srv/shepherd/shared/smtp`."""
    left_out: int = 0
    """Earlier answers that are not in it, since they are old and large."""

    @property
    def journal_part(self) -> str:
        """Which part has the journal. Raises ValueError: none has."""
        held = [each for each in (JOURNAL, DUMP) if each in self.parts]
        if len(held) != 1:
            raise ValueError("it has no journal, or two")
        return held[0]

    @property
    def entries(self) -> int:
        """How many entries the journal has, of all branches."""
        return sum(end.entries for end in self.journals.values())


def answer_of(name: str) -> tuple[str, str] | None:
    """The branch and the file name of a part that is an answer; None: it is none."""
    match = _ANSWER.fullmatch(name)
    return (match[1], match[2]) if match else None


def largest(name: str) -> int | None:
    """How many bytes a part of this name may have; None: there is no such part."""
    return LARGEST_ANSWER if answer_of(name) else _LARGEST.get(name)
