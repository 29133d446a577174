"""Pipelines of the local GitLab: what GraphQL and REST say of them, and what a question costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.trackers.refusals import RefusedError

if TYPE_CHECKING:
    from graphql import DocumentNode

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Job:
    """A job, or an external status."""

    name: str
    status: str = "success"
    allow_failure: bool = False
    began: int | None = 60
    """Seconds after the beginning."""
    ended: int | None = 120
    url: str = ""
    """Of an external status."""


@dataclass
class Pipeline:
    """One run on a commit, of whichever ref."""

    sha: str
    status: str = "success"
    jobs: list[Job] = field(default_factory=list)
    ref: str = "stable"
    began: int | None = 60
    ended: int | None = 120


class PipelineRows:
    """All of a project, the newest last.

    Attributes:
        hidden: the token has no right to them: GraphQL then says that there are none, REST 403.
        jobs_hidden: it has none to jobs.
        skipping: "Skipped pipelines are considered successful".
        must_succeed: "Pipelines must succeed".
        lost: SHAs for which GraphQL says null.
        strength: of more commits at once GraphQL finds a question too complex.
    """

    def __init__(self, place: str) -> None:
        self._place = place
        self.rows: list[Pipeline] = []
        self.hidden = False
        self.jobs_hidden = False
        self.skipping: bool | None = False
        self.must_succeed: bool | None = False
        self.lost: set[str] = set()
        self.strength = 100

    def add(self, sha: str, status: str = "success", *jobs: Job, **more: Any) -> None:
        self.rows.append(Pipeline(sha, status, list(jobs), **more))

    def by_graphql(self, sha: str, first: int) -> Any:
        """See Project.pipelines in gitlab.graphql."""
        if sha in self.lost:
            return None
        rows = [] if self.hidden else self._of(sha)
        return {"nodes": [self._as_node(number, each) for number, each in rows[:first]]}

    def listed(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        """By REST, before it is cut into pages."""
        rows = self._of(query["sha"][0]) if "sha" in query else list(enumerate(self.rows, 1))[::-1]
        return [
            {
                "id": number,
                "sha": each.sha,
                "ref": each.ref,
                "status": each.status,
                "web_url": f"http://gitlab.example.org{self._path(number)}",
                "created_at": _time(0),
                "updated_at": _time(each.ended or each.began or 0),
            }
            for number, each in rows
        ]

    def statuses(self, sha: str) -> list[dict[str, Any]]:
        """Jobs and external statuses by REST, the oldest first; those that were tried again are left out."""
        return [
            {
                "id": 1000 * number + place,
                "sha": sha,
                "ref": each.ref,
                "pipeline_id": number,
                "name": job.name,
                "status": job.status,
                "allow_failure": job.allow_failure,
                "created_at": _time(0),
                "started_at": _time(job.began),
                "finished_at": _time(job.ended),
                "target_url": job.url or f"http://gitlab.example.org/acme/-/jobs/{1000 * number + place}",
            }
            for number, each in self._of(sha)[::-1]
            for place, job in enumerate(each.jobs)
        ]

    def _of(self, sha: str) -> list[tuple[int, Pipeline]]:
        """The newest first."""
        return [(number, each) for number, each in enumerate(self.rows, 1) if each.sha == sha][::-1]

    def _path(self, number: int) -> str:
        return f"{self._place}/-/pipelines/{number}"

    def _as_node(self, number: int, pipeline: Pipeline) -> dict[str, Any]:
        def jobs(_: Any, first: int, retried: bool | None = None) -> Any:
            assert retried is False, "those that were tried again would come, too"
            nodes = [
                {
                    "name": job.name,
                    "status": job.status.upper(),
                    "allowFailure": job.allow_failure,
                    "startedAt": _time(job.began),
                    "finishedAt": _time(job.ended),
                }
                # statuses_order_id_desc in app/graphql/resolvers/ci/jobs_resolver.rb
                for job in pipeline.jobs[::-1]
            ]
            return None if self.jobs_hidden else {"nodes": nodes[:first]}

        return {
            "path": self._path(number),
            "ref": pipeline.ref,
            "status": pipeline.status.upper(),
            "startedAt": _time(pipeline.began),
            "finishedAt": _time(pipeline.ended),
            "jobs": jobs,
        }


def check_complexity(document: DocumentNode, most: int) -> None:
    """Raises RefusedError, as GitLab does (docs.gitlab.com/api/graphql, "Maximum query complexity")."""
    from graphql import OperationDefinitionNode

    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    costs = _cost_of(operation.selection_set.selections)
    if costs > most:
        raise RefusedError("", f"Query has complexity of {costs}, which exceeds max complexity of {most}")


def _cost_of(fields: Any) -> int:
    """By types/base_field.rb and resolvers/base_resolver.rb in app/graphql of gitlab-org/gitlab: a point for
    each field; what a resolver finds costs one more, a search by SHA two, and what is a list grows by 1 % for
    each entry, unless it is asked for by number."""
    from graphql import FieldNode, IntValueNode

    total = 0
    for each in fields:
        assert isinstance(each, FieldNode)
        inner = _cost_of(each.selection_set.selections) if each.selection_set else 0
        given = {argument.name.value: argument.value for argument in each.arguments or ()}
        if each.name.value not in _RESOLVED:
            total += 1 + inner
            continue
        cost = inner + 1 + (2 if "sha" in given else 0)
        first = given.get("first")
        if isinstance(first, IntValueNode) and "iids" not in given:
            cost += int(cost * 0.01 * int(first.value))
        total += cost
    return total


_RESOLVED = frozenset({"project", "pipelines", "jobs", "mergeRequests"})


def _time(seconds: int | None) -> str | None:
    return None if seconds is None else (BEGINNING + timedelta(seconds=seconds)).isoformat()
