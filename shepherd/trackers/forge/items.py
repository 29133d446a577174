"""What stands under a number on a forge, and whether that confirms what a message claims
(docs/rules.md#marks)."""

from __future__ import annotations

from msgspec import Struct

from shepherd.trackers.claims import Claim
from shepherd.values import clean

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
    """Of those that there are: its merge, squash and head commit."""


class Unclaimed(Struct, frozen=True):
    """An issue or a request that no message claims, or that is confirmed already: its labels count."""

    labels: Labels


class Absent(Struct, frozen=True):
    """The forge says that there is none."""

    why: str


class UnreadablePart(Struct, frozen=True):
    """Stands for a part of an answer that the forge refused: nothing is known of it."""

    why: str


ForgeItem = Issue | Request | Unclaimed | Absent | UnreadablePart


def doubt(thing: ForgeItem, claim: Claim, base: str) -> str:
    """Why it is not what brought the landing; empty if it is, and where nothing is known of it.

    Args:
        base: the branch of the mainline.
    """
    match thing:
        case UnreadablePart():
            return ""
        case Absent(why):
            return why
        case Issue():
            return "it is an issue"
        case Unclaimed():
            return "what it was merged as was not asked for"
    if not thing.merged:
        return "it was not merged"
    if thing.base != base:
        return f"it was merged into {clean(thing.base, _SHOWN)}, not into {base}"
    if {claim.id, *claim.brought}.isdisjoint(thing.commits):
        return "it was merged by another commit"
    return ""
