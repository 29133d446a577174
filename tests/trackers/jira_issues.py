"""What the local Jira holds: projects, issues, statuses, transitions, fields and accounts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

BROWSE, EDIT = "BROWSE_PROJECTS", "EDIT_ISSUES"
TRANSITION, COMMENT = "TRANSITION_ISSUES", "ADD_COMMENTS"
RIGHTS = (BROWSE, EDIT, TRANSITION, COMMENT)
"""Keys of permissions, as `mypermissions` has them (rest/v3/api-group-permissions)."""


@dataclass
class Issue:
    """One issue; tests change it by `Jira.change`, which notes when."""

    key: str
    id: str
    status: str = "To Do"
    labels: list[str] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    """Id of a custom field -> its value, as JSON has it: {"value": "passed"} of an option."""
    comments: list[dict[str, Any]] = field(default_factory=list)
    """Each with `id`, `author` (an account's id), `created` and `body`: a document, or a text."""
    created: datetime = BEGIN
    updated: datetime = BEGIN
    level: str = ""
    """Its security level; empty: all who may browse the project see it."""
    archived: bool = False
    status_id: str = ""
    """Where several statuses have one name; empty: the first of that name."""
    history: list[list[tuple[str, str]]] = field(default_factory=list)
    """Changes, each with the name or id of its fields and what stood there before."""
    changed_by: dict[int, Account] = field(default_factory=dict)
    """Place of a change in `history` -> who made it by REST; all others were made by people."""
    indexed: tuple[list[str], str, datetime] | None = None
    """What a search goes by, where the index is behind; None: what it is."""

    @property
    def project(self) -> str:
        return self.key.rpartition("-")[0]

    @property
    def number(self) -> int:
        return int(self.key.rpartition("-")[2])

    @property
    def indexed_labels(self) -> list[str]:
        return self.indexed[0] if self.indexed else self.labels

    @property
    def indexed_status(self) -> str:
        return self.indexed[1] if self.indexed else self.status

    @property
    def indexed_at(self) -> datetime:
        return self.indexed[2] if self.indexed else self.updated


@dataclass
class Status:
    id: str
    name: str
    category: str = "indeterminate"
    """Key: new, indeterminate, done."""
    project: str = ""
    """Of a team-managed project; empty: of the site."""


@dataclass
class Transition:
    """A step of the workflow."""

    id: str
    name: str
    to: str
    """Id of a status."""
    come_from: tuple[str, ...] = ()
    """Names of statuses; empty: from any."""
    required: tuple[str, ...] = ()
    """Ids of the fields that its screen wants."""
    projects: tuple[str, ...] = ()
    """Empty: all."""
    hidden: bool = False
    """A condition is not met: it is not offered to this account."""


@dataclass
class Field:
    id: str
    name: str
    kind: str = "option"
    """Type of its schema: option, string, array."""
    options: tuple[str, ...] = ()
    """Empty: the form names none."""
    on_screen: bool = True
    """The screen that edits an issue has it."""


@dataclass
class Account:
    """Who asks.

    Attributes:
        rights: key of a project -> what is allowed there; "": in all others.
        levels: the security levels of issues that it may see.
        zone: by which dates in JQL are read.
    """

    email: str
    token: str
    name: str = "QA Shepherd"
    rights: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"": RIGHTS})
    levels: set[str] = field(default_factory=set)
    zone: str = "UTC"

    @property
    def id(self) -> str:
        return f"712020:{self.email}"

    def may(self, right: str, project: str) -> bool:
        return right in self.rights.get(project, self.rights.get("", ()))
