"""What stands in a field of GitHub's answer, or why it could not be read.

By GitHub's schema (npm @octokit/graphql-schema) `labels`, their `nodes`, each node, `associatedPullRequests`,
its `nodes` and each node may be null: nothing is known of a thing then, which is not "no label" or "no pull
request". `mergeCommit` is null before a merge, `latestStatus` before the first status, `object` where there
is no such commit.
"""

from __future__ import annotations

from typing import TypeAlias, TypeVar

import msgspec

from shepherd.errors import TrackerError
from shepherd.trackers.forge.batches import TooMuchPart
from shepherd.trackers.forge.items import Absent, Request, UnreadablePart
from shepherd.trackers.github.questions import CommitPulls, GraphError, LabelNodes
from shepherd.trackers.github.refusals import NO_RIGHT, reason

TOO_COSTLY = "even alone, the question about it takes more resources than GitHub allows"
TOO_LARGE = frozenset({"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED"})
"""Types of an error of GraphQL that a smaller question may not meet."""


_A = TypeVar("_A")
Answer: TypeAlias = _A | UnreadablePart | Absent | None
"""What stands in a field; None: nothing does, by GitHub's word."""
PullsOf = tuple[list[Request], str]
"""Those that brought a commit, and where to read on."""


class ForbiddenPart(UnreadablePart, frozen=True):
    """The token has no right to it."""


def pulls_of(answer: Answer[CommitPulls], name: str) -> Answer[PullsOf]:
    """Args: name: the repository's; a fork's requests are not ours."""
    if not isinstance(answer, CommitPulls):
        return answer
    brought = answer.associatedPullRequests
    requests = [
        Request(pull.number, names_of(pull.labels), pull.merged, pull.baseRefName)
        for pull in brought.nodes
        if pull.merged and pull.repository.nameWithOwner == name
    ]
    try:
        return requests, brought.pageInfo.next
    except TrackerError as error:
        return UnreadablePart(str(error))


def decoded(part: bytes, kind: type[_A]) -> _A | UnreadablePart:
    """What stands in a field, if it is complete."""
    try:
        return msgspec.json.decode(part, type=kind)
    except msgspec.ValidationError as error:
        # only the place: the rest could quote what was sent
        _, _, place = str(error).partition(" - at `")
        return UnreadablePart(f"the answer is incomplete{place and f' (at `{place})'}")


def refused_part(error: GraphError) -> UnreadablePart | Absent:
    """What an error about one field, or about a part of it, means for that field."""
    if error.type == "NOT_FOUND" and len(error.path or ()) == 2:
        return Absent("")
    if error.type in TOO_LARGE:
        return TooMuchPart(TOO_COSTLY)
    saml = error.extensions is not None and error.extensions.saml_failure is True
    known = reason(error.message or "", saml=saml)
    if error.type == "FORBIDDEN":
        return ForbiddenPart(known or NO_RIGHT)
    return UnreadablePart(known or f"GitHub reports an error ({type_of(error)})")


def type_of(error: GraphError) -> str:
    """As it may stand in a sentence."""
    kind = error.type or ""
    named = 0 < len(kind) <= 40 and kind.replace("_", "").isalpha() and kind.isascii() and kind.isupper()
    return kind if named else "without a type"


def names_of(labels: LabelNodes) -> tuple[str, ...]:
    return tuple(label.name for label in labels.nodes)
