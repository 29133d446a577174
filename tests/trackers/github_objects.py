"""What the local GitHub has, as GitHub's GraphQL shows it (see schema).

"" is the key of an object, for GitHub.spoil: the number of an issue or pull request, the SHA of a commit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.trackers import github_checks
from tests.trackers.github_faults import FORBIDDEN
from tests.trackers.refusals import RefusedError

if TYPE_CHECKING:
    from tests.trackers.github_server import GitHub, Thing

Object = dict[str, Any]


def root(hub: GitHub) -> Object:
    """Of queries; there are no mutations."""

    def repository(_info: Any, owner: str, name: str, **_: Any) -> Object:
        if f"{owner}/{name}".lower() not in (hub.project.lower(), hub.known_as.lower()):
            why = f"Could not resolve to a Repository with the name '{owner}/{name}'."
            raise RefusedError("NOT_FOUND", why)
        return _repository(hub)

    return {
        "__typename": "Query",
        "viewer": {"__typename": "User", "login": "shepherd"},
        "repository": repository,
        "rateLimit": {
            "__typename": "RateLimit",
            "limit": hub.limit,
            "remaining": hub.remaining,
            "used": hub.limit - hub.remaining,
        },
    }


def _repository(hub: GitHub) -> Object:
    def issue_or_pull_request(_info: Any, number: int) -> Object:
        thing = hub.things.get(number)
        if thing is None:
            why = f"Could not resolve to an issue or pull request with the number of {number}."
            raise RefusedError("NOT_FOUND", why)
        if thing.forbidden:
            raise RefusedError("FORBIDDEN", FORBIDDEN, saml_failure=False)
        return _thing(hub, number, thing)

    def pull_request(info: Any, number: int) -> Object:
        if number in hub.things and not hub.things[number].base:
            why = f"Could not resolve to a PullRequest with the number of {number}."
            raise RefusedError("NOT_FOUND", why)
        return issue_or_pull_request(info, number)

    def some_object(_info: Any, oid: str) -> Object | None:
        pulls = hub.brought_by(oid)
        if not pulls and oid not in hub.commits and oid not in hub.runs and oid not in hub.statuses:
            return None
        shown = [partial(_thing, hub, number, thing) for number, thing in pulls]
        return _commit(oid) | {
            "associatedPullRequests": _connection(hub, "PullRequestConnection", oid, shown),
            "statusCheckRollup": github_checks.rollup(hub, oid, _connection),
            "checkSuites": github_checks.suites(hub, oid, _connection),
        }

    labels = [partial(_label, hub, name) for name in hub.labels]
    return {
        "__typename": "Repository",
        "nameWithOwner": hub.known_as,
        "issueOrPullRequest": issue_or_pull_request,
        "pullRequest": pull_request,
        "object": some_object,
        "ref": partial(github_checks.ref, hub, _connection),
        "labels": _connection(hub, "LabelConnection", "", labels),
        "deployments": lambda _info, **asked: _deployments(hub, **asked),
    }


def _thing(hub: GitHub, number: int, thing: Thing) -> Object:
    labels = [partial(_label, hub, name) for name in thing.labels]
    comments = [partial(_comment, text) for text in thing.comments]
    shown = {
        "": number,
        "__typename": "PullRequest" if thing.base else "Issue",
        "number": number,
        "labels": _connection(hub, "LabelConnection", number, labels),
        "comments": _connection(hub, "IssueCommentConnection", number, comments),
        "locked": thing.locked,
        "repository": {"__typename": "Repository", "nameWithOwner": thing.home or hub.known_as},
    }
    if not thing.base:
        return {**shown, "state": "OPEN"}
    merge = _commit(thing.commits[-1]) if thing.merged and thing.commits else None
    return {
        **shown,
        "state": "MERGED" if thing.merged else "CLOSED",
        "merged": thing.merged,
        "headRefOid": thing.head,
        "mergeCommit": merge,
        "baseRefName": thing.base,
    }


def _commit(oid: str) -> Object:
    return {"": oid, "__typename": "Commit", "oid": oid}


def _comment(text: str) -> Object:
    return {"__typename": "IssueComment", "body": text}


def _label(hub: GitHub, name: str) -> Object:
    color, description = hub.style_of(name)
    return {"__typename": "Label", "name": name, "color": color, "description": description}


def _connection(
    hub: GitHub, kind: str, key: int | str, members: Sequence[Callable[[], Any]]
) -> Callable[..., Object]:
    """Read forwards by `first` and `after`, or backwards by `last` and `before`."""

    def connection(
        _info: Any,
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
        before: str | None = None,
        **_: Any,
    ) -> Object:
        start = int(after or 0)
        stop = len(members) if before is None else int(before)
        if first is not None:
            stop = min(stop, start + min(first, hub.page))
        elif last is not None:
            start = max(start, stop - min(last, hub.page))
        return {
            "": key,
            "__typename": kind,
            "totalCount": len(members),
            "nodes": lambda _info: [make() for make in members[start:stop]],
            "pageInfo": {
                "__typename": "PageInfo",
                "hasNextPage": stop < len(members),
                "endCursor": str(stop) if start < stop else None,
                "hasPreviousPage": start > 0,
                "startCursor": str(start) if start < stop else None,
            },
        }

    return connection


def _deployments(hub: GitHub, environments: list[str], first: int, orderBy: Any, **_: Any) -> Object:
    assert orderBy == {"field": "CREATED_AT", "direction": "DESC"}
    if hub.hides_deployments:
        raise RefusedError("FORBIDDEN", FORBIDDEN, saml_failure=False)
    found = [each for each in reversed(hub.deployments) if each[0] in environments][:first]
    nodes = [
        {
            "__typename": "Deployment",
            "commitOid": sha,
            "latestStatus": {"__typename": "DeploymentStatus", "state": state} if state else None,
        }
        for _, sha, state in found
    ]
    return {"__typename": "DeploymentConnection", "nodes": nodes}
