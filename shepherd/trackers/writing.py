"""The protocol by which the tagger writes to any tracker."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from shepherd.trackers.words import Vocabulary
from shepherd.words import Item

ADDRESS = re.compile(r"(https?://[^\s<>\"|{}\\^`\[\]]+)")
"""Of a page, in a text."""
NO_WORD = "no word, since it is marked bad"
"""Part of the result of an edit that would have added one."""
NO_COMMENT = "no comment, since its conversation is locked"
"""Part of the result of an edit that had one to write: it is given up."""
STATUS_KEPT = "no status, since people say by it what QA found"
"""Part of the result of an edit whose status would have taken such a word away."""
NOT_GIVEN = "could not be given"
"""Part of the result of an edit whose status or value of the field is not to be had on this item: the
workflow offers no way to it, say. It is given up, and the rest of the edit is done."""


class Edit(Struct, frozen=True):
    """The changes to one item; what it is or has already is left as it is."""

    add: tuple[str, ...] = ()
    """Tags or labels, in the tracker's own words."""
    remove: tuple[str, ...] = ()
    status: str = ""
    """Empty: unchanged."""
    field: str = ""
    """The value of `[tracker.field]`; empty: unchanged."""
    resumed: bool = False
    """An earlier run was killed while it wrote: whatever is there already may be its own."""
    comment: str = ""
    """Posted only if no comment ends with its last line, which no other has."""

    def unless_bad(
        self, vocabulary: Vocabulary, present: Iterable[str], status: str = "", values: Iterable[str] = ()
    ) -> Edit:
        """The same edit, without any word if a person has marked the item bad, perhaps since it was read:
        where labels are scoped, adding a word removes qa-bad (docs/rules.md#what-people-say). What people say
        by a status is only replaced where the edit takes that word away.

        Args:
            status, values: of the item, where statuses or a field say words.
        """
        edit, present = self, tuple(present)
        gone = vocabulary.of_request(self.remove).words
        said = vocabulary.read("", status=status).tags.words
        if edit.status and any(word != "needstesting" and word not in gone for word in said):
            edit = replace(edit, status="")
        is_bad = "bad" in vocabulary.read("", present, status, values).tags.words
        if is_bad and (edit.add or edit.field):
            edit = replace(edit, add=(), remove=(), field="")
        return edit

    def left_out(self, allowed: Edit) -> list[str]:
        """What `unless_bad` left out, as parts of the result."""
        words = (self.add, self.field) != (allowed.add, allowed.field)
        status = self.status != allowed.status
        return [*([NO_WORD] if words else []), *([STATUS_KEPT] if status else [])]


def last_line(text: str) -> str:
    """That by which a comment is found again."""
    return text.rstrip().rpartition("\n")[2].strip()


def around_addresses(comment: str, escape: Callable[[str], str]) -> str:
    """The comment with all escaped but its addresses, which become links by themselves."""
    parts = ADDRESS.split(comment)
    return "".join(part if place % 2 else escape(part) for place, part in enumerate(parts))


class Writer(Protocol):
    def edit(self, item: Item, edit: Edit) -> str:
        """Change an item, and return in a few words what was changed ("": nothing had to be). Safe to repeat.

        Raises:
            TrackerError: this item cannot be written; a repeat completes what was done of it.
            UnsureError: whether it took effect is not known.
        """
