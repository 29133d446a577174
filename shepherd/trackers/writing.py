"""The protocol by which the tagger writes to any tracker."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from shepherd.trackers.words import Vocabulary
from shepherd.words import Item

NO_WORD = "no word, since it is marked bad"
"""Part of the result of an edit that would have added one."""
NO_COMMENT = "no comment, since its conversation is locked"
"""Part of the result of an edit that had one to write: it is given up."""


class Edit(Struct, frozen=True):
    """The changes to one item; what it is or has already is left as it is."""

    add: tuple[str, ...] = ()
    """Tags or labels, in the tracker's own words."""
    remove: tuple[str, ...] = ()
    status: str = ""
    """Empty: unchanged."""
    comment: str = ""
    """Posted only if no comment ends with its last line, which no other has."""

    def unless_bad(self, vocabulary: Vocabulary, present: Iterable[str]) -> Edit:
        """The same edit, without any word if a person has marked the item bad, perhaps since it was read:
        where labels are scoped, adding a word removes qa-bad (docs/rules.md#what-people-say)."""
        is_bad = "bad" in vocabulary.of_request(present).words
        return replace(self, add=(), remove=()) if is_bad and self.add else self


class Writer(Protocol):
    def edit(self, item: Item, edit: Edit) -> str:
        """Change an item, and return in a few words what was changed ("": nothing had to be). Safe to repeat.

        Raises:
            TrackerError: this item cannot be written; a repeat completes what was done of it.
            UnsureError: whether it took effect is not known.
        """
