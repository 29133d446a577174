"""What the tagger wants a tracker to do: one protocol for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from shepherd.trackers.words import Vocabulary
from shepherd.words import Item

NO_WORD = "no word, since it is marked bad"
"""What an edit tells that was to add one."""


class Edit(Struct, frozen=True):
    """What is to become of one bug or request; what it is already, or has, is left as it is."""

    add: tuple[str, ...] = ()
    """Tags or labels, in the tracker's own words."""
    remove: tuple[str, ...] = ()
    status: str = ""
    """Empty: unchanged."""
    comment: str = ""
    """Its last line tells this comment from all others: it is posted only if no comment ends with that
    line."""

    def unless_bad(self, vocabulary: Vocabulary, present: Iterable[str]) -> Edit:
        """The same, but without any word for an item that a person has marked bad, perhaps since it was read:
        where labels are scoped a word that is added takes qa-bad away (docs/rules.md#what-people-say)."""
        is_bad = "bad" in vocabulary.of_request(present).words
        return replace(self, add=(), remove=()) if is_bad and self.add else self


class Writer(Protocol):
    def edit(self, item: Item, edit: Edit) -> str:
        """Do it, and say in a few words what was changed ("" = nothing had to be). Safe to repeat.

        Raises:
            TrackerError: this item cannot be written, and nothing was half-done that a repeat would not mend.
            UnsureError: whether it took effect is not known.
        """
