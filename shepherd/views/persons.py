"""Every person's landings in one table: what a reader without script filters by."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from markupsafe import Markup
from msgspec import Struct

from shepherd.snapshot import LandingEntry, Progress, Snapshot
from shepherd.views.clean import clean
from shepherd.views.words import PROGRESS, name, standing

LANDINGS_NAMED = 4
"""Of one person in one standing; the rest are counted."""
PERSONS_SHOWN = 200

_ORDER: tuple[Progress, ...] = (
    *("needs-qa", "bad", "orphan", "unknown"),
    *("not-on-qa-yet", "waiting", "deployable", "promoted", "live", "rolled-back"),
)
"""What is theirs to do first."""


class _Alike(NamedTuple):
    """What one person's landings in a row of links have in common."""

    co_author: bool
    """The person is not the one whose landings they are."""
    mark: Progress
    group: str


class Person(Struct, frozen=True):
    """One row of the table."""

    name: str
    landings: int
    standings: Markup


def persons(snapshot: Snapshot) -> list[Person]:
    """Everybody with a landing in the window or lately live, in the order of the alphabet."""
    theirs: dict[str, dict[_Alike, list[LandingEntry]]] = {}
    for entry in snapshot.landings:
        stands = standing(entry.progress, entry.state)
        for who in dict.fromkeys(map(name, entry.people)):
            alike = _Alike(who != name(entry.person), stands.mark, stands.group)
            theirs.setdefault(who, {}).setdefault(alike, []).append(entry)
    return [
        Person(
            who,
            sum(map(len, standings.values())),
            Markup(" ".join(_standings(standings))),  # noqa: S704  # numbers and our own words
        )
        for who, standings in sorted(theirs.items(), key=lambda item: item[0].casefold())[:PERSONS_SHOWN]
    ]


def _standings(standings: dict[_Alike, list[LandingEntry]]) -> Iterator[str]:
    for alike in sorted(standings, key=lambda each: (each.co_author, _ORDER.index(each.mark))):
        entries, mark, label = standings[alike], alike.mark, alike.group
        if alike.co_author:
            label = f"co-author, {label}"
        elif label == PROGRESS["needs-qa"][0]:
            label = "needs your QA"
        links = " ".join(f"<a href=#r{e.revno}>r{e.revno}</a>" for e in entries[:LANDINGS_NAMED])
        more = len(entries) - LANDINGS_NAMED
        yield (
            f"<p><b class={mark}>{escape(clean(label))}</b> {links}"
            + (f" and {more} more" if more > 0 else "")
        )
