"""What the states of GitLab's pipelines, jobs and external statuses amount to (docs/gitlab.md#checks)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import urljoin

from shepherd.check_results import seconds_of, worst_of_each
from shepherd.conditions import CheckResult, CheckWord, CommitChecks
from shepherd.trackers.gitlab.pipelines import GitLabJob, GitLabPipeline

PIPELINE = "pipeline"
"""The name of a pipeline as a whole, which GitLab gives none."""
UNKNOWN_STATE = "GitLab gives one of its pipelines or jobs a state that the shepherd does not know"

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


JobsOfOne = tuple[str, Iterable[GitLabJob | None]]
"""The page of a pipeline, which may be empty, and its jobs and external statuses."""


class UnknownStateError(Exception):
    """GitLab says something that the shepherd does not know."""


def checks_by(
    pipelines: Sequence[GitLabPipeline],
    jobs: Iterable[JobsOfOne],
    *,
    branch: str,
    skipping: bool,
    root: str,
) -> CommitChecks:
    """What ran on a commit says of it; all of it the newest first.

    Args:
        branch: the mainline's. As a whole its newest pipeline counts, where it has one.
        skipping: a pipeline that was skipped lets merge requests through.
        root: URL of the service.
    """
    # one whose ref is not said may be the mainline's
    whole = [each for each in pipelines if not each.ref or each.ref == branch] or pipelines
    try:
        results = [_of_pipeline(each, skipping, root) for each in whole[:1]]
        for page, some in jobs:
            newer = {each.name for each in results}
            # of one pipeline all count: an external status may have the name of a job
            results += [each for each in _of_jobs(page, some, root) if each.name not in newer]
    except UnknownStateError:
        return CommitChecks(unreadable=UNKNOWN_STATE)
    return CommitChecks(worst_of_each(results))


def _of_pipeline(pipeline: GitLabPipeline, skipping: bool, root: str) -> CheckResult:
    word = _word(pipeline.status)
    if word == "skipped" and not skipping:
        # nothing ran, which stops merge requests unless the project says otherwise
        word = "cancelled"
    since = pipeline.startedAt if word == "pending" else pipeline.finishedAt
    return CheckResult(PIPELINE, word, seconds_of(since), _url(root, pipeline.path))


def _of_jobs(page: str, jobs: Iterable[GitLabJob | None], root: str) -> Iterator[CheckResult]:
    for job in jobs:
        # what cannot be seen may be what is wanted
        if job is None or job.name is None or job.status is None:
            raise UnknownStateError
        word = _word(job.status)
        if word in ("failed", "cancelled") and job.allowFailure:
            # GitLab passes the pipeline, with a warning
            word = "neutral"
        since = job.startedAt if word == "pending" else job.finishedAt
        yield CheckResult(job.name, word, seconds_of(since), _url(root, job.url or page))


def _url(root: str, place: str | None) -> str:
    try:
        return urljoin(root, place) if place else ""
    except ValueError:
        return ""


def _word(status: str) -> CheckWord:
    word = _STATES.get(status.lower())
    if word is None:
        raise UnknownStateError
    return word
