"""Searches in the team's projects: what has changed there, and which issues name landings bad."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from shepherd.trackers.forge.reading import chunks
from shepherd.trackers.http import RequestError
from shepherd.trackers.jira.jql import all_of, labels_in, projects_in, updated_within
from shepherd.trackers.jira.searching import KEYS_AT_ONCE, MOST_PAGES, IssueSearch
from shepherd.trackers.jira.service import JiraService
from shepherd.trackers.jira.wire import AnsweredIssue

REFUSED = frozenset({400, 413, 414})
"""What a query may be answered by that names something that there is not, or too much."""


class ProjectSearch:
    """One session's.

    Args:
        keys: of the team's projects, as the settings have them.
        now: key of a project that no query may name -> its key now; "": there is none, or the account may not
            see it. Filled by searches.
    """

    def __init__(
        self, service: JiraService, search: IssueSearch, keys: Sequence[str], now: dict[str, str]
    ) -> None:
        self.now = now
        self._service = service
        self._search = search
        self._keys = keys

    def is_ours(self, project: str) -> bool:
        """Whether its issues count although no landing names them: others may count landings of their own."""
        return project in self._keys or project in (self.now.get(key) for key in self._keys)

    def changed(self, minutes: int, others: Collection[str], most: int) -> list[AnsweredIssue]:
        """What was changed in the last minutes. Raises as IssueSearch.search.

        Args:
            others: keys of projects beside the team's.
            most: pages.
        """
        return self._in((*self._keys, *others), updated_within(minutes), most)

    def naming(self, revnos: Iterable[int]) -> Iterator[tuple[Sequence[int], list[AnsweredIssue]]]:
        """Yield landings and the issues that name one of these bad, until all were asked for. Labels of Jira
        differ in capitals: only small letters are found. Raises as IssueSearch.search."""
        left: list[Sequence[int]] = list(reversed(chunks(sorted(revnos), KEYS_AT_ONCE)))
        while left:
            some = left.pop()
            try:
                found = self._in(self._keys, labels_in([f"bad-commit-{n}" for n in some]), MOST_PAGES)
            except RequestError as error:
                if error.status not in REFUSED or len(some) == 1:
                    raise
                left += [some[len(some) // 2 :], some[: len(some) // 2]]
                continue
            yield some, found

    def _in(self, projects: Iterable[str], condition: str, most: int) -> list[AnsweredIssue]:
        """Cloud refuses a query that names a project that the account may not see, or by a key that is no
        longer its own."""
        wanted = set(projects)
        for _ in range(2):
            keys = sorted({self.now.get(key, key) for key in wanted} - {""})
            if not keys:
                break
            try:
                return self._search.search(all_of(projects_in(keys), condition), most=most)
            except RequestError as error:
                now = {key: self._service.project(key) for key in keys} if error.status == 400 else {}
                others = {key: its for key, its in now.items() if its != key}
                if not others:
                    raise
                self.now |= others
        return []
