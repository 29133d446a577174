"""The checks of one commit by REST: the newest pipeline on it, the newest of its jobs and external statuses
(docs.gitlab.com/api/commits, "List commit statuses")."""

from __future__ import annotations

from msgspec import Struct

from shepherd.conditions import CheckResult, CommitChecks
from shepherd.errors import TrackerError
from shepherd.trackers.forge.check_parts import Moment, newest_of_each, worst_of_each
from shepherd.trackers.forge.reading import AT_ONCE
from shepherd.trackers.gitlab.check_meaning import (
    PIPELINE,
    UNKNOWN_STATE,
    UnknownStateError,
    of_job,
    of_pipeline,
)
from shepherd.trackers.gitlab.pipelines import GitLabJob
from shepherd.trackers.gitlab.service import MOST_PAGES, GitLabService
from shepherd.trackers.http import RequestError

WANTED = (
    "to read checks the token wants the scope read_api and the role Reporter, and the project has to have"
    " CI/CD switched on (docs/gitlab.md#checks)"
)
ANONYMOUS = "the statuses of single commits GitLab shows only with a token (docs/gitlab.md#checks)"


class _ListedPipeline(Struct, frozen=True):
    """Of the list of pipelines, which has no time of their end."""

    status: str
    web_url: str
    created_at: Moment
    updated_at: Moment


class _ListedStatus(Struct, frozen=True):
    id: int
    name: str
    status: str
    allow_failure: bool = False
    started_at: Moment | None = None
    finished_at: Moment | None = None
    target_url: str | None = None
    pipeline_id: int = 0
    """0: an older GitLab, which does not say it; then each counts for itself."""


class GitLabRules(Struct, frozen=True):
    """What a project asks of pipelines before something is merged; what is missing the token may not see."""

    only_allow_merge_if_pipeline_succeeds: bool | None = None
    allow_merge_on_skipped_pipeline: bool | None = None


def may_see_pipelines(service: GitLabService) -> None:
    """Raises TrackerError if there is no right to see the project's pipelines."""
    try:
        service.get("/pipelines", {"per_page": 1}, list[_ListedPipeline])
    except RequestError as error:
        if error.status in (401, 403):
            raise TrackerError(f"{error}; {WANTED}") from None
        raise


def checks_of_one(service: GitLabService, sha: str, jobs: bool) -> CommitChecks:
    """Raises RequestError, TrackerError."""
    asked = {"sha": sha, "order_by": "id", "sort": "desc", "per_page": 1}
    newest = service.convert(
        service.send("GET", "/pipelines", asked, one_of_many=True), list[_ListedPipeline]
    )
    try:
        results = [_whole(service, each) for each in newest]
        if jobs and newest:
            by_pipeline: dict[int, list[CheckResult]] = {}
            for each in _statuses(service, sha):
                said = of_job(_job(each), each.target_url or "")
                by_pipeline.setdefault(each.pipeline_id or each.id, []).append(said)
            for _, several in sorted(by_pipeline.items(), reverse=True):
                results += worst_of_each(several)
    except UnknownStateError:
        return CommitChecks(unreadable=UNKNOWN_STATE)
    except RequestError as error:
        if error.status == 401 and service.anonymous:
            return CommitChecks(unreadable=ANONYMOUS)
        raise
    return CommitChecks(newest_of_each(results))


def required_checks(service: GitLabService) -> list[str]:
    """What the project's merge requests have to wait for. Raises TrackerError: GitLab does not say."""
    required = service.get("", {}, GitLabRules).only_allow_merge_if_pipeline_succeeds
    if required is None:
        raise TrackerError(f"GitLab shows the settings of {service.project} to members alone")
    return [PIPELINE] if required else []


def _whole(service: GitLabService, pipeline: _ListedPipeline) -> CheckResult:
    skipping = pipeline.status == "skipped" and bool(
        service.get("", {}, GitLabRules).allow_merge_on_skipped_pipeline
    )
    return of_pipeline(pipeline.status, pipeline.created_at, pipeline.updated_at, pipeline.web_url, skipping)


def _statuses(service: GitLabService, sha: str) -> list[_ListedStatus]:
    statuses: list[_ListedStatus] = []
    for page in range(1, MOST_PAGES + 1):
        asked = {"per_page": AT_ONCE, "page": page}
        content = service.send("GET", f"/repository/commits/{sha}/statuses", asked, one_of_many=True)
        some = service.convert(content, list[_ListedStatus])
        statuses += some
        if len(some) < AT_ONCE:
            return statuses
    raise TrackerError(f"{service.project}: the statuses of a commit never end")


def _job(status: _ListedStatus) -> GitLabJob:
    return GitLabJob(status.name, status.status, status.allow_failure, status.started_at, status.finished_at)
