"""Which pipelines ran on commits, and what their jobs came to: GraphQL says it of several commits at once.

How many at once: GitLab counts what a question may cost before it answers
(docs.gitlab.com/api/graphql, "Maximum query complexity"; its rules are in app/graphql/types/base_field.rb).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from shepherd.check_results import Moment
from shepherd.trackers.client import Client
from shepherd.trackers.gitlab.commits import Convert, GraphRefusal

MOST_PIPELINES = 8
"""Of one commit that are looked at here."""
MOST_JOBS = 100
"""Of one pipeline, jobs and external statuses; a page of GitLab holds no more."""
COMPLEXITY = 250
"""What one question may cost."""
ANONYMOUS_COMPLEXITY = 200
"""The same without a token."""

_JOBS = (
    f" jobs(first: {MOST_JOBS}, retried: false)"
    " { nodes { name status allowFailure startedAt finishedAt } }"
)
_ONE = "c%d: pipelines(sha: $c%d, first: %d) { nodes { path ref status startedAt finishedAt%s } }"
_QUERY = (
    "query($project: ID!, %s) { project(fullPath: $project) { skipping: allowMergeOnSkippedPipeline %s } }"
)
_SKIPPING = "skipping"


class GitLabJob(Struct, frozen=True):
    """A job, a trigger of another pipeline, or an external status."""

    name: str | None
    status: str | None
    allowFailure: bool | None = None
    startedAt: Moment | None = None
    finishedAt: Moment | None = None
    url: str = ""
    """By REST alone."""


class _Jobs(Struct, frozen=True):
    nodes: tuple[GitLabJob | None, ...]


class GitLabPipeline(Struct, frozen=True):
    """One pipeline with its jobs, the newest first."""

    status: str
    ref: str | None = None
    path: str | None = None
    """Of its page, or the URL of that."""
    startedAt: Moment | None = None
    finishedAt: Moment | None = None
    jobs: _Jobs | None = None
    """None: they were not asked for, or the token has no right to them."""


class _Pipelines(Struct, frozen=True):
    nodes: tuple[GitLabPipeline | None, ...]


_PipelinesOrNone: Any = _Pipelines | None


class _ProjectPipelines(Struct, frozen=True):
    project: dict[str, msgspec.Raw] | None


class _PipelineAnswer(Struct, frozen=True):
    data: _ProjectPipelines | None = None
    errors: tuple[GraphRefusal, ...] = ()


class AskedPipelines(Struct, frozen=True):
    """What GitLab says of some commits."""

    of: dict[str, tuple[GitLabPipeline, ...]]
    """SHA -> pipelines on that very commit, the newest first; a commit that it left out is not there."""
    skipping: bool
    """A pipeline that was skipped lets merge requests through."""


class NotUnderstoodError(Exception):
    """This GitLab does not know such a question, or no project by this name, which may be a former one that
    REST follows: a smaller question would not help."""


def at_once(most: int, jobs: bool) -> int:
    """The most commits in a question of that complexity."""
    number = 1
    while complexity(number + 1, jobs) <= most:
        number += 1
    return number


def complexity(commits: int, jobs: bool) -> int:
    """What a question costs. Each field is one point; the project and a list add one, a search by SHA two
    more, and all of a list grows by a hundredth for each entry that it may have."""
    inner = 1 + 5
    if jobs:
        entries = 1 + 5
        inner += (entries + 1) * (100 + MOST_JOBS) // 100
    # the field `skipping` and the project
    return 2 + commits * ((inner + 3) * (100 + MOST_PIPELINES) // 100)


def ask(
    client: Client, project: str, shas: Sequence[str], jobs: bool, convert: Convert
) -> AskedPipelines | None:
    """None: GitLab refused it, as too complex or too slow.

    Args:
        jobs: they are wanted too.
        convert: raises TrackerError.

    Raises:
        RequestError: it came to nothing.
        NotUnderstoodError: see there.
        TrackerError: it is no GitLab.
    """
    names = ", ".join(f"$c{place}: String" for place in range(len(shas)))
    asked = " ".join(
        _ONE % (place, place, MOST_PIPELINES, _JOBS if jobs else "") for place in range(len(shas))
    )
    variables: dict[str, Any] = {f"c{place}": sha for place, sha in enumerate(shas)}
    content = client.send(
        "POST",
        f"{client.session.root}api/graphql",
        document={"query": _QUERY % (names, asked), "variables": {"project": project, **variables}},
        # halves are the second try
        repeatable=len(shas) == 1,
        writes=False,
        one_of_many=True,
    ).content
    answer = convert(content, _PipelineAnswer)
    if any(error.extensions is not None and error.extensions.code for error in answer.errors):
        raise NotUnderstoodError
    if answer.data is None:
        return None
    if answer.data.project is None:
        raise NotUnderstoodError
    there = answer.data.project
    of: dict[str, tuple[GitLabPipeline, ...]] = {}
    for place, sha in enumerate(shas):
        found = convert(bytes(there.get(f"c{place}", b"null")), _PipelinesOrNone)
        # one that cannot be seen may be the newest
        if found is not None and None not in found.nodes:
            of[sha] = found.nodes
    return AskedPipelines(of, bytes(there.get(_SKIPPING, b"null")) == b"true")
