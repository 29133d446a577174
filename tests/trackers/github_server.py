"""A GitHub on this machine: one repository with issues, pull requests and labels, over GraphQL and REST.

Numbers are shared by issues and pull requests, label names are compared without regard to case, a label that
is put on a pull request and is not there yet is made (grey, undescribed), as on the real one.

What it takes and answers is what GitHub publishes of itself: each query is validated and executed over its
schema (github_graph), each call of REST and our answer to it are checked against its own description
(github_rest). What GitHub would refuse is refused here, stands in `complaints`, and fails the test at the end
of `at_work`, unless the test has taken it from there.

with at_work(GitHub()) as hub:
    hub.things[7] = pull("qa-ok", commits=("ab" * 20,))
    hub.fail("saml", on="graphql", times=9)             # by a name of github_faults, or as any forge fails
    hub.spoil("PullRequest.mergeCommit", of=7, kind="FORBIDDEN")        # one part of one answer
    hub.strong_for(30, "bad gateway")                   # larger queries are answered so
    …
    hub.points, hub.nodes, hub.largest                  # what the queries cost, as GitHub counts
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.trackers.forge_server import Answer, Forge

if TYPE_CHECKING:
    from tests.trackers.github_checks import Required, Run, Status, Suite

GREY = ("ededed", None)


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
    """Only those with the right to write may comment, and the token's owner is not one."""
    home: str = ""
    """Another repository, where a fork's commits came from."""


def pull(*labels: str, base: str = "stable", commits: tuple[str, ...] = (), **more: Any) -> Thing:
    return Thing(list(labels), base, list(commits), **more)


def issue(*labels: str, **more: Any) -> Thing:
    return Thing(list(labels), **more)


@dataclass
class Spoilt:
    """See GitHub.spoil."""

    field: str
    of: int | str | None
    kind: str
    value: Any
    times: int
    extensions: dict[str, Any]


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
        self.runs: dict[str, list[Run]] = {}
        self.statuses: dict[str, list[Status]] = {}
        self.suites: dict[str, list[Suite]] = {}
        """Of commits, by SHA (github_checks)."""
        self.hides_checks = False
        """The token has no right to runs; statuses may be seen."""
        self.required: dict[str, Required] = {}
        """Branch -> what it requires; GitHub knows no others."""
        self.limit = self.remaining = 5000
        """Points of GraphQL in an hour, and what is left of them."""
        self.reset = 0
        """Seconds since 1970."""
        self.page = 100
        """The most of a connection in one answer."""
        self.points = self.nodes = self.largest = 0
        """What all queries cost, and the nodes of the largest, as GitHub counts them."""
        self.complaints: list[str] = []
        self._spoilt: list[Spoilt] = []
        self._strength: tuple[int, str] | None = None

    def verify(self) -> None:
        """See FaultyServer."""
        assert not self.complaints, "; ".join(self.complaints[:9])

    def fail(self, what: int | str, on: str = "", times: int = 1, **more: Any) -> None:
        """See FaultyServer.fail, and the names in github_faults."""
        from tests.trackers.github_faults import said

        try:
            status, body, headers = said(str(what))
        except KeyError:
            super().fail(what, on, times, **more)
        else:
            given = {"body": body, **more, "headers": {**headers, **more.get("headers", {})}}
            super().fail(status, on, times, **given)

    def spoil(
        self,
        field: str,
        of: int | str | None = None,
        *,
        kind: str = "",
        value: Any = None,
        times: int = 10**9,
        **extensions: Any,
    ) -> None:
        """Something is wrong with a field of GraphQL, as "PullRequest.labels" or "LabelConnection.nodes".

        Args:
            of: the number of the issue or pull request, or the SHA of the commit, that has it or is asked
                for ("Repository.object"); None: any.
            kind: the type of the error that stands beside the data; empty: `value` is there, and no error.
            extensions: of that error.
        """
        self._spoilt.append(Spoilt(field, of, kind, value, times, extensions))

    def strong_for(self, parts: int, otherwise: str = "resource limits") -> None:
        """A query for more parts of the repository than these is answered by that fault; "in part": the parts
        beyond are refused by RESOURCE_LIMITS_EXCEEDED, the others answered."""
        self._strength = (parts, otherwise)

    def repair(self) -> None:
        super().repair()
        self._spoilt.clear()
        self._strength = None

    def secret_of(self, headers: Any) -> str:
        kind, _, token = headers.get("Authorization", "").partition(" ")
        return token if kind in ("token", "Bearer") else ""

    def headers(self) -> dict[str, str]:
        """docs.github.com: "Rate limits for the REST API", and the same of GraphQL."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Used": str(self.limit - self.remaining),
            "X-RateLimit-Reset": str(self.reset),
            "X-RateLimit-Resource": "graphql" if "/graphql" in self.asked[-1] else "core",
        }

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        if not self.secrets[-1]:
            raise Answer(401, {"message": "Requires authentication"})
        try:
            if path.endswith("/graphql"):
                assert method == "POST"
                return self._graph(body["query"], body.get("variables") or {})
            return self._call(method, path, query, body)
        except Answer:
            raise
        except Exception as bug:
            self.complaints.append(f"{method} {path}: {bug!r}")
            raise Answer(500, {"message": "the local GitHub is broken"}) from bug

    # GraphQL

    def _graph(self, query: str, variables: dict[str, Any]) -> Any:
        from tests.trackers import github_objects
        from tests.trackers.github_graph import GITHUB, cost_of

        if self.remaining <= 0:
            self._say("rate limit")
        self._parts = 0

        def pay(document: Any) -> None:
            cost = cost_of(document, variables)
            self.points += cost.points
            self.nodes += cost.nodes
            self.largest = max(self.largest, cost.nodes)
            self.remaining -= min(self.remaining, cost.points)

        done = GITHUB.answer(query, variables, github_objects.root(self), self._resolve, pay)
        self.complaints += done.wrong
        if self._strength and self._parts > self._strength[0] and self._strength[1] != "in part":
            self._say(self._strength[1])
        return done.document

    def _resolve(self, info: Any, source: Mapping[str, Any], arguments: Mapping[str, Any]) -> Any:
        from tests.trackers.github_faults import FORBIDDEN, RESOURCES
        from tests.trackers.refusals import RefusedError

        name = f"{info.parent_type.name}.{info.field_name}"
        if (
            info.parent_type.name == "Repository"
            and len(info.path.as_list()) == 2
            and info.field_nodes[0].selection_set
        ):
            self._parts += 1
            if self._strength and self._strength[1] == "in part" and self._parts > self._strength[0]:
                raise RefusedError("RESOURCE_LIMITS_EXCEEDED", RESOURCES)
        for spoilt in self._spoilt:
            asked = (None, source.get(""), *arguments.values())
            if spoilt.field == name and spoilt.times and spoilt.of in asked:
                spoilt.times -= 1
                if spoilt.kind:
                    raise RefusedError(spoilt.kind, FORBIDDEN, **spoilt.extensions)
                return spoilt.value
        return source[info.field_name]

    def _say(self, name: str) -> None:
        from tests.trackers.github_faults import said

        status, body, headers = said(name)
        if self.reset and "X-RateLimit-Reset" in headers:
            headers = {**headers, "X-RateLimit-Reset": str(self.reset)}
        raise Answer(status, body, dict(headers))

    def brought_by(self, sha: str) -> list[tuple[int, Thing]]:
        return [(number, thing) for number, thing in self.things.items() if sha in thing.commits]

    def spelling(self, name: str) -> str:
        """Of the label, as it was made; empty: there is none."""
        return next((each for each in self.labels if each.lower() == name.lower()), "")

    def style_of(self, name: str) -> tuple[str, str | None]:
        return self.labels.get(self.spelling(name), GREY)

    # REST

    def _call(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        from tests.trackers import github_calls, github_rest

        # a repository that was renamed is still found by its number
        path = path.replace("/repositories/1/", f"/repos/{self.known_as}/", 1)
        try:
            # "You can also pass an array of labels directly", it says, in words only.
            told = {"labels": body} if isinstance(body, list) else body
            called = github_rest.asked(method, path, query, told)
        except github_rest.Misused as why:
            self.complaints.append(str(why))
            raise Answer(404, github_calls.error("Not Found", 404)) from None
        try:
            if self.remaining <= 0:
                self._say("rate limit of REST")
            status, document = github_calls.done(self, method, path, body)
        except Answer as refused:
            github_rest.answered(called, refused.status, refused.document)
            raise
        github_rest.answered(called, status, document)
        raise Answer(status, document)
