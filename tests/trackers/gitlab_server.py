"""A GitLab on this machine: a project with issues, merge requests, labels; REST version 4, some GraphQL.

Issues and merge requests have a row of numbers each, label names differ by case, a label that is put on a
merge request and is not there yet is made (grey, undescribed), a scoped one (`qa::ok`) takes away the others
of its scope, as on the real one (Premium).

Each call of REST and our answer to it are checked against what GitLab's documentation says (gitlab_rest),
each query is validated and executed over a schema made of its reference (gitlab.graphql). What GitLab would
refuse, or would ignore, stands in `complaints`, and fails the test at the end of `at_work`.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

from tests.trackers import gitlab_rest
from tests.trackers.forge_server import Answer, Forge
from tests.trackers.gitlab_pipelines import BEGINNING, PipelineRows, check_complexity

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
    updated: float = 0
    """When it was changed last: seconds after the beginning."""
    merges: int = 0
    """Of its commits so many, the first ones, are merge commits."""


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
        """Whether it answers such questions at all, of however few requests."""
        self.strength = 100
        """Of more requests it finds a query too complex."""
        self.knows_commits = True
        """Since version 14.7."""
        self.left: int | None = None
        """What its rate limit still has; None: there is none."""
        self.formerly = ""
        """What the project was called before it was renamed; its number is 1."""
        self.complaints: list[str] = []
        self.deployments: list[tuple[str, str, str]] = []
        """Environment, SHA, state; the newest last."""
        self.hides_deployments = False
        """The token has no right to them."""
        self.pipelines = PipelineRows(f"/{project}")
        self.public = False
        self.page = 100
        """The most entries in one answer."""

    def secret_of(self, headers: Any) -> str:
        return str(headers.get("PRIVATE-TOKEN", ""))

    def lets_in(self, secret: str) -> bool:
        return super().lets_in(secret) or (self.public and not secret)

    def verify(self) -> None:
        """See FaultyServer."""
        assert not self.complaints, "; ".join(self.complaints[:9])

    def headers(self) -> dict[str, str]:
        """docs.gitlab.com/administration/settings/user_and_ip_rate_limits, "Response headers"."""
        if self.left is None:
            return {}
        self.left -= 1
        shown = {"Limit": 2000, "Observed": 2000 - self.left, "Remaining": self.left, "Reset": 1_798_761_600}
        return {f"RateLimit-{name}": str(value) for name, value in shown.items()}

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        if path == "/api/graphql":
            return self._graphql(body)
        try:
            call = gitlab_rest.asked(method, path.removeprefix("/api/v4"), query, body)
        except gitlab_rest.Misuse as why:
            self.complaints.append(str(why))
            return _refuse(400, "400 Bad request")
        status = 201 if method == "POST" else 200
        document = self._done(method, path, query, body)
        try:
            gitlab_rest.answered(call, document)
        except gitlab_rest.Misuse as why:
            self.complaints.append(str(why))
        raise Answer(status, document)

    def _done(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        asking = self.secrets[-1]
        if path == "/api/v4/user":
            return {"id": 1, "username": "project_1_bot"} if asking else _refuse(401)
        found = re.fullmatch(r"/api/v4/projects/([^/]+)(.*)", path)
        name, place = (unquote(found[1]), found[2]) if found else ("", "")
        if name == self.formerly and method == "GET":
            # docs.gitlab.com/api/rest, "Redirects": 301 and Location; lib/api/helpers.rb of gitlab-org/gitlab
            # sends what reads to the number, and takes a change by the former name
            moved = f"{self.root}/api/v4/projects/1{place}?{urlencode(query, doseq=True)}"
            raise Answer(301, None, {"Location": moved})
        if name not in (self.project, self.formerly, "1"):
            _refuse(404, "404 Project Not Found")
        if method != "GET" and not asking:
            _refuse(401)
        if place == "/labels":
            return self._labels(method, query, body)
        if not place:
            rows = self.pipelines
            return {
                "id": 1,
                "path_with_namespace": self.project,
                "only_allow_merge_if_pipeline_succeeds": rows.must_succeed,
                "allow_merge_on_skipped_pipeline": rows.skipping,
            }
        if place == "/pipelines":
            return self._page(_refuse(403) if self.pipelines.hidden else self.pipelines.listed(query), query)
        if found := re.fullmatch(r"/repository/commits/([0-9a-f]+)/statuses", place):
            return self._statuses(found[1], query)
        if found := re.fullmatch(r"/repository/commits/([0-9a-f]+)/merge_requests", place):
            return self._related(found[1], query)
        if place == "/deployments":
            if self.hides_deployments:
                _refuse(403, "403 Forbidden")
            return self._deployments(query)
        if place in ("/merge_requests", "/issues"):
            return self._list(place[1:], query)
        found = re.fullmatch(r"/(merge_requests|issues)/(\d+)(/notes)?", place)
        assert found, place
        return self._one(method, found[1], int(found[2]), bool(found[3]), query, body)

    def _deployments(self, query: dict[str, list[str]]) -> list[Any]:
        assert (query["order_by"], query["sort"]) == (["created_at"], ["desc"])
        found = [
            {
                "id": number,
                "sha": sha,
                "status": state.lower(),
                "created_at": f"2026-01-01T00:00:{number:02}.000Z",
            }
            for number, (environment, sha, state) in enumerate(self.deployments)
            if query["environment"] == [environment] and query["status"] == [state.lower()]
        ]
        return self._page(found[::-1], query)

    def _statuses(self, sha: str, query: dict[str, list[str]]) -> list[Any]:
        """lib/api/commit_statuses.rb of gitlab-org/gitlab: also of a public project to nobody without a
        token."""
        if not self.secrets[-1]:
            _refuse(401)
        if self.pipelines.hidden or self.pipelines.jobs_hidden:
            _refuse(403)
        return self._page(self.pipelines.statuses(sha), query)

    def _graphql(self, body: Any) -> Any:
        variables = body["variables"]
        commits = len(variables) - 1
        if (
            not self.graphql
            or len(variables.get("iids", ())) > self.strength
            or ("iids" not in variables and commits > self.pipelines.strength)
        ):
            # docs.gitlab.com/api/graphql, "Limits": 250 for users with a token
            return {
                "errors": [{"message": "Query has complexity of 999, which exceeds max complexity of 250"}]
            }
        if not self.knows_commits and " commits(" in body["query"]:
            message = "Field 'commits' doesn't exist on type 'MergeRequest'"
            return {"errors": [{"message": message, "extensions": {"code": "undefinedField"}}]}

        def project(_: Any, fullPath: str) -> Any:  # as GitLab calls it
            return there if fullPath == self.project else None

        def pipelines(_: Any, sha: str, first: int) -> Any:
            return self.pipelines.by_graphql(sha, first)

        def requests(_: Any, iids: list[str], first: int) -> Any:
            rows = [(n, thing) for n, thing in self._rows("merge_requests").items() if str(n) in iids]
            return {"nodes": [one(number, thing) for number, thing in rows[:first]]}

        def one(number: int, thing: Thing) -> Any:
            def some(of: list[str]) -> Any:
                return lambda _, first: {"nodes": [{"sha": sha} for sha in of[::-1][:first]]}

            return {
                "iid": str(number),
                "commitCount": len(thing.commits) if thing.state == "merged" else None,
                "commits": some(thing.commits),
                "commitsWithoutMergeCommits": some(thing.commits[thing.merges :]),
            }

        there = {
            "mergeRequests": requests,
            "pipelines": pipelines,
            "allowMergeOnSkippedPipeline": self.pipelines.skipping,
        }
        most = 250 if self.secrets[-1] else 200
        answered = _schema().answer(
            body["query"],
            variables,
            {"project": project},
            check=lambda document: check_complexity(document, most),
        )
        self.complaints += answered.wrong
        return answered.document

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
        if "updated_after" in query:
            since = datetime.fromisoformat(query["updated_after"][0])
            rows = {n: thing for n, thing in rows.items() if _updated(thing) >= since}
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
            return self._page([self._label(name) for name in self.labels if text in name.lower()], query)
        if body["name"] in self.labels:
            _refuse(409, "Label already exists")
        self.labels[body["name"]] = (body["color"], body.get("description", ""))
        return self._label(body["name"])

    def _label(self, name: str) -> dict[str, Any]:
        color, description = self.labels[name]
        return {"id": 1, "name": name, "color": f"#{color.lstrip('#')}", "description": description or None}

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
            return {"id": len(thing.comments), "body": body["body"]}
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


def _updated(thing: Thing) -> datetime:
    return BEGINNING + timedelta(seconds=thing.updated)


def _shown(number: int, thing: Thing) -> dict[str, Any]:
    shown = {
        "id": 1000 + number,
        "iid": number,
        "title": "secret",
        "state": thing.state,
        "labels": thing.labels,
        "discussion_locked": thing.locked or None,
        "updated_at": _updated(thing).isoformat(),
    }
    if thing.base:
        shown |= {
            "target_branch": thing.base,
            "sha": thing.commits[-1] if thing.commits else None,
            "merge_commit_sha": thing.merge_commit or None,
            "squash_commit_sha": thing.squash_commit or None,
        }
    return shown


@functools.cache
def _schema() -> Any:
    """Once in a process. The daily tests know nothing of graphql-core."""
    from tests.trackers.schema import PublishedSchema

    return PublishedSchema(Path(__file__).with_name("gitlab.graphql").read_bytes)
