"""The checks of commits on Gitea and Forgejo: commit statuses, which actions and other CI leave there, one
commit in a question (docs/gitea.md#checks)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urljoin

import msgspec
from msgspec import Struct

from shepherd.check_results import Moment, seconds_of, worst_of_each
from shepherd.conditions import CheckResult, CheckWord, CommitChecks
from shepherd.errors import TrackerError
from shepherd.settings import Settings
from shepherd.trackers.forge.reading import session_with, token_of
from shepherd.trackers.gitea.reading import GiteaTracker
from shepherd.trackers.gitea.rest import PAGE
from shepherd.trackers.gitea.service import GiteaService
from shepherd.trackers.http import RequestError

MOST_FAILED = 3
"""Commits in a row: each costs several tries."""
MOST_PAGES = 100
"""Of the statuses of one commit."""
WANTED = "to read checks the token wants the scope read:repository (docs/gitea.md#checks)"
ANOTHER_COMMIT = "Gitea answers for another commit: is there a branch or a tag whose name is that SHA?"
UNKNOWN_STATE = "Gitea gives one of its statuses a state that the shepherd does not know"

_STATES: Mapping[str, CheckWord] = {
    "success": "success",
    "skipped": "skipped",
    "pending": "pending",
    # one that was cancelled, too
    "failure": "failed",
    "error": "failed",
    # some versions let pull requests through with it, others do not (Combine in
    # modules/commitstatus/commit_status.go)
    "warning": "failed",
}
"""CommitStatusState of Gitea's description."""


class _StatusOfContext(Struct, frozen=True):
    """Of "CommitStatus"."""

    context: str
    status: str
    created_at: Moment
    target_url: str | None = None


class _Combined(Struct, frozen=True):
    """Of "CombinedStatus": the newest of each context."""

    statuses: tuple[_StatusOfContext, ...] | None = None
    """None: there are none."""
    sha: str = ""
    """Of the commit; perhaps empty where there are none."""


class _ApiSettings(Struct, frozen=True):
    """Of "GeneralAPISettings"."""

    max_response_items: int


class GiteaChecks:
    """See CheckSource. Begins with the first question.

    Raises:
        SettingsError: the token cannot be read.
    """

    def __init__(self, settings: Settings) -> None:
        session = session_with(settings, GiteaTracker)
        self._service = GiteaService(session, token_of(settings, os.environ), settings.tracker.project)
        self._page: int | None = None
        """The most that this server gives at once; None: not asked yet, 0: it does not say."""
        self._there = False
        """The project certainly is."""

    @property
    def requests(self) -> int:
        """See CheckSource.requests."""
        return self._service.session.requests

    def checks_of(self, commits: Sequence[str]) -> Iterator[tuple[str, CommitChecks]]:
        """See CheckSource.checks_of."""
        failed = 0
        for sha in dict.fromkeys(commits):
            try:
                checks = self._of(sha)
            except RequestError as error:
                if error.status == 403:
                    raise TrackerError(f"{error}; {WANTED}") from None
                failed += 1
                if self._service.session.over or error.status in (401, 404, 429) or failed >= MOST_FAILED:
                    raise
                checks = CommitChecks(unreadable=str(error))
            else:
                failed = 0
            yield sha, checks

    def _of(self, sha: str) -> CommitChecks:
        try:
            statuses = self._statuses(sha)
        except RequestError as error:
            if error.status != 404:
                raise
            # there is no such commit, or no such project
            if not self._there:
                self._service.get("", {}, msgspec.Raw)
                self._there = True
            return CommitChecks()
        self._there = True
        if statuses is None:
            return CommitChecks(unreadable=ANOTHER_COMMIT)
        if any(each.status not in _STATES for each in statuses):
            return CommitChecks(unreadable=UNKNOWN_STATE)
        # two workflows of one name are two statuses of one context
        return CommitChecks(
            worst_of_each(
                CheckResult(each.context, _STATES[each.status], seconds_of(each.created_at), self._url(each))
                for each in statuses
            )
        )

    def _url(self, status: _StatusOfContext) -> str:
        """Of an action the path alone is said (run.Link() in services/actions/commit_status.go)."""
        url = status.target_url or ""
        return urljoin(self._service.session.root, url) if re.match("/(?!/)", url) else url

    def _statuses(self, sha: str) -> list[_StatusOfContext] | None:
        """None: they are another commit's, since a name of a branch or tag comes first (ResolveRefOrSha in
        routers/api/v1/utils/git.go). The number of all of them that Gitea gives beside is of another list
        (GetLatestCommitStatus in models/git/commit_status.go): only a page that is not full is the last."""
        statuses: list[_StatusOfContext] = []
        for number in range(1, MOST_PAGES + 1):
            asked = {"limit": PAGE, "page": number}
            content = self._service.send("GET", f"/commits/{sha}/status", asked, one_of_many=True)
            combined = self._service.convert(content, _Combined)
            page = combined.statuses or ()
            if page and combined.sha != sha:
                return None
            statuses += page
            if not page or len(page) < self._full(len(page)):
                return statuses
        raise TrackerError(f"{self._service.project}: the statuses of a commit never end")

    def _full(self, entries: int) -> int:
        """How many entries a full page has, where that many may be one.

        Args:
            entries: of the page in question.
        """
        if entries >= PAGE:
            return PAGE
        if self._page is None:
            self._page = self._asked_page()
        return min(PAGE, self._page)

    def _asked_page(self) -> int:
        try:
            return max(0, self._service.get("/settings/api", {}, _ApiSettings, whole=True).max_response_items)
        except RequestError as error:
            if error.status not in (403, 404):
                raise
            return 0
