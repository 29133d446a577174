"""Which commits merge requests brought: GraphQL says it of a hundred requests at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol, TypeVar

from msgspec import Struct

from shepherd.errors import TrackerError
from shepherd.trackers.client import Client
from shepherd.trackers.forge.reading import AT_ONCE
from shepherd.trackers.http import RequestError

_QUERY = (
    "query($project: ID!, $iids: [String!]) { project(fullPath: $project) {"
    " mergeRequests(iids: $iids, first: 100) { nodes { iid"
    " %s(first: 100) { nodes { sha } } } } } }"
)
WITHOUT_MERGES = _QUERY % "commits: commitsWithoutMergeCommits"
WITH_MERGES = _QUERY % "commitCount commits"
"""Since GitLab 14.7."""
MOST_REFUSED = 3
"""Of single requests in a row: then GraphQL does not answer today."""

_T = TypeVar("_T")


class _Sha(Struct, frozen=True):
    sha: str


class _Shas(Struct, frozen=True):
    nodes: tuple[_Sha | None, ...]


class BroughtCommits(Struct, frozen=True):
    """The commits of one merge request, the last hundred of them."""

    iid: str
    commits: _Shas | None
    commitCount: int | None = None

    @property
    def number(self) -> int:
        return int(self.iid)

    @property
    def shas(self) -> list[str]:
        return [each.sha for each in self.commits.nodes if each] if self.commits else []

    @property
    def complete(self) -> bool:
        """Whether these are all (asked WITH_MERGES)."""
        return self.commitCount == len(self.shas)


class _Nodes(Struct, frozen=True):
    nodes: tuple[BroughtCommits | None, ...]


class _Project(Struct, frozen=True):
    mergeRequests: _Nodes


class _Data(Struct, frozen=True):
    project: _Project | None


class _Extensions(Struct, frozen=True):
    code: str = ""
    """Of a question that is not valid: "undefinedField" (graphql-ruby.org, "Validation")."""


class GraphRefusal(Struct, frozen=True):
    """Why a question was refused, or a part of its answer is null."""

    extensions: _Extensions | None = None


class _Answer(Struct, frozen=True):
    data: _Data | None = None
    """None: refused, as too complex or too slow (docs.gitlab.com/api/graphql, "Limits")."""
    errors: tuple[GraphRefusal, ...] = ()

    @property
    def project(self) -> _Project | None:
        return self.data.project if self.data else None

    @property
    def never(self) -> bool:
        """This GitLab does not know such a question, or the project: a smaller one would not help."""
        return (self.data is not None and self.data.project is None) or any(
            error.extensions is not None and error.extensions.code for error in self.errors
        )


class Convert(Protocol):
    """GitLabService.convert."""

    def __call__(self, content: bytes, kind: type[_T]) -> _T: ...


def commits_of(
    client: Client, project: str, requests: Collection[int], query: str, convert: Convert
) -> Iterator[BroughtCommits]:
    """Yield them as they come, of as many of these requests as GraphQL says. A question that is refused is
    halved, and the next ones begin with what went through, and grow again.

    Args:
        query: WITHOUT_MERGES or WITH_MERGES.
        convert: raises TrackerError.
    """
    waiting, size, refused = sorted(requests), AT_ONCE, 0
    while waiting and refused < MOST_REFUSED:
        some = [str(number) for number in waiting[:size]]
        try:
            # halves are the second try
            content = client.send(
                "POST",
                f"{client.session.root}api/graphql",
                document={"query": query, "variables": {"project": project, "iids": some}},
                repeatable=len(some) == 1,
                writes=False,
                one_of_many=True,
            ).content
        except RequestError as error:
            if 400 <= error.status < 500:
                return
            answer = _Answer()
        else:
            try:
                answer = convert(content, _Answer)
            except TrackerError:
                return
        if answer.never:
            return
        if answer.project is None:
            if len(some) == 1:
                refused += 1
                waiting = waiting[1:]
            size = max(1, len(some) // 2)
            continue
        refused, waiting = 0, waiting[len(some) :]
        size = min(AT_ONCE, size + max(1, size // 2))
        asked = set(some)
        yield from (each for each in answer.project.mergeRequests.nodes if each and each.iid in asked)
