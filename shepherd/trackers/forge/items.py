"""What a number stands for on a forge, and whether that confirms what a message claims
(docs/rules.md#number-is-a-claim)."""

from __future__ import annotations

from msgspec import Struct

from shepherd.trackers.claims import Claim
from shepherd.values import clean
from shepherd.words import Item, item_name

Labels = tuple[str, ...]
_SHOWN = 100
"""Characters of a branch's name."""


class Issue(Struct, frozen=True):
    labels: Labels


class Request(Struct, frozen=True):
    """A pull or merge request of this project."""

    number: int
    labels: Labels
    merged: bool
    base: str
    """The branch that it asks to be merged into, or was."""
    commits: tuple[str, ...] = ()
    """Its merge, squash and head commit, as far as there are such."""


class Unclaimed(Struct, frozen=True):
    """An issue or a request that no message claims, or that is confirmed already: its labels count."""

    labels: Labels


class Absent(Struct, frozen=True):
    """The forge says that there is none."""

    why: str


class UnreadablePart(Struct, frozen=True):
    """A part of an answer that the forge refused: nothing is known of it."""

    why: str


ForgeItem = Issue | Request | Unclaimed | Absent | UnreadablePart


def no_such_item(item: Item, project: str) -> str:
    """Return why nothing is known of an item that the forge does not name."""
    return f"there is no {item_name(item, 'issue')} in {project}, or the token may not see it"


def doubt(item: ForgeItem, claim: Claim, base: str) -> str:
    """Return why the item did not bring the landing; empty if it did, or if nothing is known of it.

    Args:
        base: the branch of the mainline.
    """
    match item:
        case UnreadablePart():
            return ""
        case Absent(why):
            return why
        case Issue():
            return "it is an issue"
        case Unclaimed():
            return "what it was merged as was not asked for"
    if not item.merged:
        return "it was not merged"
    if item.base != base:
        return f"it was merged into {clean(item.base, _SHOWN)}, not into {base}"
    if {claim.id, *claim.brought}.isdisjoint(item.commits):
        return "it was merged by another commit"
    return ""
