"""Finds which landings concern which items and were not handled yet: the first half of the tagger's plan."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from shepherd.landing import Landing, Reading
from shepherd.people import matches
from shepherd.rules.evidence import qa_items
from shepherd.rules.undoing import Undoing
from shepherd.words import Item, Options, TrackerData

Role = Literal["landed", "rolled-back", "back"]
"""What a landing does to an item: it names it · it rolls back what named it · it brings that back."""


class FailedWriting(Struct, frozen=True):
    """A landing and an item: the last try to write failed."""

    sha: str
    item: Item
    why: str
    since: datetime
    """When the first of the tries failed that failed one after the other."""
    last: datetime
    seq: int
    """The last one's place in the journal."""


class TaggerRecord(Struct, frozen=True):
    """What the journal knows of the tagger's work, and of when things were first seen."""

    handled: Collection[tuple[str, Item]] = ()
    """(SHA, item) of acts that took effect."""
    found_in: Mapping[str, str] = {}
    """SHA -> the run that found the landing."""
    judged_since: Mapping[str, int] = {}
    """SHA -> the place in the journal where the landing was judged for the first time: from then on people
    could see it on the page."""
    met: int = 0
    """Revno that production ran when the shepherd first read the branch: nothing up to there is tagged."""
    begun: Mapping[tuple[str, Item], str] = {}
    """(SHA, item) -> the sign of a comment that may or may not have been written for it."""
    elsewhere: Collection[Item] = ()
    """Items that landings in QA on other branches name."""
    not_yet: Mapping[tuple[str, Item], FailedWriting] = {}
    """(SHA, item) of acts that failed, and that it is too early to try again."""


class TagEvent(Struct, frozen=True):
    """One landing, and what it means for one item."""

    landing: Landing
    item: Item
    role: Role
    about: tuple[int, ...]
    """The landings that it rolls back or brings back; itself where it names the item."""


class RestingItem(Struct, frozen=True):
    """An item that could not be written, and is left alone for a while."""

    item: Item
    revnos: tuple[int, ...]
    """The landings that wait for it."""
    since: datetime
    why: str


class TagLedger:
    """Which landings are in effect, and by which items each is judged."""

    def __init__(self, reading: Reading, undoing: Undoing, tracker: TrackerData, options: Options) -> None:
        self._reading = reading
        self._undoing = undoing
        self._tracker = tracker
        self._options = options
        self._undone = undoing.undone_by()
        self.landings = {landing.revno: landing for landing in reading.landings}

    def events(self, known: TaggerRecord) -> Iterator[TagEvent]:
        """Yield what was not handled and is to be tried now, in the order of the landings. What is undone at
        the tip waits: it means nothing until it is brought back."""
        events = list(self._waiting(known))
        due = {each.item for each in events if (each.landing.id, each.item) not in known.not_yet}
        # all that an item waits for is written in one comment
        yield from (each for each in events if each.item in due)

    def resting(self, known: TaggerRecord) -> tuple[RestingItem, ...]:
        """The items that events are kept back of, since it is too early to try again."""
        tried = {each.item for each in self.events(known)}
        kept: dict[Item, list[TagEvent]] = {}
        for event in self._waiting(known):
            if event.item not in tried:
                kept.setdefault(event.item, []).append(event)
        resting = []
        for item, events in kept.items():
            failed = [known.not_yet[each.landing.id, item] for each in events]
            revnos = tuple(each.landing.revno for each in events)
            resting.append(RestingItem(item, revnos, min(each.since for each in failed), failed[-1].why))
        return tuple(resting)

    def _waiting(self, known: TaggerRecord) -> Iterator[TagEvent]:
        first = max(self._reading.deployed.revno, known.met) + 1
        for landing in self._reading.landings:
            if landing.revno < first or landing.revno in self._undone:
                continue
            for item, (role, about) in self._roles(landing).items():
                if (landing.id, item) not in known.handled and self._tracker.speaks_of(item):
                    yield TagEvent(landing, item, role, tuple(about))

    def named(self, landing: Landing) -> Sequence[Item]:
        """The items that a landing is judged by, if it needs any QA at all (docs/rules.md#state)."""
        if "testfix" in landing.labels or matches(self._options.exempt_subjects, landing.title):
            return ()
        items = qa_items(landing, self._tracker)
        targets = self._undoing.targets.get(landing.revno)
        if targets is None:
            return items
        foreign = {bug for t in targets if t in self.landings for bug in self.landings[t].bugs}
        own = set(landing.own_bugs) - foreign
        return [item for item in items if item in own] if own else ()

    def _roles(self, landing: Landing) -> dict[Item, tuple[Role, list[int]]]:
        roles: dict[Item, tuple[Role, list[int]]] = {}
        flips = self._undoing.flips.get(landing.revno, {})
        # what is brought back wants more care, so it speaks first
        for p, undone in sorted(flips.items(), key=lambda flip: (flip[1], flip[0])):
            role: Role = "rolled-back" if undone else "back"
            for item in self.named(self.landings[p]) if p in self.landings else ():
                if roles.setdefault(item, (role, []))[0] == role:
                    roles[item][1].append(p)
        for item in self.named(landing):
            roles[item] = ("landed", [landing.revno])
        return roles
