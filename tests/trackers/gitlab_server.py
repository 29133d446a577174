"""A GitLab on this machine: a project with issues, merge requests, labels; REST version 4, some GraphQL.

Issues and merge requests have a row of numbers each, label names differ by case, a label that is put on a
merge request and is not there yet is made (grey, undescribed), a scoped one (`qa::ok`) takes away the others
of its scope, as on the real one (Premium).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.trackers import graphql
from tests.trackers.forge_server import Answer, Forge

GREY = ("#6699cc", "")


@dataclass
class Thing:
    """An issue, or a merge request if `base` is not empty."""

    labels: list[str] = field(default_factory=list)
    base: str = ""
    commits: list[str] = field(default_factory=list)
    """SHAs that it brought, oldest first; the last one is its head."""
    merge_commit: str = ""
    squash_commit: str = ""
    state: str = "merged"
    comments: list[str] = field(default_factory=list)
    confidential: bool = False
    locked: bool = False
    updated: int = 0
    """The later, the larger."""


def merge(*labels: str, base: str = "stable", commits: tuple[str, ...] = (), **more: Any) -> Thing:
    return Thing(list(labels), base, list(commits), **more)


def issue(*labels: str, **more: Any) -> Thing:
    return Thing(list(labels), state="closed", **more)


class GitLab(Forge):
    """See the module."""

    kind = "gitlab"

    def __init__(self, project: str = "acme/web/shop") -> None:
        super().__init__(project)
        self.merges: dict[int, Thing] = {}
        self.issues: dict[int, Thing] = {}
        self.labels: dict[str, tuple[str, str]] = {}
        self.commits: set[str] = set()
        """SHAs that no merge request brought."""
        self.graphql = True
        """Whether it answers such questions at all."""
        self.deployments: list[tuple[str, str, str]] = []
        """Environment, SHA, state; the newest last."""
        self.hides_deployments = False
        """The token has no right to them."""
        self.public = False
        self.page = 100
        """The most entries in one answer."""

    def secret_of(self, headers: Any) -> str:
        return str(headers.get("PRIVATE-TOKEN", ""))

    def lets_in(self, secret: str) -> bool:
        return super().lets_in(secret) or (self.public and not secret)

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        asking = self.secrets[-1]
        if path == "/api/v4/user":
            return {"username": "project_1_bot"} if asking else _refuse(401)
        if path == "/api/graphql":
            return self._graphql(body)
        place = path.removeprefix(f"/api/v4/projects/{quote(self.project, safe='')}")
        if place == path:
            _refuse(404, "404 Project Not Found")
        if method != "GET" and not asking:
            _refuse(401)
        if place == "/labels":
            return self._labels(method, query, body)
        if found := re.fullmatch(r"/repository/commits/([0-9a-f]+)/merge_requests", place):
            return self._related(found[1], query)
        if place == "/deployments":
            if self.hides_deployments:
                _refuse(403, "403 Forbidden")
            return self._deployments(query)
        if place in ("/merge_requests", "/issues"):
            return self._list(place[1:], query)
        if found := re.fullmatch(r"/(merge_requests|issues)/(\d+)(/notes)?", place):
            return self._one(method, found[1], int(found[2]), bool(found[3]), query, body)
        return _refuse(404)

    def _deployments(self, query: dict[str, list[str]]) -> list[Any]:
        assert (query["order_by"], query["sort"]) == (["created_at"], ["desc"])
        found = [
            {"sha": sha, "status": state.lower(), "created_at": f"2026-01-01T00:00:{number:02}.000Z"}
            for number, (environment, sha, state) in enumerate(self.deployments)
            if query["environment"] == [environment] and query["status"] == [state.lower()]
        ]
        return self._page(found[::-1], query)

    def _graphql(self, body: Any) -> Any:
        if not self.graphql:
            return {
                "errors": [{"message": "Query has complexity of 999, which exceeds max complexity of 250"}]
            }

        def project(fullPath: str) -> Any:  # as GitLab calls it
            return {"mergeRequests": requests} if fullPath == self.project else None

        def requests(iids: list[str], first: int) -> Any:
            rows = [(n, thing) for n, thing in self._rows("merge_requests").items() if str(n) in iids]
            return {"nodes": [one(number, thing) for number, thing in rows[:first]]}

        def one(number: int, thing: Thing) -> Any:
            def commits(first: int) -> Any:
                return {"nodes": [{"sha": sha} for sha in thing.commits[::-1][:first]]}

            return {"iid": str(number), "commitsWithoutMergeCommits": commits}

        return graphql.answer(body["query"], body["variables"], {"project": project})

    def _rows(self, kind: str) -> dict[int, Thing]:
        rows = self.merges if kind == "merge_requests" else self.issues
        return {number: thing for number, thing in rows.items() if not thing.confidential}

    def _list(self, kind: str, query: dict[str, list[str]]) -> list[Any]:
        rows = self._rows(kind)
        if "iids[]" in query:
            wanted = {int(each) for each in query["iids[]"]}
            rows = {number: thing for number, thing in rows.items() if number in wanted}
        if query.get("state", ["all"]) != ["all"]:
            rows = {number: thing for number, thing in rows.items() if [thing.state] == query["state"]}
        if "target_branch" in query:
            rows = {n: thing for n, thing in rows.items() if [thing.base] == query["target_branch"]}
        if query.get("order_by") == ["updated_at"]:
            rows = dict(sorted(rows.items(), key=lambda row: row[1].updated, reverse=True))
        return self._page([_shown(number, thing) for number, thing in rows.items()], query)

    def _related(self, sha: str, query: dict[str, list[str]]) -> list[Any]:
        related = [
            _shown(number, thing)
            for number, thing in self.merges.items()
            if sha in (*thing.commits, thing.merge_commit, thing.squash_commit)
        ]
        if not related and sha not in self.commits:
            _refuse(404, "404 Commit Not Found")
        return self._page(related, query)

    def _page(self, rows: list[Any], query: dict[str, list[str]]) -> list[Any]:
        size = min(int(query.get("per_page", ["20"])[0]), self.page)
        start = (int(query.get("page", ["1"])[0]) - 1) * size
        return rows[start : start + size]

    def _labels(self, method: str, query: dict[str, list[str]], body: Any) -> Any:
        if method == "GET":
            text = query.get("search", [""])[0].lower()
            return self._page([{"name": name} for name in self.labels if text in name.lower()], query)
        if body["name"] in self.labels:
            _refuse(409, "Label already exists")
        self.labels[body["name"]] = (body["color"], body.get("description", ""))
        raise Answer(201, {"name": body["name"]})

    def _one(
        self, method: str, kind: str, number: int, notes: bool, query: dict[str, list[str]], body: Any
    ) -> Any:
        thing = self._rows(kind).get(number)
        if thing is None:
            return _refuse(404)
        if method != "GET" and notes and thing.locked:
            _refuse(403, "403 Forbidden")
        if notes and method == "GET":
            return self._page([{"id": n, "body": text} for n, text in enumerate(thing.comments)], query)
        if notes:
            thing.comments.append(body["body"])
            raise Answer(201, {"id": len(thing.comments), "body": body["body"]})
        if method == "PUT":
            gone = body.get("remove_labels", "").split(",")
            thing.labels = [label for label in thing.labels if label not in gone]
            for name in filter(None, body.get("add_labels", "").split(",")):
                self.labels.setdefault(name, GREY)
                scope, scoped, _ = name.rpartition("::")
                if scoped:
                    thing.labels = [each for each in thing.labels if each.rpartition("::")[0] != scope]
                if name not in thing.labels:
                    thing.labels.append(name)
            thing.updated += 1
        return _shown(number, thing)


def _refuse(status: int, message: str = "") -> Any:
    raise Answer(status, {"message": message or f"{status} refused"})


def _shown(number: int, thing: Thing) -> dict[str, Any]:
    shown = {
        "id": 1000 + number,
        "iid": number,
        "title": "secret",
        "state": thing.state,
        "labels": thing.labels,
        # https://docs.gitlab.com/api/issues/, /api/merge_requests/: then only members may comment
        "discussion_locked": thing.locked or None,
    }
    if thing.base:
        shown |= {
            "target_branch": thing.base,
            "sha": thing.commits[-1] if thing.commits else None,
            "merge_commit_sha": thing.merge_commit or None,
            "squash_commit_sha": thing.squash_commit or None,
        }
    return shown
