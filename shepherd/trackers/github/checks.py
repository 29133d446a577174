"""Reads the checks of commits from GitHub, a hundred commits in one question (see CheckSource,
docs/github.md#checks)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from shepherd.conditions import CommitChecks
from shepherd.errors import TrackerError
from shepherd.settings import BranchSettings, Settings
from shepherd.trackers.forge.items import UnreadablePart
from shepherd.trackers.forge.reading import AT_ONCE, session_with, token_of
from shepherd.trackers.github.check_runs import (
    CHECKS,
    SUITES,
    CommitRollup,
    ShownRun,
    ShownStatus,
    WholeSuite,
    checks_in,
)
from shepherd.trackers.github.parts import Answer, ForbiddenPart
from shepherd.trackers.github.questions import MOST_PAGES
from shepherd.trackers.github.reading import NEEDS_TOKEN, GitHubTracker
from shepherd.trackers.github.refusals import NO_RIGHT
from shepherd.trackers.github.service import GitHubService

NO_CHECKS_RIGHT = (
    "the token gives no right to read checks, and a fine-grained one cannot: put a classic one with the scope"
    " repo, or a GitHub App's with Checks, Commit statuses and Actions: read, where tracker.credentials_file"
    " or tracker.credentials_env says (docs/github.md#checks)"
)
"""github.com/orgs/community/discussions/129512: only Apps can be given the right to checks."""


class GitHubChecks:
    """See CheckSource. Nothing is asked yet.

    Args:
        branch: where it wants names alone, and no patterns, suites are not asked for.

    Raises:
        SettingsError: there is no token, or it cannot be read.
    """

    def __init__(self, settings: Settings, branch: BranchSettings) -> None:
        session = session_with(settings, GitHubTracker)
        token = token_of(settings, os.environ, needed=NEEDS_TOKEN)
        self._service = GitHubService(session, token, settings.tracker.project)
        self._patterns = [each for each in branch.checks if "*" in each or "?" in each]

    @property
    def requests(self) -> int:
        """See CheckSource.requests."""
        return self._service.session.requests

    def checks_of(self, commits: Sequence[str]) -> Iterator[tuple[str, CommitChecks]]:
        """See CheckSource.checks_of. Where the token may see none of what there is, that is one error about
        all."""
        shown: dict[str, list[ShownRun | ShownStatus]] = {}
        suites: dict[str, list[WholeSuite]] = {}
        forbidden: dict[str, str] = {}
        some_were_read = False
        asking = dict.fromkeys(commits, ("", ""))
        for page in range(MOST_PAGES):
            more: dict[str, tuple[str, str]] = {}
            for sha, answer in self._ask(asking):
                if isinstance(answer, ForbiddenPart):
                    forbidden[sha] = answer.why.replace(NO_RIGHT, NO_CHECKS_RIGHT)
                elif isinstance(answer, UnreadablePart):
                    yield sha, CommitChecks(unreadable=answer.why)
                elif not isinstance(answer, CommitRollup) or answer.statusCheckRollup is None:
                    gone = "they were gone when the rest of them was asked for" if page else ""
                    yield sha, CommitChecks(unreadable=gone)
                elif self._patterns and answer.checkSuites is None:
                    yield sha, CommitChecks(unreadable="GitHub does not say which workflows run")
                else:
                    some_were_read = True
                    contexts, whole = answer.statusCheckRollup.contexts, answer.checkSuites
                    shown.setdefault(sha, []).extend(contexts.nodes)
                    suites.setdefault(sha, []).extend(whole.nodes if whole else ())
                    try:
                        further = contexts.pageInfo.next, whole.pageInfo.next if whole else ""
                    except TrackerError as error:
                        yield sha, CommitChecks(unreadable=str(error))
                        continue
                    if any(further):
                        # of what has no more, the last page comes again
                        more[sha] = (further[0] or asking[sha][0], further[1] or asking[sha][1])
                    else:
                        now = self._service.session.now
                        yield sha, checks_in(shown.pop(sha), suites.pop(sha), self._patterns, now)
            asking = more
            if not asking:
                break
        for sha in asking:
            yield sha, CommitChecks(unreadable="they never end")
        if forbidden and not some_were_read:
            raise TrackerError(f"{self._service.full_name}: {next(iter(forbidden.values()))}")
        for sha, why in forbidden.items():
            yield sha, CommitChecks(unreadable=why)

    def _ask(self, asking: dict[str, tuple[str, str]]) -> Iterator[tuple[str, Answer[CommitRollup]]]:
        """Args: asking: SHA -> where to read on: results, and suites."""

        def once(some: Sequence[str], patient: bool) -> dict[str, Answer[CommitRollup]]:
            fields = {f"c{place}": self._question(sha, *asking[sha]) for place, sha in enumerate(some)}
            _, answers = self._service.ask(fields, CommitRollup, patient=patient)
            return {sha: answers[f"c{place}"] for place, sha in enumerate(some)}

        return self._service.batches("checks", AT_ONCE).ask(list(asking), once)

    def _question(self, sha: str, after: str, suites_after: str) -> str:
        return CHECKS % (sha, SUITES % suites_after if self._patterns else "", after)
