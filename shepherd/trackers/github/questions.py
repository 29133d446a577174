"""The questions to GitHub's GraphQL, and the shapes of their answers."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from shepherd.errors import TrackerError

LABELS = "labels(first: 100) { nodes { name } }"
ONLY_LABELS = "issueOrPullRequest(number: %d) { ... on Labelable { " + LABELS + " } }"
CLAIMED = (
    "issueOrPullRequest(number: %d) { __typename ... on Labelable { " + LABELS + " }"
    " ... on PullRequest { merged base: baseRefName head: headRefOid merge: mergeCommit { oid } } }"
)
"""With what confirms that it brought a landing, or does not."""
COMMIT = (
    'object(oid: "%s") { ... on Commit { associatedPullRequests(first: %d%s) { nodes {'
    " number merged baseRefName repository { nameWithOwner } " + LABELS + " }"
    " pageInfo { hasNextPage endCursor } } } }"
)
ALL_LABELS = "labels(first: 100%s) { nodes { name } pageInfo { hasNextPage endCursor } }"
DEPLOYMENTS = (
    "deployments(environments: %s, first: 20, orderBy: {field: CREATED_AT, direction: DESC})"
    " { nodes { commitOid latestStatus { state } } }"
)
PAGES = ((10, 100), (100, 20))
"""How many pull requests of how many commits are asked for in one call: first, and of those that have more.
GitHub refuses a question that could be answered by more than 500,000 nodes, and each has a hundred labels."""
MOST_PAGES = 100
QUERY = (
    "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { nameWithOwner %s } }"
)
PROBE = "query { viewer { login } }"

Parts = dict[str, msgspec.Raw]
"""Alias -> what stands in that field, not looked at yet."""


class Label(Struct, frozen=True):
    name: str


class LabelNodes(Struct, frozen=True):
    nodes: tuple[Label, ...]


class Labelled(Struct, frozen=True):
    labels: LabelNodes


class RepositoryName(Struct, frozen=True):
    nameWithOwner: str


class CommitId(Struct, frozen=True):
    oid: str


class ShownIssue(Labelled, frozen=True, tag_field="__typename", tag="Issue"):
    pass


class ShownPull(Labelled, frozen=True, tag_field="__typename", tag="PullRequest"):
    merged: bool
    base: str
    head: str
    merge: CommitId | None


ShownClaimed = ShownIssue | ShownPull


class DeploymentStatus(Struct, frozen=True):
    state: str


class ShownDeployment(Struct, frozen=True):
    commitOid: str
    latestStatus: DeploymentStatus | None = None


class DeploymentNodes(Struct, frozen=True):
    nodes: tuple[ShownDeployment, ...]


class PullOfCommit(Struct, frozen=True):
    number: int
    merged: bool
    baseRefName: str
    repository: RepositoryName
    labels: LabelNodes


class PageInfo(Struct, frozen=True):
    """Of a connection that is read forwards."""

    hasNextPage: bool
    endCursor: str | None = None

    @property
    def next(self) -> str:
        """What leads to the next page; empty: this was the last. Raises TrackerError."""
        if not self.hasNextPage:
            return ""
        if not self.endCursor:
            raise TrackerError("GitHub says that there is more, but not where")
        return f", after: {as_value(self.endCursor)}"


class PullNodes(Struct, frozen=True):
    nodes: tuple[PullOfCommit, ...]
    pageInfo: PageInfo


class AllLabels(LabelNodes, frozen=True):
    pageInfo: PageInfo


class CommitPulls(Struct, frozen=True):
    associatedPullRequests: PullNodes


class CallerLogin(Struct, frozen=True):
    login: str


class ErrorExtensions(Struct, frozen=True):
    saml_failure: bool | None = None
    code: str | int | None = None
    """Of what is wrong with the question itself."""


class GraphError(Struct, frozen=True):
    type: str | None = None
    path: tuple[str | int, ...] | None = None
    message: str | None = None
    extensions: ErrorExtensions | None = None

    @property
    def field(self) -> str:
        """The alias of the field of the repository that it is about; empty: it may be about all."""
        path = self.path or ()
        return str(path[1]) if len(path) > 1 and path[0] == "repository" else ""


class GraphAnswer(Struct, frozen=True):
    data: Parts | None = None
    errors: tuple[GraphError, ...] = ()


def as_value(text: str) -> str:
    """A text as a value of GraphQL, which has it from JSON."""
    return msgspec.json.encode(text).decode()
