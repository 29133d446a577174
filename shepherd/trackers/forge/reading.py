"""What is said on a forge: the labels of requests, a hundred at once, and which requests brought a landing.

Titles are never asked for: a landing has its own, and the request's may be confidential.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from shepherd.errors import SettingsError, TrackerError
from shepherd.settings import Settings
from shepherd.trackers.forge.memory import Asked, decode, encode, is_open
from shepherd.trackers.http import Line
from shepherd.trackers.nameless import Nameless
from shepherd.trackers.words import Vocabulary
from shepherd.words import Item, Spoken, TrackerReading

AT_ONCE = 100
"""The most that either forge tells in one answer."""

Labels = tuple[str, ...]
_T = TypeVar("_T")


class Brought(Protocol):
    """A request that brought a commit to some branch: it was merged."""

    @property
    def number(self) -> int: ...
    @property
    def base(self) -> str:
        """The branch that it was merged into."""

    @property
    def labels(self) -> Labels: ...


class Service(Protocol):
    """One session with a forge. All raise TrackerError if it as a whole cannot be read."""

    def requests_of(self, commits: Collection[str], base: str) -> Mapping[str, Iterable[Brought]]:
        """SHA -> the merged requests that brought that commit; a SHA that is absent is not known there.

        Args:
            base: the branch that they were most likely merged into.
        """

    def labels(self, items: Collection[Item]) -> Mapping[Item, Labels | str]:
        """The labels of each item, or a text that says why it cannot be read."""

    def probe(self) -> str:
        """The least that tells whether it can be read. Returns as whom."""


class ForgeTracker(ABC):
    """See Tracker. Each forge fills in `sign`, `name`, `root` and `open`."""

    sign: str
    """Of the forge's requests: "#" or "!"."""
    name: str
    root: str
    """URL of the usual service."""

    def __init__(self, settings: Settings, nameless: Nameless) -> None:
        self._settings = settings
        self._nameless = nameless
        self._vocabulary = Vocabulary(settings.tracker.words)

    @abstractmethod
    def open(self, line: Line) -> Service:
        """Begin a session; nothing is asked yet."""

    def read(self, items: Collection[Item], revnos: Collection[int], memory: bytes = b"") -> TrackerReading:
        """See Tracker.read. `bad-commit-N` counts on the issues asked for; `qa-bad` on a request names its
        landing, so none is looked for beside (3.2)."""
        line, basis = line_to(self._settings, type(self)), self._basis()
        try:
            service = self.open(line)
            kept = decode(memory, basis)
            now = datetime.now(UTC)
            asking = [sha for sha in self._nameless.commits if is_open(kept.get(sha), now)]
            brought = service.requests_of(asking, self._nameless.base) if asking else {}
            labels: dict[Item, Labels | str] = {}
            commits: dict[str, Asked] = {}
            for sha in self._nameless.commits:
                answer = kept.get(sha)
                if sha in asking:
                    if sha not in brought:
                        # it may not have been pushed there yet
                        continue
                    requests = self._into_base(brought[sha])
                    labels |= {self._item(each): each.labels for each in requests}
                    numbers = tuple(self._item(each) for each in requests)
                    answer = Asked(numbers, answer.first if answer else line.now or now)
                assert answer is not None
                commits[sha] = answer
            wanted = {item for item in items if isinstance(item, int) or item.startswith(self.sign)}
            wanted.update(request for each in commits.values() for request in each.requests)
            labels.update(service.labels(wanted - labels.keys()))
        except TrackerError as error:
            error.requests = line.requests
            raise
        return TrackerReading(
            items={item: self._spoken(item, labels[item]) for item in labels},
            speaks_of_requests=True,
            named={sha: commits[sha].requests if sha in commits else () for sha in self._nameless.commits},
            requests=line.requests,
            received=line.received,
            memory=encode(basis, commits),
        )

    def probe(self) -> str:
        """See Tracker.probe."""
        line = line_to(self._settings, type(self))
        return f"{self._settings.tracker.project} at {line.host}, {self.open(line).probe()}"

    def _item(self, request: Brought) -> str:
        return f"{self.sign}{request.number}"

    def _into_base(self, requests: Iterable[Brought]) -> list[Brought]:
        """Those merged into the mainline, where there are any: a commit may have come over other branches."""
        found = sorted(requests, key=lambda each: each.number)
        return [each for each in found if each.base == self._nameless.base] or found

    def _spoken(self, item: Item, labels: Labels | str) -> Spoken:
        if isinstance(labels, str):
            return Spoken(unreadable=labels)
        vocabulary = self._vocabulary
        return vocabulary.of_bug(labels) if isinstance(item, int) else vocabulary.of_request(labels)

    def _basis(self) -> str:
        tracker = self._settings.tracker
        parts = (tracker.type, tracker.service_root, tracker.project, self._nameless.base)
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def number_of(item: Item) -> int:
    """The number of an issue or a request."""
    return item if isinstance(item, int) else int(item[1:])


def chunks(everything: Sequence[_T]) -> list[Sequence[_T]]:
    """As much as one call asks for, each."""
    return [everything[start : start + AT_ONCE] for start in range(0, len(everything), AT_ONCE)]


def line_to(settings: Settings, forge: type[ForgeTracker]) -> Line:
    """The way there; nothing is asked yet."""
    return Line(forge.name, (settings.tracker.service_root or forge.root).rstrip("/") + "/")


def token_of(settings: Settings, environ: Mapping[str, str], *, needed: str = "") -> str:
    """The access token; empty: anonymous.

    Args:
        needed: why it does not work without one; empty: it does.

    Raises:
        SettingsError: it cannot be read, is no token, or there is none.
    """
    token = settings.secret("tracker.credentials", environ)
    if not token and needed:
        raise SettingsError(
            f"{settings.file}: tracker.credentials_file or credentials_env expected: {needed}"
        )
    if any(not "!" <= sign <= "~" for sign in token):
        raise SettingsError(
            f"{settings.file}: what tracker.credentials name is no access token: one word expected"
        )
    return token
