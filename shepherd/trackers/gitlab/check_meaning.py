"""What the states of GitLab's pipelines, jobs and external statuses amount to (docs/gitlab.md#checks)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from urllib.parse import urljoin

from shepherd.check_results import check_result
from shepherd.conditions import CheckResult, CheckWord, CommitChecks
from shepherd.trackers.forge.check_parts import newest_of_each, worst_of_each
from shepherd.trackers.gitlab.pipelines import GitLabJob, GitLabPipeline

PIPELINE = "pipeline"
"""The name of the newest pipeline as a whole, which GitLab gives none."""
UNKNOWN_STATE = "GitLab gives one of its pipelines or jobs a state that the shepherd does not know"
NO_JOBS = (
    "GitLab shows the pipelines on it, but not their jobs: the token wants the role Reporter, or"
    " Project-based pipeline visibility has to be on (docs/gitlab.md#checks)"
)

_STATES: Mapping[str, CheckWord] = {
    # docs.gitlab.com/api/graphql/reference, CiJobStatus and PipelineStatusEnum
    **dict.fromkeys(
        (
            "created",
            "waiting_for_resource",
            "waiting_for_callback",
            "preparing",
            "pending",
            "running",
            "canceling",
            "scheduled",
        ),
        "pending",
    ),
    # it waits for a person, also where nothing else waits for it: nobody knows what it would say
    "manual": "pending",
    "success": "success",
    "skipped": "skipped",
    "failed": "failed",
    "canceled": "cancelled",
}


class UnknownStateError(Exception):
    """GitLab says something that the shepherd does not know."""


def checks_by(pipelines: Iterable[GitLabPipeline], *, jobs: bool, skipping: bool, root: str) -> CommitChecks:
    """What pipelines, the newest first, say of the commit that they ran on.

    Args:
        jobs: they were asked for.
        skipping: see AskedPipelines.
        root: URL of the service.
    """
    several = list(pipelines)
    if jobs and any(each.jobs is None for each in several):
        return CommitChecks(unreadable=NO_JOBS)
    try:
        return CommitChecks(newest_of_each(_results(several, skipping, root)))
    except UnknownStateError:
        return CommitChecks(unreadable=UNKNOWN_STATE)


def _results(pipelines: Iterable[GitLabPipeline], skipping: bool, root: str) -> Iterator[CheckResult]:
    for place, each in enumerate(pipelines):
        url = urljoin(root, each.path) if each.path else ""
        if place == 0:
            yield of_pipeline(each.status, each.startedAt, each.finishedAt, url, skipping)
        # an external status may have the name of a job
        yield from worst_of_each(_of_jobs(each, url))


def _of_jobs(pipeline: GitLabPipeline, url: str) -> Iterator[CheckResult]:
    for job in pipeline.jobs.nodes if pipeline.jobs else ():
        # what cannot be seen may be what is wanted
        if job is None or job.name is None or job.status is None:
            raise UnknownStateError
        yield of_job(job, url)


def of_pipeline(
    status: str, began: datetime | None, ended: datetime | None, url: str, skipping: bool
) -> CheckResult:
    """Raises UnknownStateError."""
    word = _word(status)
    if word == "skipped" and not skipping:
        # nothing ran, which stops merge requests unless the project says otherwise
        word = "cancelled"
    return check_result(PIPELINE, word, began if word == "pending" else ended, url)


def of_job(job: GitLabJob, url: str) -> CheckResult:
    """Raises UnknownStateError."""
    word = _word(job.status or "")
    if word in ("failed", "cancelled") and job.allowFailure:
        # GitLab passes the pipeline, with a warning
        word = "neutral"
    return check_result(job.name or "", word, job.startedAt if word == "pending" else job.finishedAt, url)


def _word(status: str) -> CheckWord:
    word = _STATES.get(status.lower())
    if word is None:
        raise UnknownStateError
    return word
