"""Every person's landings in one table: what a reader without script filters by."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from urllib.parse import quote

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


class Person(Struct, frozen=True):
    """One row of the table."""

    name: str
    address: str
    """The part of the page's address that filters by this person."""
    landings: int
    standings: Markup


def persons(snapshot: Snapshot) -> list[Person]:
    """Everybody with a landing in the window or lately live, in the order of the alphabet."""
    theirs: dict[str, dict[tuple[Progress, str], list[LandingEntry]]] = {}
    for entry in snapshot.landings:
        stands = standing(entry.progress, entry.state)
        alike = theirs.setdefault(name(entry.person), {})
        alike.setdefault((stands.mark, stands.group), []).append(entry)
    return [
        Person(
            who,
            "#person=" + quote(who, safe=""),
            sum(map(len, standings.values())),
            Markup(" ".join(_standings(standings))),  # noqa: S704  # numbers and our own words
        )
        for who, standings in sorted(theirs.items(), key=lambda item: item[0].casefold())[:PERSONS_SHOWN]
    ]


def _standings(standings: dict[tuple[Progress, str], list[LandingEntry]]) -> Iterator[str]:
    for mark, group in sorted(standings, key=lambda each: _ORDER.index(each[0])):
        entries = standings[mark, group]
        label = "needs your QA" if group == PROGRESS["needs-qa"][0] else group
        links = " ".join(f"<a href=#r{e.revno}>r{e.revno}</a>" for e in entries[:LANDINGS_NAMED])
        more = len(entries) - LANDINGS_NAMED
        yield (
            f"<p><b class={mark}>{escape(clean(label))}</b> {links}"
            + (f" and {more} more" if more > 0 else "")
        )
