"""The checks of one commit by REST: the newest pipeline on it, the newest of its jobs and external statuses
(docs.gitlab.com/api/commits, "List commit statuses")."""

from __future__ import annotations

from msgspec import Struct

from shepherd.conditions import CheckResult, CommitChecks
from shepherd.errors import TrackerError
from shepherd.trackers.forge.check_parts import Moment, newest_of_each
from shepherd.trackers.forge.reading import AT_ONCE
from shepherd.trackers.gitlab.check_meaning import UNKNOWN_STATE, UnknownStateError, of_job, of_pipeline
from shepherd.trackers.gitlab.pipelines import GitLabJob
from shepherd.trackers.gitlab.service import MOST_PAGES, GitLabService
from shepherd.trackers.http import RequestError

WANTED = (
    "to read checks the token wants the scope read_api and the role Reporter, and the project has to have"
    " CI/CD switched on (docs/gitlab.md#checks)"
)
ANONYMOUS = "the statuses of single commits GitLab shows only with a token (docs/gitlab.md#checks)"


class _Pipeline(Struct, frozen=True):
    """Of the list of pipelines, which has no time of their end."""

    status: str
    web_url: str
    created_at: Moment
    updated_at: Moment


class _Status(Struct, frozen=True):
    id: int
    name: str
    status: str
    allow_failure: bool = False
    started_at: Moment | None = None
    finished_at: Moment | None = None
    target_url: str | None = None


class GitLabRules(Struct, frozen=True):
    """What a project asks of pipelines before something is merged; what is missing the token may not see."""

    only_allow_merge_if_pipeline_succeeds: bool | None = None
    allow_merge_on_skipped_pipeline: bool | None = None


def may_see_pipelines(service: GitLabService) -> None:
    """Raises TrackerError if there is no right to see the project's pipelines."""
    try:
        service.get("/pipelines", {"per_page": 1}, list[_Pipeline])
    except RequestError as error:
        if error.status in (401, 403):
            raise TrackerError(f"{error}; {WANTED}") from None
        raise


def checks_of_one(service: GitLabService, sha: str, jobs: bool) -> CommitChecks:
    """Raises RequestError, TrackerError."""
    asked = {"sha": sha, "order_by": "id", "sort": "desc", "per_page": 1}
    newest = service.convert(service.send("GET", "/pipelines", asked, one_of_many=True), list[_Pipeline])
    try:
        results = [_whole(service, each) for each in newest]
        if jobs and newest:
            statuses = sorted(_statuses(service, sha), key=lambda each: each.id, reverse=True)
            results += [of_job(_job(each), each.target_url or "") for each in statuses]
    except UnknownStateError:
        return CommitChecks(unreadable=UNKNOWN_STATE)
    except RequestError as error:
        if error.status == 401 and service.anonymous:
            return CommitChecks(unreadable=ANONYMOUS)
        raise
    return CommitChecks(newest_of_each(results))


def _whole(service: GitLabService, pipeline: _Pipeline) -> CheckResult:
    skipping = pipeline.status == "skipped" and bool(
        service.get("", {}, GitLabRules).allow_merge_on_skipped_pipeline
    )
    return of_pipeline(pipeline.status, pipeline.created_at, pipeline.updated_at, pipeline.web_url, skipping)


def _statuses(service: GitLabService, sha: str) -> list[_Status]:
    statuses: list[_Status] = []
    for page in range(1, MOST_PAGES + 1):
        asked = {"per_page": AT_ONCE, "page": page}
        content = service.send("GET", f"/repository/commits/{sha}/statuses", asked, one_of_many=True)
        some = service.convert(content, list[_Status])
        statuses += some
        if len(some) < AT_ONCE:
            return statuses
    raise TrackerError(f"{service.project}: the statuses of a commit never end")


def _job(status: _Status) -> GitLabJob:
    return GitLabJob(status.name, status.status, status.allow_failure, status.started_at, status.finished_at)
