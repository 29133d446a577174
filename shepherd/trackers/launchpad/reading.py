"""What is said on Launchpad, by searches: requests grow with pages, never with bugs.

A search for a tag tells which bugs bear it; nothing but qa-bad ones, those that name a bad landing, and a few
that no search finds are ever opened. Bugs are numbers here: their titles are never looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from shepherd.errors import TrackerError
from shepherd.settings import Settings
from shepherd.trackers.http import RequestError
from shepherd.trackers.launchpad.memory import EVERYTHING_AFTER, OVERLAP, Memory, Opened, decode, encode
from shepherd.trackers.launchpad.service import Service, line_to
from shepherd.trackers.words import Vocabulary
from shepherd.words import WORST_FIRST, Item, Spoken, TrackerReading, Word

PASSING: tuple[Word, ...] = ("bad", "needstesting")
"""Words that are taken off a bug sooner or later: always read in full."""
LASTING: tuple[Word, ...] = ("untestable", "ok")
TAGS_AT_ONCE = 100
STRAYS = 20
"""Bugs that no search found, opened in one reading."""


class LaunchpadTracker:
    """See Tracker. `dry`: nothing is written to our own disk either."""

    def __init__(self, settings: Settings, *, dry: bool = False) -> None:
        self._settings = settings
        self._dry = dry
        self._vocabulary = Vocabulary(settings.tracker.words)

    def read(self, items: Collection[Item], revnos: Collection[int], memory: bytes = b"") -> TrackerReading:
        """See Tracker.read. Merge proposals bear no labels: of requests nothing is said."""
        basis, line = self._basis(), line_to(self._settings)
        try:
            service = Service(self._settings, line, dry=self._dry)
            bugs = {item for item in items if isinstance(item, int)}
            reader = _Reader(service, self._vocabulary, bugs, set(revnos), decode(memory, basis))
            return reader.read(basis)
        except TrackerError as error:
            error.requests = line.requests
            raise

    def _basis(self) -> str:
        tracker = self._settings.tracker
        parts = (tracker.service_root, tracker.project, tracker.credentials_file, tracker.credentials_env)
        return hashlib.sha256(repr((*parts, sorted(tracker.words.items()))).encode()).hexdigest()


class _Reader:
    """One reading. `kept` is what the last one left, None for nothing that can be used."""

    def __init__(
        self,
        service: Service,
        vocabulary: Vocabulary,
        bugs: set[int],
        revnos: set[int],
        kept: Memory | None,
    ) -> None:
        self._service = service
        self._vocabulary = vocabulary
        self._bugs = bugs
        self._revnos = revnos
        self._kept = kept
        self._now = datetime.now(UTC)
        self._changed: set[int] = set()
        self._opened: dict[int, Opened] = {}

    def read(self, basis: str) -> TrackerReading:
        service, kept = self._service, self._kept
        if kept is not None:
            self._changed = service.search(since=kept.began - OVERLAP)
            self._now = service.line.now or self._now
            if not kept.full <= kept.began <= self._now < kept.full + EVERYTHING_AFTER:
                kept = self._kept = None
        bearers = self._bearers()
        # by the tracker's own clock: ours may be wrong
        self._now = service.line.now or self._now
        if kept is not None:
            self._opened = {bug: each for bug, each in kept.opened.items() if bug not in self._changed}
        namers = self._namers()
        for bug in sorted((bearers["bad"] & self._bugs | namers) - self._opened.keys()):
            self._open(bug)
        returned = set().union(namers, *bearers.values())
        strays, unseen = self._strays(self._bugs - returned - self._opened.keys())
        spoken: dict[Item, Spoken] = {bug: self._spoken(bug, bearers, strays) for bug in self._bugs}
        for bug, opened in self._opened.items():
            if bug not in spoken and not self._revnos.isdisjoint(opened.spoken.bad_commits):
                spoken[bug] = opened.spoken
        memory = Memory(
            basis=basis,
            began=self._now,
            full=kept.full if kept else self._now,
            settled={word: tuple(sorted(bearers[word])) for word in LASTING},
            revnos=tuple(sorted(self._revnos)),
            returned=tuple(sorted(self._bugs & (returned | self._opened.keys()))),
            opened={bug: opened for bug, opened in self._opened.items() if self._is_worth(bug)},
            strays=strays,
        )
        return TrackerReading(
            items=spoken,
            unseen=frozenset(unseen),
            requests=service.line.requests,
            received=service.line.received,
            memory=encode(memory),
        )

    def _bearers(self) -> dict[Word, set[int]]:
        """Word -> the bugs that bear it."""
        bearers = {word: self._service.search(self._texts(word)) for word in PASSING}
        for word in LASTING:
            if self._kept is None:
                bearers[word] = self._service.search(self._texts(word))
            else:
                since = self._kept.began - OVERLAP
                still = set(self._kept.settled[word]) - self._changed
                bearers[word] = still | self._service.search(self._texts(word), since)
        return bearers

    def _texts(self, word: Word) -> list[str]:
        # what cannot be a tag there, like "QA Pass", cannot be searched for either
        return [text for text in self._vocabulary.texts(word) if is_tag(text)]

    def _namers(self) -> set[int]:
        """The bugs that name one of the landings bad, and those of which only opening can tell."""
        asked = set(self._kept.revnos) & self._revnos if self._kept else set()
        found = self._search_names(self._revnos - asked)
        suspects = self._changed - self._opened.keys()
        if asked and suspects:
            searches = _chunks(asked)
            if len(suspects) <= len(searches):
                for bug in sorted(suspects):
                    self._open(bug)
            else:
                assert self._kept is not None
                found |= self._search_names(asked, self._kept.began - OVERLAP)
        named = {bug for bug, opened in self._opened.items() if opened.spoken.bad_commits}
        return found | named

    def _search_names(self, revnos: set[int], since: datetime | None = None) -> set[int]:
        found: set[int] = set()
        for some in _chunks(revnos):
            found |= self._service.search(
                [f"bad-{what}-{n}" for n in some for what in ("commit", "revision")], since
            )
        return found

    def _strays(self, bugs: set[int]) -> tuple[dict[int, Opened], set[int]]:
        """Bugs that no search found: what the few that were opened say, and which were not."""
        before = self._kept.strays if self._kept else {}
        returned = set(self._kept.returned) if self._kept else set()

        def urgency(bug: int) -> tuple[int, float, int]:
            """What was found before, or bears words beyond our searches; then what waits longest."""
            known = before.get(bug)
            if bug in returned or (known and known.spoken.words):
                return 0, 0.0, bug
            return 1, known.at.timestamp() if known else 0.0, -bug

        strays: dict[int, Opened] = {}
        unseen: set[int] = set()
        for place, bug in enumerate(sorted(bugs, key=urgency)):
            known = before.get(bug)
            if place < STRAYS:
                strays[bug] = self._ask(bug)
            elif bug in returned or (known and known.spoken.words):
                # what it said must not vanish because there was no time to look
                why = f"bug {bug} is found by no search any more, and there are too many like it to look"
                strays[bug] = Opened(Spoken(unreadable=why), self._now)
            elif known:
                strays[bug] = known
            else:
                unseen.add(bug)
        return strays, unseen

    def _spoken(self, bug: int, bearers: dict[Word, set[int]], strays: dict[int, Opened]) -> Spoken:
        if opened := self._opened.get(bug) or strays.get(bug):
            return opened.spoken
        return Spoken(words=tuple(word for word in WORST_FIRST if bug in bearers[word]))

    def _is_worth(self, bug: int) -> bool:
        """Whether what an opened bug said would have to be asked for again."""
        said = self._opened[bug].spoken
        return bool(said.bad_commits) or ("bad" in said.words and bug in self._bugs)

    def _open(self, bug: int) -> None:
        self._opened[bug] = self._ask(bug)

    def _ask(self, bug: int) -> Opened:
        """What one bug says; that it cannot be read is one bug's matter."""
        try:
            entry = self._service.open(bug)
        except RequestError as error:
            return Opened(Spoken(unreadable=unreadable(bug, error)), self._now)
        return Opened(self._vocabulary.of_bug(entry.tags), self._now)


def unreadable(bug: int, error: RequestError) -> str:
    """Why a single bug could not be read."""
    match error.status:
        case 401 | 403:
            return f"bug {bug} is private"
        case 404:
            return f"there is no bug {bug}, or it is private"
        case 410:
            return f"bug {bug} is gone"
        case _:
            return str(error)


def is_tag(text: str) -> bool:
    """Whether Launchpad would take it for a tag."""
    import re

    return bool(re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", text))


def _chunks(revnos: Iterable[int]) -> list[Sequence[int]]:
    """Two spellings a number."""
    numbers = sorted(revnos)
    size = TAGS_AT_ONCE // 2
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]
