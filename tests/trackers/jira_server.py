"""A Jira on this machine, in memory: Cloud, by REST version 3 and 2; or Data Center, by version 2 alone.

Each question and each answer of ours is checked by what Atlassian publishes (jira_description.py). What Jira
would not know is refused, stands in `complaints`, and fails the test at the end of `at_work`, unless the test
has taken it from there. Whose credentials are not accepted is taken for nobody in particular, as on Cloud: a
search then finds nothing, and `myself` is refused; the header X-Seraph-LoginReason tells.

with at_work(Jira()) as jira:                       # at_work(Jira(cloud=False)): a Data Center
    jira.issue("ABC-1", "qa-ok", status="In QA")    # makes it, and its project and status where they lack
    jira.change("ABC-1", labels=["qa-bad"])         # as a person does: `updated` follows the clock
    jira.move("ABC-1", "XYZ")                       # it has another key now, and is found by either
    jira.field("QA result"), jira.account.rights["SECRET"] = ()
    jira.index_stops()                              # searches go on finding what was so far
    jira.fail(429, on="search/jql", headers={"Retry-After": "30"})
    …                                               # a client, against jira.root
    jira.asked                                      # ["POST /rest/api/3/search/jql", …]
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.trackers.forge_server import Answer, Forge
from tests.trackers.jira_issues import BROWSE, Account, Field, Issue, Status, Transition
from tests.trackers.openapi import Misused

EMAIL, TOKEN = "shepherd@example.org", "its-token"
NOBODY = Account("", "", "Nobody", {"": ()})
"""Who asks without credentials that are accepted."""
CATEGORIES = {"To Do": "new", "Done": "done"}


class Jira(Forge):
    """See the module.

    Attributes:
        account: the one that the shepherd uses; `accounts` has more, by e-mail.
        page: the most issues on one page where other fields than id and key are asked for.
        comment_page: the most comments on one page.
        strict: a search on Data Center for a key that there is not is an error, as on Cloud.
        without_labels: keys of projects whose screens have no labels.
        archived: keys of projects that are read-only.
        translated: name of a status -> what this account sees; the history of issues has the name itself.
        former: key that a project had once -> its key of now.
    """

    kind = "jira"

    def __init__(self, cloud: bool = True) -> None:
        super().__init__("")
        self.cloud = cloud
        self.account = Account(EMAIL, TOKEN)
        self.accounts = {EMAIL: self.account}
        self.issues: dict[str, Issue] = {}
        """By the keys that they have now."""
        self.moved: dict[str, str] = {}
        """A key of before -> the id of the issue."""
        self.projects: dict[str, str] = {}
        """Key -> name."""
        self.statuses: list[Status] = []
        self.transitions: list[Transition] = []
        self.fields: dict[str, Field] = {}
        self.page = 100
        self.comment_page = 100
        self.without_labels: set[str] = set()
        self.archived: set[str] = set()
        self.former: dict[str, str] = {}
        self.translated: dict[str, str] = {}
        self.below = ""
        """The path that Jira has its root at."""
        self.complaints: list[str] = []
        self._last = 10_000
        self._notes: dict[str, str] = {}

    @property
    def root(self) -> str:
        return f"{super().root}{self.below}"

    # what a test sets up

    def project_of(self, key: str, name: str = "") -> None:
        """Make a project, if there is none of that key."""
        self.projects.setdefault(key, name or f"Project {key}")

    def status(self, name: str, category: str = "", project: str = "", *, again: bool = False) -> Status:
        """Make a status, if there is none of that name (`again`: even then, as team-managed projects do)."""
        for each in self.statuses:
            if each.name == name and not again:
                return each
        made = Status(
            str(10_000 + len(self.statuses)),
            name,
            category or CATEGORIES.get(name, "indeterminate"),
            project,
        )
        self.statuses.append(made)
        return made

    def transition(self, name: str, to: str, *come_from: str, **more: Any) -> Transition:
        """Make a step of the workflow; `to` is the name of a status, or `to_id` its id."""
        target = more.pop("to_id", "") or self.status(to).id
        for each in come_from:
            self.status(each)
        made = Transition(str(11 + 10 * len(self.transitions)), name, target, come_from, **more)
        self.transitions.append(made)
        return made

    def field(self, name: str, *options: str, kind: str = "option") -> str:
        """Make a custom field; its id."""
        number = f"customfield_{10_040 + len(self.fields)}"
        self.fields[number] = Field(number, name, kind, options)
        return number

    def issue(self, key: str, *labels: str, status: str = "To Do", **more: Any) -> Issue:
        """Make an issue."""
        self._last += 1
        self.project_of(key.rpartition("-")[0])
        self.status(status)
        made = Issue(key, str(self._last), status, list(labels), **more)
        made.created = made.updated = self.clock()
        self.issues[key] = made
        return made

    def change(self, key: str, **what: Any) -> Issue:
        """Change an issue as a person does."""
        with self.lock:
            issue = self.issues[key]
            if "status" in what:
                self.status(what["status"])
                issue.status_id = ""
            before = {"status": issue.status, **issue.fields}
            for name, value in what.items():
                setattr(issue, name, value)
            after = {"status": issue.status, **issue.fields}
            changed = [name for name in before | after if before.get(name) != after.get(name)]
            if changed:
                issue.history.append([(name, _text(before.get(name))) for name in changed])
            issue.updated = self.clock()
            return issue

    def move(self, key: str, project: str) -> str:
        """Move an issue to another project; its new key."""
        with self.lock:
            self.project_of(project)
            numbers = [issue.number for issue in self.issues.values() if issue.project == project]
            issue = self.issues.pop(key)
            self.moved[key] = issue.id
            issue.key = f"{project}-{max(numbers, default=0) + 1}"
            self.issues[issue.key] = issue
        self.change(issue.key)
        return issue.key

    def index_stops(self) -> None:
        """Searches find each issue as it is now, until `index_goes_on`."""
        for issue in self.issues.values():
            issue.indexed = (list(issue.labels), issue.status, issue.updated)

    def index_goes_on(self) -> None:
        for issue in self.issues.values():
            issue.indexed = None

    # what answers ask of it

    def secret_of(self, headers: Any) -> str:
        said: str = headers.get("Authorization", "")
        return said

    def lets_in(self, secret: str) -> bool:
        return True

    def headers(self) -> dict[str, str]:
        notes, self._notes = self._notes, {}
        return notes

    def note(self, name: str, value: str) -> None:
        """A header of the answer to this request."""
        self._notes[name] = value

    def who(self) -> Account:
        """Who asks this."""
        kind, _, secret = self.secrets[-1].partition(" ")
        if kind == "Bearer":
            found = next((each for each in self.accounts.values() if each.token == secret), None)
        else:
            email, _, token = b64decode(secret).decode().partition(":") if kind == "Basic" else ("", "", "")
            found = self.accounts.get(email)
            found = found if found and found.token == token else None
        if found is None and secret:
            self.note("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")
        return found or NOBODY

    def may_see(self, issue: Issue) -> bool:
        account = self.who()
        return account.may(BROWSE, issue.project) and (not issue.level or issue.level in account.levels)

    def find(self, key: str) -> Issue | None:
        """By its key, in any letters, a former key or its id; None: there is none, or none to be seen."""
        with_id = self.moved.get(key.upper(), key)
        found = self.issues.get(key.upper()) or next(
            (issue for issue in self.issues.values() if issue.id == with_id), None
        )
        return found if found is not None and self.may_see(found) else None

    def seen(self) -> Iterator[Issue]:
        """All issues that the account may see."""
        return (issue for issue in self.issues.values() if self.may_see(issue))

    def has_project(self, key: str) -> bool:
        return key in self.projects and self.who().may(BROWSE, key)

    def has_status(self, name: str) -> bool:
        return any(each.name.lower() == name.lower() for each in self.statuses)

    def field_of(self, name: str) -> str:
        for each in self.fields.values():
            number = each.id.partition("_")[2]
            if name.lower() in (each.name.lower(), each.id, f"cf[{number}]"):
                return each.id
        return ""

    def status_of(self, issue: Issue) -> Status:
        return next(
            each
            for each in self.statuses
            if (each.id == issue.status_id if issue.status_id else each.name == issue.status)
        )

    def now(self) -> datetime:
        return self.clock()

    # over the wire

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        from tests.trackers import jira_description

        path = path.removeprefix(self.below)
        try:
            call = jira_description.asked(method, path, query, body)
        except Misused as why:
            self.complaints.append(str(why))
            raise Answer(400, {"errorMessages": [str(why)], "errors": {}}) from None
        try:
            return self._checked(call, method, path, query, body)
        except Misused as why:
            self.complaints.append(f"our own server: {why}")
            raise Answer(500, {"errorMessages": [str(why)], "errors": {}}) from None

    def verify(self) -> None:
        assert not self.complaints, "; ".join(self.complaints[:9])

    def _checked(self, call: Any, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        from tests.trackers import jira_description, jira_rest

        try:
            document = jira_rest.answer(self, method, path, query, body)
        except Answer as other:
            jira_description.answered(call, other.status, other.document)
            raise
        jira_description.answered(call, 200, document)
        return document


def _text(value: Any) -> str:
    """As the history of an issue has it."""
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return str(value["value"]) if isinstance(value, dict) else str(value or "")
