"""Reads Launchpad by searches: the number of requests grows with pages, never with bugs.

A search for a tag gives the bugs that have it; only qa-bad ones, those that name a bad landing, and a few
that no search finds are opened. Inside this package bugs are numbers, as on the wire; titles are never read.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from shepherd.errors import TrackerError
from shepherd.label_text import is_launchpad_tag
from shepherd.settings import Settings
from shepherd.trackers.http import RequestError
from shepherd.trackers.launchpad.memory import OVERLAP, LaunchpadMemory, OpenedBug
from shepherd.trackers.launchpad.service import LaunchpadService, session_with
from shepherd.trackers.memories import EVERYTHING_AFTER, decode, encode
from shepherd.trackers.words import Vocabulary
from shepherd.words import GOOD_WORDS, WORST_FIRST, Item, ItemTags, TrackerData, Word

PASSING: tuple[Word, ...] = ("bad", "needstesting")
"""Words that are removed from a bug sooner or later: always read in full."""
AT_ONCE = 100
"""Landings that one search asks for: a longer URL might be refused."""
STRAYS = 20
"""Bugs that no search found, opened in one reading."""


class LaunchpadTracker:
    """See Tracker."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._vocabulary = Vocabulary.of(settings)

    def read(self, items: Collection[Item], revnos: Collection[int], memory: bytes = b"") -> TrackerData:
        """See Tracker.read. Merge proposals have no labels, so requests are not read."""
        basis, session = self._basis(), session_with(self._settings)
        try:
            kept = decode(memory, LaunchpadMemory, basis)
            service = LaunchpadService(self._settings, session, statuses=kept.statuses if kept else ())
            bugs = {int(item) for item in items if item.isdecimal()}
            reader = _Reader(service, self._vocabulary, bugs, set(revnos), kept)
            return reader.read(basis)
        except TrackerError as error:
            error.requests, error.budget = session.requests, session.budget
            raise

    def probe(self) -> str:
        """See Tracker.probe."""
        session = session_with(self._settings)
        service = LaunchpadService(self._settings, session)
        service.probe()
        return f"{self._settings.tracker.project} at {session.host}, {service.caller()}"

    def unknown_statuses(self, statuses: Collection[str]) -> tuple[list[str], tuple[str, ...]]:
        """Those of `statuses` that Launchpad does not know, and all that it knows. Raises TrackerError."""
        known = LaunchpadService(self._settings, session_with(self._settings)).statuses()
        return sorted(set(statuses).difference(known)), known

    def _basis(self) -> str:
        tracker = self._settings.tracker
        parts = (tracker.service_root, tracker.project, tracker.credentials_file, tracker.credentials_env)
        return hashlib.sha256(repr((*parts, sorted(tracker.words.items()))).encode()).hexdigest()


class _Reader:
    """One reading. `kept` is what the last one left, None for nothing that can be used."""

    def __init__(
        self,
        service: LaunchpadService,
        vocabulary: Vocabulary,
        bugs: set[int],
        revnos: set[int],
        kept: LaunchpadMemory | None,
    ) -> None:
        self._service = service
        self._vocabulary = vocabulary
        self._bugs = bugs
        self._revnos = revnos
        self._kept = kept
        self._now = datetime.now(UTC)
        self._changes: list[int] = []
        """Bugs that were changed since then, as a search gives them."""
        self._opened: dict[int, OpenedBug] = {}
        self._failed: dict[int, OpenedBug] = {}
        """Bugs that could not be opened: not asked for twice."""

    def read(self, basis: str) -> TrackerData:
        service = self._service
        self._look_back()
        if self._kept is None:
            service.statuses(again=True)
        settled = self._settled()
        passing = {word: service.search(self._texts(word)) for word in PASSING}
        bearers = {word: set(bugs) for word, bugs in (settled | passing).items()}
        # by the tracker's own clock: ours may be wrong
        self._now = service.session.now or self._now
        self._opened = self._still_known(bearers) | self._opened
        namers = self._namers()
        for bug in sorted((bearers["bad"] & self._bugs | namers) - self._opened.keys()):
            self._opened[bug] = self._ask(bug)
        returned = self._bugs & namers.union(self._opened, *bearers.values())

        def memory(revnos: Collection[int], strays: dict[int, OpenedBug]) -> bytes:
            learned = LaunchpadMemory(
                basis=basis,
                began=self._now,
                full=self._kept.full if self._kept else self._now,
                statuses=service.statuses(),
                settled={word: tuple(bugs) for word, bugs in settled.items()},
                revnos=tuple(sorted(revnos)),
                returned=tuple(sorted(returned)),
                opened={bug: opened for bug, opened in self._opened.items() if self._is_worth(bug)},
                strays=strays,
            )
            return encode(learned)

        try:
            narrowed = {bug: self._narrowed(bug, bearers) for bug in sorted(namers & self._failed.keys())}
        except TrackerError as error:
            # all searches are done but for these: who names which landing is asked for again, by a few
            error.memory = memory((), self._kept.strays if self._kept else {})
            raise
        self._opened |= {bug: OpenedBug(tags, self._now) for bug, tags in narrowed.items() if tags}
        # what was not opened is asked for again: it may name others by then
        asked = self._revnos.difference(*(tags.bad_commits for tags in narrowed.values() if tags))
        strays, unseen = self._strays(self._bugs - returned)
        tags: dict[Item, ItemTags] = {
            str(bug): self._tags_of(bug, bearers, strays) for bug in sorted(self._bugs)
        }
        for bug, opened in self._opened.items():
            if str(bug) not in tags and not self._revnos.isdisjoint(opened.tags.bad_commits):
                tags[str(bug)] = opened.tags
        return TrackerData(
            items=tags,
            unseen=frozenset(map(str, unseen)),
            requests=service.session.requests,
            budget=service.session.budget,
            received=service.session.received,
            memory=memory(asked, strays),
        )

    def _look_back(self) -> None:
        """What was changed since the last reading: opened, where that takes fewer requests than searches."""
        kept = self._kept
        if kept is None:
            return
        self._changes = self._service.search(since=kept.began - OVERLAP)
        self._now = self._service.session.now or self._now
        if not kept.full <= kept.began <= self._now < kept.full + EVERYTHING_AFTER:
            self._kept = None
        elif len(set(self._changes)) <= len(GOOD_WORDS) + len(_chunks(self._asked())):
            opened = {bug: self._ask(bug) for bug in sorted(set(self._changes))}
            self._opened = {bug: each for bug, each in opened.items() if bug not in self._failed}

    def _asked(self) -> set[int]:
        """The landings of which it is known who named them bad, but for what was changed since."""
        return set(self._kept.revnos) & self._revnos if self._kept else set()

    def _settled(self) -> dict[Word, list[int]]:
        """The bugs that have the words that last, as searches give them; most are kept from before."""
        if self._kept is not None:
            settled = {word: self._merged(word, self._kept) for word in GOOD_WORDS}
            either = Counter[int]()
            for bugs in settled.values():
                either |= Counter(bugs)
            # a bug that became private, or left the project, is not seen to change: it is missed in the count
            texts = [text for word in GOOD_WORDS for text in self._texts(word)]
            if self._service.count(texts) == either.total():
                return settled
        return {word: self._service.search(self._texts(word)) for word in GOOD_WORDS}

    def _merged(self, word: Word, kept: LaunchpadMemory) -> list[int]:
        if self._opened.keys() >= set(self._changes):
            with_word = [bug for bug in self._changes if word in self._opened[bug].tags.words]
        else:
            with_word = self._service.search(self._texts(word), kept.began - OVERLAP)
        changed = {*self._changes, *with_word}
        return sorted([*(bug for bug in kept.settled[word] if bug not in changed), *with_word])

    def _still_known(self, bearers: Mapping[Word, Collection[int]]) -> dict[int, OpenedBug]:
        """What was learned by opening bugs before, and searches still agree with. Of a bug without words they
        say nothing, not even that it can still be seen."""
        kept, changed = self._kept.opened if self._kept else {}, set(self._changes)
        return {
            bug: each
            for bug, each in kept.items()
            if each.tags.words and each.tags.words == _words(bug, bearers) and bug not in changed
        }

    def _namers(self) -> set[int]:
        """The bugs that name one of the landings bad, and those that have to be opened to know it."""
        asked = self._asked()
        naming = self._search_names(self._revnos - asked)
        if self._kept is not None and not self._opened.keys() >= set(self._changes):
            naming |= self._search_names(asked, self._kept.began - OVERLAP)
        before = self._kept.opened if self._kept else {}
        named = {bug for bug, opened in (before | self._opened).items() if opened.tags.bad_commits}
        return naming | named

    def _search_names(self, revnos: set[int], since: datetime | None = None) -> set[int]:
        bugs: set[int] = set()
        for some in _chunks(revnos):
            tags = [f"bad-{what}-{n}" for n in some for what in ("commit", "revision")]
            bugs.update(self._service.search(tags, since))
        return bugs

    def _narrowed(self, bug: int, bearers: Mapping[Word, Collection[int]]) -> ItemTags | None:
        """What searches say of a bug that names landings bad and cannot be opened; None if it names none by
        now. It names people's landings, so that it must not be left out."""
        found: list[int] = []
        halves: list[Sequence[int]] = [*_chunks(self._revnos)]
        while halves:
            some = halves.pop()
            if bug in self._search_names(set(some)):
                if len(some) == 1:
                    found += some
                else:
                    halves += [some[: len(some) // 2], some[len(some) // 2 :]]
        return ItemTags(_words(bug, bearers), tuple(sorted(found))) if found else None

    def _texts(self, word: Word) -> list[str]:
        # what cannot be a tag there, like "QA Pass", cannot be searched for either
        return [text for text in self._vocabulary.texts(word) if is_launchpad_tag(text)]

    def _strays(self, bugs: set[int]) -> tuple[dict[int, OpenedBug], set[int]]:
        """Bugs that no search found: what the few that were opened say, and which were not."""
        before = self._kept.strays if self._kept else {}
        returned = set(self._kept.returned) if self._kept else set()

        def urgency(bug: int) -> tuple[int, float, int]:
            """What was found before, or has words beyond our searches; then what waits longest."""
            known = before.get(bug)
            if bug in returned or (known and known.tags.words):
                return 0, 0.0, bug
            return 1, known.at.timestamp() if known else 0.0, -bug

        strays: dict[int, OpenedBug] = {}
        unseen: set[int] = set()
        for place, bug in enumerate(sorted(bugs, key=urgency)):
            known = before.get(bug)
            if place < STRAYS:
                strays[bug] = self._ask(bug)
            elif bug in returned or (known and known.tags.words):
                # what it said must not vanish because there was no time to look
                why = f"bug {bug} is no longer found by any search, and there are too many like it to open"
                strays[bug] = OpenedBug(ItemTags(unreadable=why), self._now)
            elif known:
                strays[bug] = known
            else:
                unseen.add(bug)
        return strays, unseen

    def _tags_of(self, bug: int, bearers: dict[Word, set[int]], strays: dict[int, OpenedBug]) -> ItemTags:
        if opened := self._opened.get(bug) or strays.get(bug):
            return opened.tags
        return ItemTags(words=_words(bug, bearers))

    def _is_worth(self, bug: int) -> bool:
        """Whether the tags of an opened bug would have to be asked for again."""
        tags = self._opened[bug].tags
        return bug not in self._failed and bool(
            tags.bad_commits or ("bad" in tags.words and bug in self._bugs)
        )

    def _ask(self, bug: int) -> OpenedBug:
        """What one bug says; that it cannot be read is one bug's matter."""
        if bug in self._failed:
            return self._failed[bug]
        try:
            entry = self._service.open(bug)
        except RequestError as error:
            self._failed[bug] = OpenedBug(ItemTags(unreadable=unreadable(bug, error)), self._now)
            return self._failed[bug]
        return OpenedBug(self._vocabulary.of_bug(entry.tags), self._now)


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


def _words(bug: int, bearers: Mapping[Word, Collection[int]]) -> tuple[Word, ...]:
    return tuple(word for word in WORST_FIRST if bug in bearers[word])


def _chunks(revnos: Iterable[int]) -> list[Sequence[int]]:
    numbers = sorted(revnos)
    return [numbers[start : start + AT_ONCE] for start in range(0, len(numbers), AT_ONCE)]
