"""Which issue each key stands for: also one that was moved, and has another key now.

Jira answers with the key that an issue has now, and leaves out what there is not: whose answer it is has to
be found out where keys are left over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from shepherd.errors import TrackerError
from shepherd.trackers.forge.batches import Batches, TooMuchPart
from shepherd.trackers.forge.items import Absent, UnreadablePart
from shepherd.trackers.forge.reading import chunks
from shepherd.trackers.http import RequestError
from shepherd.trackers.jira.meaning import TOO_MUCH
from shepherd.trackers.jira.searching import AT_ONCE, IssueSearch
from shepherd.trackers.jira.service import JiraService
from shepherd.trackers.jira.wire import AnsweredIssue
from shepherd.words import item_order

SINGLY = 50
"""Keys that are asked for one by one in one reading, because their issues were perhaps moved."""
_REFUSED = "Jira does not answer the question about it, even alone"
_PASSING = "Jira could not give it this time; the next run tries again"
_LATER = "it was perhaps moved, and there are too many like it to ask for in one run; the next run goes on"

Found = AnsweredIssue | Absent | UnreadablePart


class _LeftOver(UnreadablePart, frozen=True):
    """A key that none of the issues has which were answered."""

    alone: bool = False
    """There was no issue: nor is there one that it could be a former key of."""


class IssueFetcher:
    """Reads issues by key in one session."""

    def __init__(self, service: JiraService, search: IssueSearch) -> None:
        self._service = service
        self._search = search
        self._others: dict[str, AnsweredIssue] = {}
        """By the key that it has now: issues that were answered for another key."""

    def fetch(self, keys: Iterable[str]) -> Iterator[tuple[str, Found]]:
        """Yield each key with what it stands for, as soon as that is known. Raises TrackerError: Jira as a
        whole cannot be read; of what was yielded before nothing is lost."""
        left: list[str] = []
        yield from self._round(sorted(set(keys), key=item_order), AT_ONCE, left)
        if left:
            left, doubtful = self._renamed(left), left
            for key in sorted(set(doubtful) - set(left), key=item_order):
                yield key, self._others[self._now[key]]
        if len(left) > 1:
            # a former key of an issue that was asked for by its own key, too, shows only now
            together, left = left, []
            yield from self._round(together, AT_ONCE, left)
        yield from self._round(left[:SINGLY], 1, [])
        for key in left[SINGLY:]:
            yield key, UnreadablePart(_LATER)

    def _round(self, keys: Sequence[str], size: int, left: list[str]) -> Iterator[tuple[str, Found]]:
        """Ask for these, so many at once; those that are to be asked for again go to `left`."""
        name = f"Jira at {self._service.session.host}"

        def once(some: Sequence[str], patient: bool) -> dict[str, Found | TooMuchPart]:
            try:
                answer = self._search.fetch(some, patient=patient)
            except RequestError as error:
                if error.status not in TOO_MUCH:
                    raise
                return dict.fromkeys(some, TooMuchPart(_REFUSED))
            by_key = {each.key: each for each in answer.issues}
            if len({(each.id, each.key) for each in answer.issues}) != len(by_key):
                raise TrackerError(f"{name} gave several issues one key")
            if len(some) == 1 and len(by_key) <= 1:
                one: Found = answer.issues[0] if answer.issues else Absent("")
                return {some[0]: UnreadablePart(_PASSING) if answer.issueErrors and not by_key else one}
            self._others |= {key: each for key, each in by_key.items() if key not in some}
            alone = not answer.issues and not answer.issueErrors
            return {key: by_key.get(key) or _LeftOver("", alone) for key in some}

        batches = Batches(size, name, self._service.answers_at_once)
        for some in chunks(keys, AT_ONCE):
            answers: Iterator[tuple[str, Found]] = batches.ask(some, once)
            for key, answer in answers:
                if not isinstance(answer, _LeftOver):
                    yield key, answer
                elif answer.alone or size == 1:
                    yield key, Absent("")
                else:
                    left.append(key)

    def _renamed(self, keys: Sequence[str]) -> list[str]:
        """Note in `_now` which keys are those of a project whose key was changed, so that all of its issues
        have another one. Returns the others."""
        self._now: dict[str, str] = {}
        by_number: dict[str, list[str]] = defaultdict(list)
        for other in self._others:
            by_number[other.rpartition("-")[2]].append(other)
        names: dict[str, str] = {}
        for key in keys:
            project, _, number = key.rpartition("-")
            if project not in names and by_number[number]:
                names[project] = self._service.project(project)
            now = f"{names.get(project, '')}-{number}"
            if now in by_number[number]:
                self._now[key] = now
        return [key for key in keys if key not in self._now]
