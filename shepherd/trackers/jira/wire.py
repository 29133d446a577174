"""What Jira answers, as far as it is read: no titles, no descriptions, no people.

The shapes are those of version 3 and 2 alike (developer.atlassian.com/cloud/jira/platform/rest/v3,
docs.atlassian.com/software/jira/docs/api/REST); what stands in the fields of one issue is its own matter.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from shepherd.values import ITEM_NUMBER

KEY = re.compile(rf"[A-Z][A-Z0-9_]*-{ITEM_NUMBER}")
"""Of an issue, in capitals, as Jira writes it."""
_DEEPEST = 20
"""Levels of a value that are looked into."""
_MANY = 100
"""Values of one field that are read."""


class JiraIssue(Struct, frozen=True):
    """An issue as it was read."""

    key: str
    """The one that it has now."""
    labels: tuple[str, ...] = ()
    status: str = ""
    values: tuple[str, ...] = ()
    """Of the field that the settings name, as people see them."""
    trouble: str = ""
    """Why the rest could not be read."""

    @property
    def project(self) -> str:
        return self.key.rpartition("-")[0]


class AnsweredIssue(Struct, frozen=True):
    """One of an answer."""

    id: str
    key: str = ""
    """Empty where only ids were asked for."""
    fields: Any = None

    def issue(self, field: str) -> JiraIssue:
        """What it says.

        Args:
            field: id of the field whose values are read; empty: none is.
        """
        fields = self.fields if isinstance(self.fields, dict) else {}
        labels, status = fields.get("labels") or [], fields.get("status")
        name = status.get("name") if isinstance(status, dict) else None
        if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
            return JiraIssue(self.key, trouble=f"Jira gives {self.key} labels that are no texts")
        if not isinstance(name, str):
            return JiraIssue(self.key, trouble=f"Jira gives {self.key} no status")
        values = texts_of(fields.get(field)) if field else []
        return JiraIssue(self.key, tuple(labels), name, tuple(values[:_MANY]))


class ServerInfo(Struct, frozen=True):
    deploymentType: str = ""
    """"Cloud", "Server" (Data Center, too)."""
    version: str = ""


class SearchPage(Struct, frozen=True):
    """Of Cloud by nextPageToken, of Data Center by total."""

    issues: tuple[AnsweredIssue, ...]
    nextPageToken: str | None = None
    isLast: bool | None = None
    total: int | None = None


class IssueTrouble(Struct, frozen=True):
    """An issue that there is, and could not be fetched this time."""

    id: str | int | None = None


class FetchedIssues(Struct, frozen=True):
    issues: tuple[AnsweredIssue, ...] = ()
    issueErrors: tuple[IssueTrouble, ...] = ()


class JiraField(Struct, frozen=True):
    id: str
    name: str = ""


class JiraProject(Struct, frozen=True):
    key: str


class JiraStatus(Struct, frozen=True):
    name: str
    id: str = ""


class JiraPermission(Struct, frozen=True):
    havePermission: bool = False


class JiraPermissions(Struct, frozen=True):
    permissions: dict[str, JiraPermission]


class JiraUser(Struct, frozen=True):
    """Cloud has no names but displayName; Data Center has no accountId."""

    displayName: str = ""
    accountId: str = ""
    name: str = ""


def texts_of(value: Any, depth: int = 0) -> list[str]:
    """The value of a field as people see it: of an option its text, of several one each; nothing of what is
    empty or of an unknown shape."""
    if depth > _DEEPEST:
        return []
    match value:
        case bool():
            return ["Yes" if value else "No"]
        case str():
            return [value.strip()] if value.strip() else []
        case int() | float():
            return [f"{value:g}" if abs(value) < 1e15 else str(value)]
        case list():
            return [text for each in value[:_MANY] for text in texts_of(each, depth + 1)]
        case {"type": "doc"}:
            text = " ".join(_words_of(value, depth)).strip()
            return [text] if text else []
        case {"value": str(text)}:
            # a cascading field: the second list hangs from the first
            below = texts_of(value.get("child"), depth + 1)
            return [" - ".join([text.strip(), *below])] if text.strip() else below
        case {"name": str(text)} | {"displayName": str(text)}:
            return [text.strip()] if text.strip() else []
    return []


def _words_of(node: Any, depth: int) -> list[str]:
    """The texts of a document as version 3 has it for fields of several lines."""
    if not isinstance(node, dict) or depth > _DEEPEST:
        return []
    text, content = node.get("text"), node.get("content")
    words = [text] if isinstance(text, str) else []
    for each in content[:_MANY] if isinstance(content, list) else ():
        words += _words_of(each, depth + 1)
    return words
