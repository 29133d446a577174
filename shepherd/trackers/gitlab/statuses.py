"""What ran on one commit by REST: pipelines, and the newest of each of their jobs and external statuses
(docs.gitlab.com/api/commits, "List commit statuses")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from msgspec import Struct

from shepherd.check_results import Moment
from shepherd.errors import TrackerError
from shepherd.trackers.forge.reading import AT_ONCE
from shepherd.trackers.gitlab.check_meaning import PIPELINE, JobsOfOne
from shepherd.trackers.gitlab.pipelines import GitLabJob, GitLabPipeline
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
    ref: str | None = None

    @property
    def pipeline(self) -> GitLabPipeline:
        return GitLabPipeline(self.status, self.ref, self.web_url, self.created_at, self.updated_at)


class _ListedStatus(Struct, frozen=True):
    name: str
    status: str
    allow_failure: bool = False
    started_at: Moment | None = None
    finished_at: Moment | None = None
    target_url: str | None = None
    pipeline_id: int = 0
    """0: an older GitLab, which does not say it."""

    @property
    def job(self) -> GitLabJob:
        times = self.started_at, self.finished_at
        return GitLabJob(self.name, self.status, self.allow_failure, *times, self.target_url or "")


class GitLabRules(Struct, frozen=True):
    """What a project asks of pipelines before something is merged; what is missing the token may not see."""

    only_allow_merge_if_pipeline_succeeds: bool | None = None
    allow_merge_on_skipped_pipeline: bool | None = None


_T = TypeVar("_T")


def may_see_pipelines(service: GitLabService) -> None:
    """Raises TrackerError if there is no right to see the project's pipelines."""
    try:
        service.get("/pipelines", {"per_page": 1}, list[_ListedPipeline])
    except RequestError as error:
        if error.status in (401, 403):
            raise TrackerError(f"{error}; {WANTED}") from None
        raise


def ran_on(service: GitLabService, sha: str, jobs: bool) -> tuple[Sequence[GitLabPipeline], list[JobsOfOne]]:
    """The pipelines on a commit, and the jobs of each, children's too; the newest first.

    Raises RequestError, TrackerError.
    """
    listed = _all(service, "/pipelines", {"sha": sha, "order_by": "id", "sort": "desc"}, _ListedPipeline)
    by_pipeline: dict[int, list[GitLabJob]] = {}
    if jobs and listed:
        statuses = _all(service, f"/repository/commits/{sha}/statuses", {}, _ListedStatus)
        # where one may be of any pipeline, none is known to be newer than another
        told = all(each.pipeline_id for each in statuses)
        for each in statuses:
            by_pipeline.setdefault(each.pipeline_id if told else 0, []).append(each.job)
    return [each.pipeline for each in listed], [
        ("", some) for _, some in sorted(by_pipeline.items(), reverse=True)
    ]


def lets_skipped_through(service: GitLabService) -> bool:
    """Whether a pipeline that was skipped lets merge requests through."""
    return bool(service.get("", {}, GitLabRules).allow_merge_on_skipped_pipeline)


def required_checks(service: GitLabService) -> list[str]:
    """What the project's merge requests have to wait for. Raises TrackerError: GitLab does not say."""
    required = service.get("", {}, GitLabRules).only_allow_merge_if_pipeline_succeeds
    if required is None:
        raise TrackerError(f"GitLab shows the settings of {service.project} to members alone")
    return [PIPELINE] if required else []


def _all(service: GitLabService, path: str, asked: dict[str, Any], kind: type[_T]) -> list[_T]:
    entries: list[_T] = []
    for page in range(1, MOST_PAGES + 1):
        content = service.send("GET", path, {**asked, "per_page": AT_ONCE, "page": page}, one_of_many=True)
        some = service.convert(content, list[kind])  # type: ignore[valid-type]
        entries += some
        if len(some) < AT_ONCE:
            return entries
    raise TrackerError(f"{service.project}: what ran on a commit never ends")
