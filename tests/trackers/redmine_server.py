"""A Redmine on this machine, in memory: what Redmine 5.0 answers by REST, as far as anybody of ours asks it.

What it does that one would not expect is as in its source: a key that it does not accept is nobody's, and
sees what anybody may see; what may not be changed is left out without a word, and the rest is done; an issue
that may not be seen is missing in a list. tests/trackers/test_redmine_alike.py asks it and a real Redmine the
same.

with at_work(Redmine()) as redmine:
    redmine.issue(7, "In QA")                       # makes it
    redmine.change(7, status="QA passed")           # as a person does: `updated` follows the clock
    redmine.issues[7].hidden = True                 # from the account, and from nobody else
    redmine.fail(503, on="issues.json", times=2)
    …                                               # a client, against redmine.root
    redmine.asked                                   # ["GET /users/current.json", …]
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.trackers.forge_server import Answer, Forge

TOKEN = "its-token"
STATUSES = ("New", "In Progress", "Resolved", "Closed", "In QA", "QA passed", "QA failed")
FIELDS = ("QA result", "QA marks")
"""A list, and a list of several."""
_RIGHTS = {"edit_issues": "status", "add_issue_notes": "note"}
"""Permission -> what of `may` it stands for here."""
_MOST = 100
_DEFAULT = 25


@dataclass
class Note:
    """One entry of an issue's history."""

    text: str = ""
    details: list[dict[str, Any]] = field(default_factory=list)
    who: str = "ann"


@dataclass
class Issue:
    status: str = "New"
    values: dict[str, Any] = field(default_factory=dict)
    """Field -> its value; of those that it lacks there is nothing to be seen."""
    updated: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    hidden: bool = False
    closed_project: bool = False
    notes: list[Note] = field(default_factory=list)
    poison: bool = False
    """A list that holds it is answered by 500."""


class Redmine(Forge):
    """See the module.

    Attributes:
        may: what the account may do: "status", "field", "note".
        reach: status -> those that the workflow lets the account choose then; others: any.
        old: a Redmine before 5.0, which does not say what may be chosen.
        rest: whether its REST service is switched on.
        sees: which issues: "all", "default" (no private ones), "own".
        below: the path that it has its root at: "/redmine".
        before_change: called with the number of an issue before what the shepherd changes is done.
    """

    kind = "redmine"

    def __init__(self) -> None:
        super().__init__("")
        self.token = TOKEN
        self.account = 5
        self.issues: dict[int, Issue] = {}
        self.statuses: dict[str, int] = {name: number for number, name in enumerate(STATUSES, 1)}
        self.fields: dict[str, int] = {name: number for number, name in enumerate(FIELDS, 1)}
        self.may = {"status", "field", "note"}
        self.reach: dict[str, tuple[str, ...]] = {}
        self.old = False
        self.rest = True
        self.login_required = False
        self.below = ""
        self.longest_url = 8_000
        self.before_change: Any = lambda number: None
        self.projects = ["Shop"]
        self.sees = "default"
        self._clock = datetime(2026, 11, 1, tzinfo=UTC)
        self.clock = lambda: self._clock

    @property
    def root(self) -> str:
        return f"{super().root}{self.below}"

    def issue(self, number: int, status: str = "New", **values: Any) -> Issue:
        """A new issue; `values` are those of the fields, `QA_result="passed"`."""
        given: dict[str, Any] = {"QA result": None, "QA marks": []}
        given |= {name.replace("_", " "): value for name, value in values.items()}
        self.issues[number] = Issue(status, given, self._now())
        return self.issues[number]

    def change(self, number: int, status: str = "", note: str = "", **values: Any) -> None:
        """A person changes it."""
        with self.lock:
            issue = self.issues[number]
            details = [self._detail(issue, status)] if status else []
            issue.status = status or issue.status
            issue.values |= {name.replace("_", " "): value for name, value in values.items()}
            issue.notes.append(Note(note, details))
            issue.updated = self._now()

    def pass_by(self, days: float) -> None:
        """Time goes by."""
        self._clock += timedelta(days=days)

    def notes(self, number: int) -> list[str]:
        return [note.text for note in self.issues[number].notes if note.text]

    def lets_in(self, secret: str) -> bool:
        return True

    def secret_of(self, headers: Any) -> str:
        return str(headers.get("X-Redmine-API-Key", ""))

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        if len(self.asked[-1]) > self.longest_url:
            raise Answer(414, None)
        known = self.rest and self.secrets[-1] == self.token
        if not known and (self.login_required or path.endswith("/users/current.json")):
            raise Answer(401 if self.rest else 403, None)
        path = path.removeprefix(self.below)
        match [method, *path.strip("/").split("/")]:
            case ["GET", "users", "current.json"]:
                return {"user": self._account("include" in query)}
            case ["GET", "roles", _]:
                given = [right for right, name in _RIGHTS.items() if name in self.may]
                return {"role": {"issues_visibility": self.sees, "permissions": ["view_issues", *given]}}
            case ["GET", "issue_statuses.json"]:
                return {
                    "issue_statuses": [self._named(each) | {"is_closed": False} for each in self.statuses]
                }
            case ["GET", "projects.json"]:
                projects = [{"id": at, "name": name} for at, name in enumerate(self.projects, 1)]
                return {"projects": projects, "total_count": len(projects), "offset": 0, "limit": 100}
            case ["GET", "issues.json"]:
                return self._list(query, known)
            case ["GET", "issues", name] if found := re.fullmatch(r"([0-9]+)\.json", name):
                number = self._visible(int(found[1]), known)
                return {"issue": self._shown(number) | self._history(number, query)}
            case ["PUT", "issues", name] if found := re.fullmatch(r"([0-9]+)\.json", name):
                self._put(self._visible(int(found[1]), known), body["issue"])
                raise Answer(204, None)
        raise Answer(404, None)

    def _account(self, memberships: bool) -> dict[str, Any]:
        account = {"id": self.account, "login": "shepherd", "admin": False, "api_key": self.token}
        if memberships:
            account["memberships"] = [
                {"project": {"id": at, "name": name}, "roles": [{"id": 9, "name": "QA shepherd"}]}
                for at, name in enumerate(self.projects, 1)
            ]
        return account

    def _visible(self, number: int, known: bool) -> int:
        if number not in self.issues:
            raise Answer(404, None)
        if self.issues[number].hidden:
            raise Answer(403 if known else 401, None)
        return number

    def _list(self, query: dict[str, list[str]], known: bool) -> Any:
        def one(name: str, default: str = "") -> str:
            return query.get(name, [default])[0]

        assert one("status_id") == "*", "closed issues would be left out"
        assert set(query) <= {"status_id", "issue_id", "sort", "limit", "offset"}, query
        numbers = [number for number, issue in self.issues.items() if not issue.hidden]
        if wanted := one("issue_id"):
            numbers = [number for number in map(int, wanted.split(",")) if number in numbers]
        numbers.sort(reverse=True)
        if one("sort") == "updated_on:desc":
            numbers.sort(key=lambda number: self.issues[number].updated, reverse=True)
        offset, limit = int(one("offset", "0")), min(_MOST, int(one("limit", "0")) or _DEFAULT)
        page = numbers[offset : offset + limit]
        if any(self.issues[number].poison for number in page):
            raise Answer(500, None)
        shown = [self._shown(number) for number in page]
        return {"issues": shown, "total_count": len(numbers), "offset": offset, "limit": limit}

    def _shown(self, number: int) -> dict[str, Any]:
        issue = self.issues[number]
        fields = [
            {"id": self.fields[name], "name": name, "value": value}
            | ({"multiple": True} if isinstance(value, list) else {})
            for name, value in issue.values.items()
        ]
        return {
            "id": number,
            "project": {"id": 1, "name": "Shop"},
            "status": self._named(issue.status) | {"is_closed": False},
            "subject": f"Issue {number}",
            "description": None,
            **({"custom_fields": fields} if fields else {}),
            "updated_on": f"{issue.updated:%Y-%m-%dT%H:%M:%SZ}",
        }

    def _history(self, number: int, query: dict[str, list[str]]) -> dict[str, Any]:
        included = ",".join(query.get("include", [])).split(",")
        issue, found = self.issues[number], {}
        if "journals" in included:
            found["journals"] = [
                {"id": at, "notes": note.text, "private_notes": False, "details": note.details}
                for at, note in enumerate(issue.notes, 1)
            ]
        if "allowed_statuses" in included and not self.old:
            found["allowed_statuses"] = [self._named(each) for each in self._offered(issue)]
        return found

    def _offered(self, issue: Issue) -> list[str]:
        """Where the workflow has no way, not even to stay is one."""
        if "status" not in self.may:
            return []
        others = self.reach.get(issue.status, tuple(self.statuses))
        return [each for each in self.statuses if each in (*others, issue.status)] if others else []

    def _put(self, number: int, changes: dict[str, Any]) -> None:
        issue = self.issues[number]
        if issue.closed_project or not self.may:
            raise Answer(403, None)
        self.before_change(number)
        names = {number: name for name, number in self.statuses.items()}
        note = Note(changes.get("notes", "") if "note" in self.may else "", [], "shepherd")
        status = names.get(int(changes.get("status_id") or 0), "")
        if status in self._offered(issue) and status != issue.status:
            note.details.append(self._detail(issue, status))
            issue.status = status
        for given in changes.get("custom_fields", ()):
            name = next(name for name, number in self.fields.items() if number == given["id"])
            if "field" in self.may and name in issue.values and issue.values[name] != given["value"]:
                note.details += self._filled(str(given["id"]), issue.values[name], given["value"])
                issue.values[name] = given["value"]
        if note.text or note.details:
            issue.notes.append(note)
            issue.updated = self._now()

    def _detail(self, issue: Issue, status: str) -> dict[str, Any]:
        old, new = (str(self.statuses[each]) for each in (issue.status, status))
        return {"property": "attr", "name": "status_id", "old_value": old, "new_value": new}

    def _filled(self, number: str, old: Any, new: Any) -> list[dict[str, Any]]:
        """Of several values each has an entry of its own."""
        pairs = [(old, new)]
        if isinstance(new, list):
            pairs = [(each, None) for each in old if each not in new]
            pairs += [(None, each) for each in new if each not in old]
        return [{"property": "cf", "name": number, "old_value": was, "new_value": now} for was, now in pairs]

    def _named(self, status: str) -> dict[str, Any]:
        return {"id": self.statuses[status], "name": status}

    def _now(self) -> datetime:
        self._clock += timedelta(seconds=1)
        return self._clock
