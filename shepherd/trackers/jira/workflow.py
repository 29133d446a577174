"""What Jira answers about how an issue may be changed, and was: transitions, the form that edits it, its
comments, its changes.

developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues ("Get transitions", "Get edit issue
metadata") and api-group-issue-comments; Data Center has the same in version 2.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from shepherd.label_text import folded_name
from shepherd.trackers.jira.wire import AnsweredIssue, JiraField, texts_of

_NAMES = ("id", "value", "name")
"""By which Jira knows an option."""


class FieldSchema(Struct, frozen=True):
    type: str = ""
    items: str = ""


class FieldForm(Struct, frozen=True):
    """One field of a screen."""

    name: str = ""
    required: bool = False
    hasDefaultValue: bool = False
    schema: FieldSchema = FieldSchema()
    operations: tuple[str, ...] = ()
    allowedValues: tuple[Any, ...] | None = None

    def why_not(self, value: str) -> str:
        """Why it cannot have this value; empty: it can."""
        if "set" not in self.operations:
            return "this field cannot be set"
        if self.allowedValues is not None and self._option(value) is None:
            return "this field has no such value here"
        return "" if self._form() else f"a field of this type ({self.schema.type[:30]}) is not written"

    def value(self, text: str) -> object:
        """The value as Jira takes it. Only where `why_not` is empty."""
        option = self._option(text)
        # of what Jira sent only a text is sent back
        named = ({key: option[key]} for key in _NAMES if isinstance(option.get(key), str)) if option else ()
        one: object = next(iter(named), text)
        return [one] if self._form() == "list" else one

    def _form(self) -> str:
        if self.schema.type in ("string", "option"):
            return "one"
        return "list" if self.schema.type == "array" and self.schema.items in ("string", "option") else ""

    def _option(self, value: str) -> dict[str, Any] | None:
        for each in self.allowedValues or ():
            if isinstance(each, dict) and folded_name(value) in map(folded_name, texts_of(each)):
                return each
        return None


class EditForm(Struct, frozen=True):
    fields: dict[str, FieldForm] = {}
    """By id; without those that this account may not edit."""


class TransitionTarget(Struct, frozen=True):
    name: str = ""


class OfferedTransition(Struct, frozen=True):
    id: str
    name: str = ""
    to: TransitionTarget = TransitionTarget()
    fields: dict[str, FieldForm] = {}
    isAvailable: bool = True

    @property
    def wants(self) -> list[str]:
        """The fields that its screen wants to be filled in."""
        return [
            form.name or field
            for field, form in self.fields.items()
            if form.required and not form.hasDefaultValue
        ]


class OfferedTransitions(Struct, frozen=True):
    transitions: tuple[OfferedTransition, ...] = ()


class JiraComment(Struct, frozen=True):
    body: Any = None


class CommentPage(Struct, frozen=True):
    comments: tuple[JiraComment, ...] = ()
    total: int | None = None


class ChangeDetail(Struct, frozen=True):
    """A field that one change gave another value."""

    field: str = ""
    """Its name, in whatever language; that of the status is `status` in all. Data Center knows no
    `fieldId`."""
    fieldId: str = ""
    fieldtype: str = ""
    from_id: str | None = msgspec.field(default=None, name="from")
    """Of a status its id, whose name is another in each language."""
    fromString: str | None = None
    toString: str | None = None

    def is_of(self, field: JiraField, value: str) -> bool:
        """Whether it is about this field. Args: value: what the field was given."""
        if self.fieldId:
            return self.fieldId == field.id
        given = folded_name((self.toString or "").strip("[]")) if self.fieldtype == "custom" else ""
        return self.field in (field.id, field.name) or bool(given and given == folded_name(value))


class ChangeAuthor(Struct, frozen=True):
    """Cloud names people by accountId, Data Center by name."""

    accountId: str = ""
    name: str = ""


class ChangeEntry(Struct, frozen=True):
    id: str
    author: ChangeAuthor | None = None
    items: tuple[ChangeDetail, ...] = ()


class Changelog(Struct, frozen=True):
    """Cloud gives the newest entries first, Data Center last."""

    histories: tuple[ChangeEntry, ...] = ()

    def newest(self, field: JiraField, value: str = "") -> tuple[ChangeDetail, ChangeAuthor | None] | None:
        """The newest change of a field, and who made it. Args: value: what the field was given."""
        newest = sorted(self.histories, key=lambda each: (len(each.id), each.id), reverse=True)
        told = ((each, entry.author) for entry in newest for each in entry.items if each.is_of(field, value))
        return next(told, None)


class ChangedIssue(AnsweredIssue, frozen=True):
    """With its changes, where they were asked for."""

    changelog: Changelog = Changelog()


def chosen(offered: tuple[OfferedTransition, ...], wanted: str) -> OfferedTransition | None:
    """The transition that leads to the status of this name, or else the one of this name; of several the one
    whose screen wants nothing. Which status of several with one name it is does not matter: an issue is
    offered those of its own project alone."""
    name = folded_name(wanted)
    to_it = [each for each in offered if each.isAvailable and folded_name(each.to.name) == name]
    found = to_it or [each for each in offered if each.isAvailable and folded_name(each.name) == name]
    return min(found, key=lambda each: len(each.wants), default=None)
