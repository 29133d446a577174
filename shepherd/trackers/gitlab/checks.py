"""The checks of commits on GitLab: of several in one question of GraphQL, and one by one by REST where that
does not do (docs/gitlab.md#checks)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from shepherd.conditions import CommitChecks
from shepherd.settings import BranchSettings, Settings
from shepherd.trackers.forge.reading import session_with, token_of
from shepherd.trackers.gitlab.check_meaning import PIPELINE, JobsOfOne, checks_by
from shepherd.trackers.gitlab.commits import MOST_REFUSED
from shepherd.trackers.gitlab.pipelines import (
    ANONYMOUS_COMPLEXITY,
    COMPLEXITY,
    MOST_JOBS,
    MOST_PIPELINES,
    AskedPipelines,
    GitLabPipeline,
    NotUnderstoodError,
    at_once,
)
from shepherd.trackers.gitlab.reading import GitLabTracker
from shepherd.trackers.gitlab.service import MOST_FAILED, GitLabService
from shepherd.trackers.gitlab.statuses import ANONYMOUS, lets_skipped_through, may_see_pipelines, ran_on
from shepherd.trackers.http import RequestError

LEFT_OUT = "GitLab left it out of its answer"
NO_JOBS = (
    "GitLab shows the pipelines on it, but not their jobs: the token wants the role Reporter, or"
    " Project-based pipeline visibility has to be on (docs/gitlab.md#checks)"
)


class GitLabChecks:
    """See CheckSource. Begins with the first question.

    Args:
        branch: where it wants the pipeline alone, jobs are not asked for.

    Raises:
        SettingsError: the token cannot be read.
    """

    def __init__(self, settings: Settings, branch: BranchSettings) -> None:
        session = session_with(settings, GitLabTracker)
        token = token_of(settings, os.environ)
        self._service = GitLabService(session, token, settings.tracker.project)
        self._branch = branch.ref.removeprefix("refs/heads/")
        self._jobs = any(pattern != PIPELINE for pattern in branch.checks)
        self._most = at_once(COMPLEXITY if token else ANONYMOUS_COMPLEXITY, self._jobs)
        self._size = self._most
        self._graphql = True
        self._visible = False
        """There certainly is a right to pipelines."""

    @property
    def requests(self) -> int:
        """See CheckSource.requests."""
        return self._service.session.requests

    def checks_of(self, commits: Sequence[str]) -> Iterator[tuple[str, CommitChecks]]:
        """See CheckSource.checks_of."""
        waiting, failed, refused = list(dict.fromkeys(commits)), 0, 0
        while waiting:
            some = waiting[: self._size] if self._graphql else waiting[:1]
            asked = self._asked(some) if self._graphql else None
            if asked is not None:
                waiting, failed, refused = waiting[len(some) :], 0, 0
                self._size = min(self._most, self._size + max(1, self._size // 2))
                for sha in some:
                    yield sha, self._of(sha, asked)
            elif len(some) > 1:
                self._size = len(some) // 2
            else:
                waiting, refused = waiting[1:], refused + 1
                self._graphql = self._graphql and refused < MOST_REFUSED
                checks, failed = self._alone(some[0], failed)
                yield some[0], checks

    def _asked(self, some: Sequence[str]) -> AskedPipelines | None:
        """None: it was refused, or there is no answer today."""
        service = self._service
        try:
            asked = service.pipelines_of(some, self._jobs)
        except RequestError as error:
            if service.session.over or error.status in (401, 429):
                raise
            # REST says why
            self._graphql = not 400 <= error.status < 500
            return None
        except NotUnderstoodError:
            self._graphql = False
            return None
        if asked is not None:
            if not any(asked.of.values()):
                self._check_right()
            self._visible = True
        return asked

    def _of(self, sha: str, asked: AskedPipelines) -> CommitChecks:
        pipelines = asked.of.get(sha)
        if pipelines is None:
            return CommitChecks(unreadable=LEFT_OUT)
        if self._jobs and any(each.jobs is None for each in pipelines):
            return CommitChecks(unreadable=NO_JOBS)
        if self._is_cut_off(pipelines):
            return self._alone(sha, 0)[0]
        jobs = [(each.path or "", each.jobs.nodes) for each in pipelines if each.jobs]
        return self._meaning(pipelines, jobs, asked.skipping)

    def _meaning(
        self, pipelines: Sequence[GitLabPipeline], jobs: Sequence[JobsOfOne], skipping: bool
    ) -> CommitChecks:
        root = self._service.session.root
        return checks_by(pipelines, jobs, branch=self._branch, skipping=skipping, root=root)

    def _alone(self, sha: str, failed: int) -> tuple[CommitChecks, int]:
        """What REST says of a commit, and how many have failed in a row, this one included. Raises
        TrackerError after a few: then it is not a matter of single commits.

        Args:
            failed: how many have failed before.
        """
        self._check_right()
        try:
            pipelines, jobs = ran_on(self._service, sha, self._jobs)
            skipped = any(each.status == "skipped" for each in pipelines)
            skipping = skipped and lets_skipped_through(self._service)
            return self._meaning(pipelines, jobs, skipping), 0
        except RequestError as error:
            if error.status == 401 and self._service.anonymous:
                return CommitChecks(unreadable=ANONYMOUS), 0
            if self._service.session.over or failed + 1 >= MOST_FAILED or 400 <= error.status < 500:
                raise
            return CommitChecks(unreadable=str(error)), failed + 1

    def _check_right(self) -> None:
        """Raises TrackerError where there is none to pipelines: GraphQL then says that there are none."""
        if not self._visible:
            may_see_pipelines(self._service)
            self._visible = True

    def _is_cut_off(self, pipelines: Sequence[GitLabPipeline]) -> bool:
        """Whether there may be more than is in one answer, and that matters."""
        if len(pipelines) >= MOST_PIPELINES:
            return self._jobs or all(each.ref != self._branch for each in pipelines)
        return any(each.jobs is not None and len(each.jobs.nodes) >= MOST_JOBS for each in pipelines)
