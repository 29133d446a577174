"""What Redmine's answers hold, as far as they are read: of an issue neither title nor description
(www.redmine.org/projects/redmine/wiki/Rest_Issues)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from shepherd.label_text import folded_name

RedmineNumber = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""As a database has it: a larger one could neither be kept nor sent back."""


class RedmineStatus(Struct, frozen=True):
    id: RedmineNumber
    name: str


class RedmineField(Struct, frozen=True):
    """A custom field and its value on one issue: a text, a list of them, or nothing; plugins know others."""

    id: RedmineNumber
    name: str
    value: Any = None

    @property
    def several(self) -> bool:
        return isinstance(self.value, list)

    @property
    def values(self) -> tuple[str, ...]:
        """What stands in it; empty texts do not count."""
        given = self.value if self.several else [self.value]
        texts = (str(each) for each in given if isinstance(each, str | int | float))
        return tuple(text for text in texts if text.strip())


class RedmineIssue(Struct, frozen=True):
    id: RedmineNumber
    status: RedmineStatus
    updated_on: Annotated[datetime, Meta(tz=True)]
    custom_fields: tuple[RedmineField, ...] = ()

    def field(self, wanted: str) -> RedmineField | None:
        """The field of this name, which no other has (Redmine sees to that), or of this number; None: the
        issue has none that the account may see."""
        names = {folded_name(field.name): field for field in self.custom_fields}
        names |= {field.name: field for field in self.custom_fields}
        numbers = {str(field.id): field for field in self.custom_fields}
        return names.get(wanted) or names.get(folded_name(wanted)) or numbers.get(wanted)


class NumberedIssue(Struct, frozen=True):
    id: RedmineNumber


class IssuePage(Struct, frozen=True):
    issues: tuple[msgspec.Raw, ...]
    total_count: int
    """Of all pages together."""


class NamedRole(Struct, frozen=True):
    id: RedmineNumber
    name: str


class RedmineProject(Struct, frozen=True):
    id: RedmineNumber
    name: str


class Membership(Struct, frozen=True):
    """What an account is in one project."""

    project: RedmineProject
    roles: tuple[NamedRole, ...]


class RedmineUser(Struct, frozen=True):
    id: RedmineNumber
    login: str = ""
    admin: bool = False
    memberships: tuple[Membership, ...] = ()
    """Only where they were asked for."""


class UserPage(Struct, frozen=True):
    user: RedmineUser


class StatusPage(Struct, frozen=True):
    issue_statuses: tuple[RedmineStatus, ...]


class RedmineRole(Struct, frozen=True):
    """What a role may do, by the names that Redmine's own source has: "edit_issues"."""

    issues_visibility: str = ""
    """"all", "default" (all but private ones), "own"."""
    permissions: tuple[str, ...] = ()


class RolePage(Struct, frozen=True):
    role: RedmineRole


class ProjectPage(Struct, frozen=True):
    projects: tuple[RedmineProject, ...]
    total_count: int


class JournalDetail(Struct, frozen=True):
    """One attribute that one change gave another value."""

    property: str
    """"attr", "cf" (a custom field) and others."""
    name: str
    """"status_id", the number of a custom field."""
    old_value: str | None = None


class RedmineJournal(Struct, frozen=True):
    """One change of an issue, with the note that came with it."""

    id: RedmineNumber
    notes: str | None = None
    details: tuple[JournalDetail, ...] = ()


class WholeIssue(RedmineIssue, frozen=True):
    """One issue with its history."""

    journals: tuple[RedmineJournal, ...] = ()
    allowed_statuses: tuple[RedmineStatus, ...] | None = None
    """Those that the workflow lets this account choose now; None: a Redmine before 5.0 does not say."""


class WholeIssuePage(Struct, frozen=True):
    issue: WholeIssue
