"""What a reading of one branch consists of, and what of it the next reading uses again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec import Struct

from shepherd.git.notes import NoteVerdict
from shepherd.landing import Deployed, Landing, Reading, Revision


class BranchFacts(Struct, frozen=True):
    """What one reading found in addition to the landings; the caller keeps both for the next one."""

    asked: str
    """Sum of the settings and of where everything stood: while it is the same, nothing is read again."""
    key: str
    """Sum of all that landings and extra commits depend on in addition to their own history."""
    tip: Revision
    deployed: Deployed
    promoted: Revision | None
    on_qa: Revision | None
    notes: tuple[NoteVerdict, ...]
    notes_there: bool
    problems: tuple[str, ...]
    cutoff: int
    """Every landing up to D with this date or a later one was read."""
    warnings: tuple[str, ...] = ()
    words: str = ""
    """Sum of the commits with words that were looked for and are not landings that were read."""
    root: str = ""
    """The mainline's first commit."""
    strangers: dict[str, str] = {}
    """Other mainlines that have nothing in common with this one up to the tip: repository and ref -> first
    commit."""


class KnownBranch(Struct, frozen=True):
    """What an earlier reading of the branch found: facts that hold forever, or are checked before use."""

    facts: BranchFacts
    landings: tuple[Landing, ...]


class OtherMainline(NamedTuple):
    """Another configured branch: its landings, merged into this one, name no bugs of this one
    (docs/rules.md#marks)."""

    repository: str
    ref: str


class CoveredPair(NamedTuple):
    """A person's word that one landing undid an older one, by their revnos (docs/rules.md#undone)."""

    target: int
    by: int


class BranchReading(Struct, frozen=True):
    """What the change sources of one branch say now."""

    reading: Reading
    notes: tuple[NoteVerdict, ...]
    """Git notes on the landings read, in the order in which they came to their ref."""
    problems: tuple[str, ...]
    """What could not be read; tip and D are not among it, since without them there is no reading."""
    lost: bool
    """The mainline lost landings that it had when `known` was read (docs/rules.md#answer)."""
    facts: BranchFacts
    """For the next reading, with the landings; not to be kept while `lost` is not accepted."""
    notes_there: bool
    """Whether the ref of the notes is there: without it nothing is known of them."""
    fresh: int
    """How many landings were read from git this time."""
    warnings: tuple[str, ...] = ()
    """What was read, but is probably not as somebody meant it."""

    def summary(self) -> dict[str, str | int]:
        """What the log's `source` event says (docs/interfaces.md#log)."""
        reading = self.reading
        places: dict[str, Revision | Deployed | None] = {
            "tip": reading.tip,
            "deployed": reading.deployed,
            "promoted": reading.promoted,
            "on_qa": reading.on_qa,
        }
        fields: dict[str, str | int] = {
            name: f"r{place.revno} {place.id}".strip() if place else "none" for name, place in places.items()
        }
        return fields | {
            "extra_commits": len(reading.deployed.extra),
            "landings": len(reading.landings),
            "fresh": self.fresh,
            "notes": len(self.notes),
        }


def checksum(parts: Sequence[object]) -> str:
    """A sum that differs wherever these differ."""
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()
