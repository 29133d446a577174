"""Issues by their keys, a hundred in one question, and issues that meet conditions, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shepherd.errors import TrackerError
from shepherd.trackers.jira.jql import issues_in
from shepherd.trackers.jira.service import JiraService
from shepherd.trackers.jira.wire import AnsweredIssue, FetchedIssues, SearchPage

AT_ONCE = 100
"""Issues whose fields come in one answer: the most of a bulk fetch
(developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues, "Bulk fetch issues"), and enough for a
page of a search, where Data Center gives up to 1,000 (jira.search.views.default.max)."""
KEYS_AT_ONCE = 1_000
"""Values that one query names, and issues on a page where only keys are asked for: Cloud gives up to 5,000
(api-group-issue-search, "maxResults"), Data Center 1,000; where Cloud limits the values, it allows so many
(developer.atlassian.com/platform/forge/working-around-jql-1000-limit)."""
MOST_PAGES = 1_000
"""Of one search; more is a server that never ends."""
SHIFTS = 5
"""How often a search of Data Center is begun again because its answer changed while it was read."""


class TooManyPagesError(TrackerError):
    """A search finds more than was wanted; nothing is wrong."""


class IssueSearch:
    """Reads issues of one Jira. All raise RequestError if a question is refused, and TrackerError if the
    answer is none."""

    def __init__(self, service: JiraService) -> None:
        self._service = service

    def fetch(self, keys: Sequence[str], *, patient: bool) -> FetchedIssues:
        """What there is of at most AT_ONCE issues: in no order, by the keys that they have now, without those
        that there are not or that the account may not see.

        Args:
            patient: a failure is tried again, rather than taken for "too much at once" (status 413).
        """
        service, fields = self._service, self._service.read_fields()
        with service.divisible(not patient):
            if service.edition() == "cloud":
                # a search by keys may be refused as a whole for one that there is not
                asked = {"issueIdsOrKeys": list(keys), "fields": fields}
                return service.decode(service.ask("issue/bulkfetch", asked), FetchedIssues)
            return FetchedIssues(self._page({"jql": issues_in(keys), "fields": fields}, AT_ONCE, 0).issues)

    def search(
        self, conditions: str, *, only_keys: bool = False, most: int = MOST_PAGES
    ) -> list[AnsweredIssue]:
        """The issues that meet the conditions (jql.py), each once. Recent changes may be missing: Cloud's
        index lags behind (api-group-issue-search). Raises TooManyPagesError.

        Args:
            most: pages.
        """
        fields, size = (["key"], KEYS_AT_ONCE) if only_keys else (self._service.read_fields(), AT_ONCE)
        asked = {"jql": f"{conditions} ORDER BY key ASC", "fields": fields}
        if self._service.edition() == "cloud":
            return self._by_token(asked, size, most)
        for _ in range(SHIFTS):
            found = self._by_place(asked, size, most)
            if found is not None:
                return list(found.values())
        raise self._error("gave a list that changed whenever it was read; the next run tries again")

    def _by_token(self, asked: Mapping[str, object], size: int, most: int) -> list[AnsweredIssue]:
        found: dict[str, AnsweredIssue] = {}
        tokens: set[str] = set()
        token: str | None = None
        for _ in range(most):
            more = {"nextPageToken": token} if token else {}
            content = self._service.ask("search/jql", {**asked, "maxResults": size, **more})
            page = self._service.decode(content, SearchPage)
            before = len(found)
            found |= {each.id: each for each in page.issues}
            token = page.nextPageToken
            if page.isLast or not token:
                if page.isLast is False:
                    raise self._error("says that there is another page, and not which")
                return list(found.values())
            if token in tokens or (page.issues and len(found) == before):
                raise self._error("gave a list that never ends")
            tokens.add(token)
        raise self._too_many(most)

    def _by_place(self, asked: Mapping[str, object], size: int, most: int) -> dict[str, AnsweredIssue] | None:
        """None: the list changed meanwhile."""
        found: dict[str, AnsweredIssue] = {}
        start, total = 0, None
        for _ in range(most):
            page = self._page(asked, size, start)
            if total not in (None, page.total):
                return None
            total, start = page.total or 0, start + len(page.issues)
            found |= {each.id: each for each in page.issues}
            if start >= total:
                return found if len(found) >= total else None
            if not page.issues:
                return None
        raise self._too_many(most)

    def _page(self, asked: Mapping[str, object], size: int, start: int) -> SearchPage:
        """Of Data Center. What does not exist is left out; with validateQuery the whole question would be
        refused for it (docs.atlassian.com/software/jira/docs/api/REST/latest, api/2/search)."""
        wanted = {**asked, "startAt": start, "maxResults": size, "validateQuery": False}
        page = self._service.decode(self._service.ask("search", wanted), SearchPage)
        if page.total is None:
            raise self._error("does not say how many issues it finds")
        return page

    def _error(self, what: str) -> TrackerError:
        return TrackerError(f"Jira at {self._service.session.host} {what}")

    def _too_many(self, most: int) -> TrackerError:
        if most < MOST_PAGES:
            return TooManyPagesError(f"Jira at {self._service.session.host} finds more than {most} pages")
        return self._error("gave a list that never ends")
