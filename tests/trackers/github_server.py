"""A GitHub on this machine: one repository with issues, pull requests and labels, over GraphQL and REST.

Numbers are shared by issues and pull requests, label names are compared without regard to case, a label that
is put on a pull request and is not there yet is made (grey, undescribed), as on the real one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.trackers.forge_server import Answer, Forge
from tests.trackers.graphql import RefusedError, answer

GREY = ("ededed", None)
MOST_NODES = 500_000
"""That one question may be answered by, as GitHub counts them."""


@dataclass
class Thing:
    """An issue, or a pull request if `base` is not empty."""

    labels: list[str] = field(default_factory=list)
    base: str = ""
    """The branch that it was merged into."""
    commits: list[str] = field(default_factory=list)
    """SHAs that merging it brought to that branch, its merge commit last."""
    head: str = "feed" * 10
    """SHA of its own branch's tip."""
    merged: bool = True
    comments: list[str] = field(default_factory=list)
    forbidden: bool = False
    locked: bool = False
    home: str = ""
    """Another repository, where a fork's commits came from."""


def pull(*labels: str, base: str = "stable", commits: tuple[str, ...] = (), **more: Any) -> Thing:
    return Thing(list(labels), base, list(commits), **more)


def issue(*labels: str, **more: Any) -> Thing:
    return Thing(list(labels), **more)


class GitHub(Forge):
    """See the module."""

    kind = "github"

    def __init__(self, project: str = "acme/shop") -> None:
        super().__init__(project)
        self.known_as = project
        """What it is called now: it may have been renamed."""
        self.things: dict[int, Thing] = {}
        self.labels: dict[str, tuple[str, str | None]] = {}
        """Name -> colour, description."""
        self.commits: set[str] = set()
        """SHAs that no pull request brought."""
        self.deployments: list[tuple[str, str, str]] = []
        """Environment, SHA, state of the latest status ("" for none); the newest last."""
        self.hides_deployments = False
        """The token has no right to them."""
        self.remaining = 5000
        self.reset = 0
        """Seconds since 1970."""
        self.page = 100
        """The most of a connection in one answer."""

    def secret_of(self, headers: Any) -> str:
        kind, _, token = headers.get("Authorization", "").partition(" ")
        return token if kind in ("token", "Bearer") else ""

    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": "5000",
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        if not self.secrets[-1]:
            raise Answer(401, {"message": "Requires authentication"})
        if path.endswith("/graphql"):
            assert method == "POST"
            if self.remaining <= 0:
                return {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
            return answer(body["query"], body["variables"], self._root(), MOST_NODES)
        if self.remaining <= 0:
            raise Answer(403, {"message": "API rate limit exceeded for user ID 1."})
        return self._rest(method, path, body)

    # GraphQL

    def _root(self) -> dict[str, Any]:
        return {
            "__typename": "Query",
            "viewer": {"login": "shepherd", "__typename": "User"},
            "repository": self._repository,
        }

    def _repository(self, owner: str, name: str) -> dict[str, Any]:
        if f"{owner}/{name}".lower() not in (self.project.lower(), self.known_as.lower()):
            raise RefusedError(
                "NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'."
            )
        return {
            "__typename": "Repository",
            "nameWithOwner": self.known_as,
            "issueOrPullRequest": self._issue_or_pull_request,
            "object": self._object,
            "labels": self._labels,
            "deployments": self._deployments,
        }

    def _deployments(self, environments: list[str], first: int, orderBy: dict[str, str]) -> dict[str, Any]:
        assert orderBy == {"field": "CREATED_AT", "direction": "DESC"}
        if self.hides_deployments:
            raise RefusedError("FORBIDDEN", "Resource not accessible by personal access token")
        found = [each for each in reversed(self.deployments) if each[0] in environments]
        nodes = [
            {
                "__typename": "Deployment",
                "commitOid": sha,
                "latestStatus": {"__typename": "DeploymentStatus", "state": state} if state else None,
            }
            for _, sha, state in found[:first]
        ]
        return {"__typename": "DeploymentConnection", "nodes": nodes}

    def _issue_or_pull_request(self, number: int) -> dict[str, Any]:
        thing = self.things.get(number)
        if thing is None:
            raise RefusedError("NOT_FOUND", f"Could not resolve to an issue or pull request {number}.")
        if thing.forbidden:
            raise RefusedError("FORBIDDEN", "Resource not accessible by personal access token")
        return self._shown(number, thing)

    def _shown(self, number: int, thing: Thing) -> dict[str, Any]:
        kind = "PullRequest" if thing.base else "Issue"

        def labels(first: int) -> dict[str, Any]:
            assert first <= 100
            return {"__typename": "LabelConnection", "nodes": [_label(name) for name in thing.labels[:first]]}

        def comments(last: int, before: str | None = None) -> dict[str, Any]:
            assert last <= 100
            stop = len(thing.comments) if before is None else int(before)
            start = max(0, stop - min(last, self.page))
            return {
                "__typename": "IssueCommentConnection",
                "nodes": [
                    {"__typename": "IssueComment", "body": text} for text in thing.comments[start:stop]
                ],
                "pageInfo": {
                    "__typename": "PageInfo",
                    "hasPreviousPage": start > 0,
                    "startCursor": str(start),
                },
            }

        return {
            "__typename": kind,
            "__types": (kind, "Labelable"),
            "number": number,
            "labels": labels,
            "locked": thing.locked,
            "comments": comments,
            "merged": thing.merged,
            "headRefOid": thing.head,
            "mergeCommit": self._commit(thing.commits[-1]) if thing.merged and thing.commits else None,
            "baseRefName": thing.base,
            "repository": {"__typename": "Repository", "nameWithOwner": thing.home or self.known_as},
        }

    def _object(self, oid: str) -> dict[str, Any] | None:
        pulls = self.brought_by(oid)
        if not pulls and oid not in self.commits:
            return None

        def associated(first: int, after: str | None = None) -> dict[str, Any]:
            assert first <= 100
            start = int(after or 0)
            stop = start + min(first, self.page)
            return {
                "__typename": "PullRequestConnection",
                "nodes": [self._shown(number, thing) for number, thing in pulls[start:stop]],
                "pageInfo": _page_info(stop, len(pulls)),
            }

        return self._commit(oid) | {"associatedPullRequests": associated}

    @staticmethod
    def _commit(oid: str) -> dict[str, Any]:
        return {"__typename": "Commit", "__types": ("Commit", "GitObject"), "oid": oid}

    def brought_by(self, sha: str) -> list[tuple[int, Thing]]:
        return [(number, thing) for number, thing in self.things.items() if sha in thing.commits]

    def _labels(self, first: int, after: str | None = None) -> dict[str, Any]:
        assert first <= 100
        start = int(after or 0)
        stop = start + min(first, self.page)
        return {
            "__typename": "LabelConnection",
            "nodes": [_label(name) for name in list(self.labels)[start:stop]],
            "pageInfo": _page_info(stop, len(self.labels)),
        }

    def _spelling(self, name: str) -> str:
        return next((each for each in self.labels if each.lower() == name.lower()), "")

    # REST

    def _rest(self, method: str, path: str, body: Any) -> Any:
        place = path.removeprefix(f"/repos/{self.known_as}")
        if place == path and path.startswith(f"/repos/{self.project}"):
            raise Answer(301, {"message": "Moved"}, {"Location": f"{self.root}/repositories/1"})
        if method == "POST" and place == "/labels":
            if self._spelling(body["name"]):
                raise Answer(422, {"message": "Validation Failed", "errors": [{"code": "already_exists"}]})
            self.labels[body["name"]] = (body["color"], body.get("description"))
            raise Answer(201, {"name": body["name"]})
        found = re.fullmatch(r"/issues/(\d+)/(labels|comments)(?:/(.+))?", place)
        thing = self.things.get(int(found[1])) if found else None
        if method == "GET" and (commit := re.fullmatch(r"/commits/([0-9a-f]+)/pulls", place)):
            return [self._told(*each) for each in self.brought_by(commit[1])]
        if method == "GET" and (number := re.fullmatch(r"/(?:issues|pulls)/(\d+)", place)):
            return self._told(int(number[1]), self.things[int(number[1])])
        if not found or thing is None:
            raise Answer(404, {"message": "Not Found"})
        if thing.locked and found[2] == "comments":
            raise Answer(403, {"message": "Unable to create comment because issue is locked."})
        if thing.forbidden:
            raise Answer(403, {"message": "Resource not accessible by personal access token"})
        match method, found[2]:
            case "POST", "labels":
                for name in body if isinstance(body, list) else body["labels"]:
                    self.labels.setdefault(self._spelling(name) or name, GREY)
                    if not any(name.lower() == each.lower() for each in thing.labels):
                        thing.labels.append(self._spelling(name))
                return [{"name": name} for name in thing.labels]
            case "DELETE", "labels":
                gone = [each for each in thing.labels if each.lower() == unquote(found[3]).lower()]
                if not gone:
                    raise Answer(404, {"message": "Label does not exist"})
                thing.labels.remove(gone[0])
                return [{"name": name} for name in thing.labels]
            case "POST", "comments":
                thing.comments.append(body["body"])
                raise Answer(201, {"id": len(thing.comments), "body": body["body"]})
        raise Answer(404, {"message": "Not Found"})

    @staticmethod
    def _told(number: int, thing: Thing) -> dict[str, Any]:
        return {"number": number, "labels": [{"name": name} for name in thing.labels]}


def _label(name: str) -> dict[str, Any]:
    return {"__typename": "Label", "name": name}


def _page_info(stop: int, count: int) -> dict[str, Any]:
    return {"__typename": "PageInfo", "hasNextPage": stop < count, "endCursor": str(stop)}
