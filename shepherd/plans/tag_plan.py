"""What the tagger will write: the acts of its plan, and how they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from shepherd.plans.tag_comments import revs
from shepherd.plans.tag_events import RestingItem, Role
from shepherd.values import utc
from shepherd.words import GOOD_WORDS, Item, ItemTags, Word, item_name

_SHOWN = 5
"""Landings of one comment that are shown one by one with the plan."""


class TagAct(Struct, frozen=True):
    """One act: what one landing means for one item, and what it changes there after the acts before it."""

    revno: int
    id: str
    item: Item
    role: Role
    add: Word | None = None
    remove: tuple[Word, ...] = ()
    status: str = ""
    """Empty: unchanged."""
    asks: bool = False
    """QA of this landing is asked for, so what the item says now does not speak for it."""
    unseals: bool = False
    """It was sealed for the item, by a word that came together with it and did not speak for it."""
    seals: tuple[tuple[str, Word], ...] = ()
    """(SHA, word): the earlier landings that the word which goes away spoke for."""
    before: ItemTags = ItemTags()
    after: ItemTags = ItemTags()
    """What the item says afterwards, if nobody else changes it meanwhile."""


class UnreadableItem(Struct, frozen=True):
    """An item that should be written on, and that cannot even be read."""

    revno: int
    id: str
    item: Item
    why: str


class Writing(Struct, frozen=True):
    """What is written on one item at once, for one or several landings."""

    item: Item
    acts: tuple[TagAct, ...]
    sign: str
    """What its comment is known by (see tag_comments.sign_of)."""
    comment: str
    add: tuple[Word, ...] = ()
    remove: tuple[Word, ...] = ()
    status: str = ""
    """Empty: unchanged."""
    after: ItemTags = ItemTags()
    """What the item says afterwards, if nobody else changes it meanwhile."""
    resumed: bool = False
    """An earlier run began it, and it is not known what came of that."""

    @property
    def own(self) -> Word | None:
        """The good word that it writes: the tagger's, not a person's."""
        return next((word for word in self.add if word in GOOD_WORDS), None)

    @property
    def revs(self) -> str:
        """Its landings as messages show them: "r7 and r9"."""
        return revs([act.revno for act in self.acts])


class TagPlan(Struct, frozen=True):
    """Everything that is to be done, in the order of the landings."""

    writings: tuple[Writing, ...] = ()
    unreadable: tuple[UnreadableItem, ...] = ()
    resting: tuple[RestingItem, ...] = ()


def not_written(item: Item, revnos: Sequence[int], since: datetime, why: str) -> str:
    """In the same words whenever it is said, for as long as nothing changes."""
    return f"{item_name(item)} for {revs(revnos)}, since {utc(since)}: {why}"


def changes(writing: Writing) -> list[str]:
    """What is changed but for the comment, where tags or labels say words: "qa-ok", "Fix Committed"."""
    tags = [" and ".join(f"qa-{word}" for word in writing.add)] if writing.add else []
    if writing.remove:
        gone = " and ".join(f"qa-{word}" for word in writing.remove)
        tags.append(f"instead of {gone}" if writing.add else f"without {gone}")
    return [" ".join(tags) or "tags as they are", *([writing.status] if writing.status else [])]


def summary(writing: Writing, changed: Sequence[str]) -> str:
    """The writing in one line: "bug 7: qa-ok, Fix Committed, a comment (r2 names it)"."""
    parts = [*changed, "a comment"]
    why = "; ".join(because(act) for act in writing.acts[:_SHOWN])
    more = f"; and {len(writing.acts) - _SHOWN} more" if len(writing.acts) > _SHOWN else ""
    return f"{item_name(writing.item)}: {', '.join(parts)} ({why}{more})"


def because(act: TagAct) -> str:
    """Why anything is written on the item: "r2 names it"."""
    why = {"landed": "names it", "rolled-back": "rolls back what named it", "back": "brings it back"}
    return f"r{act.revno} {why[act.role]}"
