"""A Gitea on this machine: one repository with issues, pull requests, labels and commits, by REST version 1.

Every question and every answer is checked by gitea_description.py. Issues and pull requests share a row of
numbers; label names differ by case, and two labels may have one name; names that there are not are left out
when labels are put on; an exclusive label (`qa/ok`) takes away the others of its scope, as on the real one.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from tests.trackers import gitea_description
from tests.trackers.forge_server import Answer, Forge
from tests.trackers.gitea_statuses import StatusRows

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Thing:
    """An issue, or a pull request if `base` is not empty."""

    labels: list[str] = field(default_factory=list)
    base: str = ""
    """The branch that it was merged into."""
    commits: list[str] = field(default_factory=list)
    """SHAs that merging it brought to that branch, the last one as its merge commit."""
    merged: bool = True
    comments: list[str] = field(default_factory=list)
    locked: bool = False
    updated: int = 0
    """Seconds after BEGIN."""
    own: list[dict[str, Any]] = field(default_factory=list)
    """The commits of its own branch, as `commit_of` of the forge makes them; empty: `commits`."""


def pull(*labels: str, base: str = "stable", commits: tuple[str, ...] = (), **more: Any) -> Thing:
    return Thing(list(labels), base, list(commits), **more)


def issue(*labels: str, **more: Any) -> Thing:
    return Thing(list(labels), merged=False, **more)


class Gitea(Forge):
    """See the module."""

    kind = "gitea"

    def __init__(self, project: str = "acme/shop") -> None:
        super().__init__(project)
        self.things: dict[int, Thing] = {}
        self.labels: dict[str, tuple[str, str]] = {}
        """Name -> colour, description."""
        self.of_organization: dict[str, tuple[str, str]] = {}
        self.exclusive: set[str] = set()
        """Names of labels."""
        self.commits: set[str] = set()
        """SHAs that no pull request brought."""
        self.made: dict[str, datetime] = {}
        """When a commit was made, by its committer's clock; BEGIN where it does not stand here."""
        self.parents: dict[str, list[str]] = {}
        self.messages: dict[str, str] = {}
        self.statuses = StatusRows()
        self.public = False
        self.page = 50
        """The most entries in one answer."""
        self.below = ""
        """The path that the server has its root at."""
        self._numbers: dict[str, int] = {}
        self._total: int | None = None

    @property
    def root(self) -> str:
        return f"{super().root}{self.below}"

    def secret_of(self, headers: Any) -> str:
        kind, _, token = headers.get("Authorization", "").partition(" ")
        return token if kind == "token" else ""

    def lets_in(self, secret: str) -> bool:
        return super().lets_in(secret) or (self.public and not secret)

    def headers(self) -> dict[str, str]:
        total, self._total = self._total, None
        return {} if total is None else {"X-Total-Count": str(total)}

    def brought_by(self, sha: str) -> list[tuple[int, Thing]]:
        """The pull requests that were merged as this commit."""
        return [
            (n, thing) for n, thing in self.things.items() if thing.merged and thing.commits[-1:] == [sha]
        ]

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        path = unquote(path)
        place = path.removeprefix(f"{self.below}/api/v1")
        try:
            kind = gitea_description.answering(method, place, query)
        except AssertionError as error:
            raise Answer(418, {"message": str(error)}) from None
        if method != "GET" and not self.secrets[-1]:
            _refuse(401, "token is required")
        document = self._answer(method, place, {name: values[0] for name, values in query.items()}, body)
        if kind.startswith("["):
            self._total = self._total if self._total is not None else len(document)
        if document is not None:
            gitea_description.check(document, kind)
        return document

    def _answer(self, method: str, place: str, query: dict[str, str], body: Any) -> Any:
        if place == "/user":
            return {"id": 1, "login": "shepherd"} if self.secrets[-1] else _refuse(401, "token is required")
        if place == "/settings/api":
            return self._settings() if self.statuses.tells_page else _refuse(404)
        if place.startswith("/orgs/"):
            if not self.of_organization:
                _refuse(404)
            return self._page([self._label(name) for name in self.of_organization], query)
        place = (
            place.removeprefix(f"/repos/{self.project}")
            if place.startswith(f"/repos/{self.project}")
            else "?"
        )
        match re.findall(r"[^/]+", place):
            case []:
                return {"id": 1, "name": self.project.partition("/")[2], "full_name": self.project}
            case ["pulls"]:
                return self._pulls(query)
            case ["pulls", number]:
                return self._pull(int(number))
            case ["pulls", number, "commits"]:
                thing = self.things[int(number)]
                return self._page(thing.own or [self.commit_of(sha) for sha in thing.commits], query)
            case ["commits"]:
                return self._listed(query)
            case ["commits", sha, "status"] if sha in self._history():
                # the rows of one group, and not how many groups there are: xorm's FindAndCount
                self._total = 1
                return self.statuses.combined(sha, *self._cut(query))
            case ["branches", *name] if "/".join(name) in self.statuses.branches:
                return self.statuses.branch("/".join(name))
            case ["commits", sha, "pull"]:
                return next((self._pull(number) for number, _ in self.brought_by(sha)), None) or _refuse(404)
            case ["git", "commits", sha]:
                return self.commit_of(sha) if sha in self._history() else _refuse(404)
            case ["labels"] if method == "GET":
                return self._page([self._label(name) for name in self.labels], query)
            case ["labels"]:
                gitea_description.check(body, "CreateLabelOption")
                self.labels.setdefault(body["name"], (body["color"], body.get("description", "")))
                raise Answer(201, self._label(body["name"]))
            case ["issues"]:
                return self._issues(query)
            case ["issues", number, *rest]:
                return self._of_issue(method, int(number), rest, body)
        return _refuse(404)

    def _of_issue(self, method: str, number: int, rest: list[str], body: Any) -> Any:
        thing = self.things.get(number)
        if thing is None:
            # ListIssueComments takes it for an error of its own
            return _refuse(500 if rest == ["comments"] else 404)
        if rest == ["comments"] and method != "GET" and thing.locked:
            _refuse(403)
        match rest:
            case []:
                return self._issue(number, thing)
            case ["comments"] if method == "GET":
                return [self._comment(place, text) for place, text in enumerate(thing.comments)]
            case ["comments"]:
                gitea_description.check(body, "CreateIssueCommentOption")
                thing.comments.append(body["body"])
                raise Answer(201, self._comment(len(thing.comments), body["body"]))
            case ["labels"]:
                gitea_description.check(body, "IssueLabelsOption")
                for name in [name for name in self._all() if self._number(name) in body["labels"]]:
                    if name in self.exclusive:
                        scope = name.rpartition("/")[0]
                        there = [each for each in thing.labels if each in self.exclusive]
                        gone = [each for each in there if each.rpartition("/")[0] == scope]
                        thing.labels = [each for each in thing.labels if each not in gone]
                    if name not in thing.labels:
                        thing.labels.append(name)
                return [self._label(name) for name in thing.labels]
            case ["labels", which]:
                names = list({**self._all(), **dict.fromkeys(thing.labels)})
                if int(which) not in map(self._number, names):
                    _refuse(422, "label does not exist")
                thing.labels = [name for name in thing.labels if self._number(name) != int(which)]
                raise Answer(204, None)
        return _refuse(404)

    def _pulls(self, query: dict[str, str]) -> list[Any]:
        state = query.get("state", "open")
        rows = [
            (number, thing)
            for number, thing in self.things.items()
            if thing.base and state in ("all", "closed")
        ]
        if query.get("sort") == "recentupdate":
            rows.sort(key=lambda row: (row[1].updated, row[0]), reverse=True)
        return [self._pull(number) for number, _ in self._page(rows, query)]

    def _issues(self, query: dict[str, str]) -> list[Any]:
        if query.get("state", "open") == "open":
            return []
        rows = [
            (number, thing)
            for number, thing in sorted(self.things.items(), reverse=True)
            if query.get("type") != ("issues" if thing.base else "pulls")
        ]
        return [self._issue(number, thing) for number, thing in self._page(rows, query)]

    def _page(self, rows: list[Any], query: dict[str, str]) -> list[Any]:
        self._total = len(rows)
        start, size = self._cut(query)
        return rows[start : start + size]

    def _cut(self, query: dict[str, str]) -> tuple[int, int]:
        """Where a page begins, and how many entries it has."""
        size = min(int(query.get("limit", "30")), self.page)
        return (int(query.get("page", "1")) - 1) * size, size

    def _settings(self) -> dict[str, int]:
        more = {"default_git_trees_per_page": 1000, "default_max_blob_size": 10_485_760}
        return {"max_response_items": self.page, "default_paging_num": 30, **more}

    def _history(self) -> list[str]:
        """All commits that there are, the newest first, whichever branch they came by."""
        brought = [sha for thing in self.things.values() for sha in thing.commits]
        everything = dict.fromkeys((*sorted(self.commits), *brought))
        return sorted(everything, key=lambda sha: self.made.get(sha, BEGIN))[::-1]

    def _listed(self, query: dict[str, str]) -> list[Any]:
        """A page of the commits. Each has the one before it as its parent where nothing else is said."""
        history = self._history()
        below = dict(itertools.pairwise(history))
        return [self.commit_of(sha, below.get(sha, "")) for sha in self._page(history, query)]

    def commit_of(self, sha: str, parent: str = "") -> dict[str, Any]:
        made = self.made.get(sha, BEGIN).isoformat()
        message = self.messages.get(sha, f"secret {sha}")
        person = {"name": "Ann", "email": "ann@example.org", "date": made}
        parents = self.parents.get(sha, [parent] if parent else [])
        return {
            "sha": sha,
            "created": made,
            "url": "",
            "commit": {"message": message, "author": person, "committer": person},
            "parents": [{"sha": each} for each in parents],
        }

    def _all(self) -> dict[str, tuple[str, str]]:
        return {**self.of_organization, **self.labels}

    def _number(self, name: str) -> int:
        return self._numbers.setdefault(name, len(self._numbers) + 1)

    def _label(self, name: str) -> dict[str, Any]:
        color, description = self._all().get(name, ("ededed", ""))
        return {
            "id": self._number(name),
            "name": name,
            "exclusive": name in self.exclusive,
            "is_archived": False,
            "color": color.removeprefix("#"),
            "description": description,
            "url": "",
        }

    def _comment(self, number: int, text: str) -> dict[str, Any]:
        return {"id": number, "body": text, "created_at": _time(0), "updated_at": _time(0)}

    def _common(self, number: int, thing: Thing) -> dict[str, Any]:
        return {
            "id": 1000 + number,
            "number": number,
            "title": "secret",
            "body": "secret",
            "labels": [self._label(name) for name in thing.labels],
            "state": "closed",
            "is_locked": thing.locked,
            "comments": len(thing.comments),
            "created_at": _time(0),
            "updated_at": _time(thing.updated),
        }

    def _issue(self, number: int, thing: Thing) -> dict[str, Any]:
        pull = {"merged": thing.merged} if thing.base else None
        return {**self._common(number, thing), "pull_request": pull}

    def _pull(self, number: int) -> Any:
        thing = self.things.get(number)
        if thing is None or not thing.base:
            return _refuse(404)
        return {
            **self._common(number, thing),
            "merged": thing.merged,
            "merged_at": _time(thing.updated) if thing.merged else None,
            "merge_commit_sha": thing.commits[-1] if thing.merged and thing.commits else None,
            "merge_base": "",
            "base": {"label": thing.base, "ref": thing.base, "sha": "", "repo_id": 1},
            # a branch that is kept moves on after its merge
            "head": {"label": "topic", "ref": "topic", "sha": "feed" * 10, "repo_id": 1},
        }


def _refuse(status: int, message: str = "") -> Any:
    raise Answer(status, {"message": message or f"{status} refused", "url": "/api/swagger"})


def _time(seconds: int) -> str:
    return (BEGIN + timedelta(seconds=seconds)).isoformat()
