"""Everybody with a landing on any branch's page, and where: the index leads each person to all of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from msgspec import Struct

from shepherd.snapshot import LandingEntry, Progress, Snapshot
from shepherd.views.clean import clean
from shepherd.views.words import name, standing

TO_DO: tuple[Progress, ...] = ("needs-qa", "bad", "orphan", "unknown")
"""Standings in which somebody has to do something."""


class TheirLandings(Struct, frozen=True):
    """What one person has on one branch."""

    branch: str
    page: str
    """The address of the branch's page."""
    address: str
    """The same, filtered by this person."""
    landings: int
    to_do: tuple[int, ...]
    """Revnos of those for which it is their move, newest first."""


class Somebody(Struct, frozen=True):
    """A person, and all their branches in the order of the settings."""

    name: str
    branches: tuple[TheirLandings, ...]


def everybody(snapshots: Sequence[Snapshot]) -> list[Somebody]:
    """In the order of the alphabet: the person of each landing, and its co-authors."""
    theirs: dict[str, dict[str, list[LandingEntry]]] = {}
    for snapshot in snapshots:
        for entry in snapshot.landings:
            for who in dict.fromkeys(map(name, entry.people)):
                theirs.setdefault(who, {}).setdefault(snapshot.branch, []).append(entry)
    return [
        Somebody(who, tuple(_on_branch(who, branch, entries) for branch, entries in branches.items()))
        for who, branches in sorted(theirs.items(), key=lambda item: (item[0].casefold(), item[0]))
    ]


def _on_branch(who: str, branch: str, entries: Sequence[LandingEntry]) -> TheirLandings:
    to_do = tuple(
        entry.revno
        for entry in entries
        if name(entry.whose_move or entry.person) == who
        and standing(entry.progress, entry.state).mark in TO_DO
    )
    page = f"{quote(clean(branch))}.html"
    return TheirLandings(branch, page, f"{page}#person={quote(who, safe='')}", len(entries), to_do)
