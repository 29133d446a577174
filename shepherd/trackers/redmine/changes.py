"""What an edit changes on an issue of Redmine as it is, what came of it, what it took from people; pure."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct
from msgspec.structs import replace

from shepherd.label_text import folded_name
from shepherd.trackers.redmine.notes import as_note, last_line_of
from shepherd.trackers.redmine.wire import RedmineField, RedmineJournal, RedmineStatus, WholeIssue
from shepherd.trackers.words import Vocabulary, shown
from shepherd.trackers.writing import NOT_GIVEN, Edit, last_line

_REFUSED = "Redmine does not accept it: it may want another field beside it, or not know the value"


class IssueChange(Struct, frozen=True):
    """What is to be changed; all of it in one request, which does it as a whole."""

    status: RedmineStatus | None = None
    field: RedmineField | None = None
    """With the value that it is to have."""
    note: str = ""
    refused: tuple[str, ...] = ()
    """What cannot be given, as parts of the result."""

    @property
    def document(self) -> dict[str, object]:
        """As Redmine takes it; empty: there is nothing to change."""
        document: dict[str, object] = {}
        if self.status:
            document["status_id"] = self.status.id
        if self.field:
            document["custom_fields"] = [{"id": self.field.id, "value": self.field.value}]
        if self.note:
            document["notes"] = self.note
        return document

    def note_alone(self) -> IssueChange:
        """The same without what Redmine refuses."""
        lost = [shown(self.status.name)] if self.status else []
        lost += [f"{_values(self.field)} in {shown(self.field.name)}"] if self.field else []
        refused = tuple(f"{each} {NOT_GIVEN}, since {_REFUSED}" for each in lost)
        return IssueChange(note=self.note, refused=(*self.refused, *refused))

    def result(self, before: WholeIssue, after: WholeIssue) -> list[str]:
        """What became of status and field, as parts of the result."""
        parts = []
        if self.status and after.status.id == self.status.id:
            parts.append(f"{before.status.name} -> {after.status.name}")
        elif self.status:
            parts.append(f"{shown(self.status.name)} {NOT_GIVEN}, since {_not_offered(before)}")
        if self.field:
            name, number = shown(self.field.name), str(self.field.id)
            was, now = before.field(number), after.field(number)
            if now and set(now.values) == set(self.field.values):
                parts.append(f"{name}: {_values(was)} -> {_values(now)}")
            else:
                why = "Redmine leaves it as it is: it is read-only for this account (Workflow, Fields)"
                parts.append(f"{_values(self.field)} in {name} {NOT_GIVEN}, since {why}")
        return [*parts, *self.refused]


def change_of(
    edit: Edit, issue: WholeIssue, known: Collection[RedmineStatus], vocabulary: Vocabulary
) -> IssueChange:
    """What of an edit is missing on the issue, and can be had.

    Args:
        known: all statuses of this Redmine.
    """
    change = IssueChange()
    if edit.status and folded_name(edit.status) != folded_name(issue.status.name):
        status = named(edit.status, known)
        if status is None:
            why = "Redmine has no status of that name"
        elif issue.allowed_statuses is not None and status.id not in {
            each.id for each in issue.allowed_statuses
        }:
            why = _not_offered(issue)
        else:
            why, change = "", replace(change, status=status)
        if why:
            change = replace(change, refused=(f"{shown(edit.status)} {NOT_GIVEN}, since {why}",))
    if edit.field:
        field = issue.field(vocabulary.field)
        if field is None:
            why = "the issue does not have that field, or this account may not see it"
            lost = f"{shown(edit.field)} in {shown(vocabulary.field)} {NOT_GIVEN}, since {why}"
            change = replace(change, refused=(*change.refused, lost))
        elif (filled := _filled(field, edit.field, vocabulary)) != field:
            change = replace(change, field=filled)
    sign = last_line(edit.comment)
    if sign and entry_of(issue, sign) is None:
        change = replace(change, note=as_note(edit.comment).strip())
    return change


def named(name: str, statuses: Collection[RedmineStatus]) -> RedmineStatus | None:
    """The status of that name, as people see it."""
    return next((each for each in statuses if folded_name(each.name) == folded_name(name)), None)


def entry_of(issue: WholeIssue, sign: str) -> RedmineJournal | None:
    """The entry of the history whose note ends with that line; None: there is none."""
    entries = (each for each in issue.journals if last_line_of(each.notes or "") == sign)
    return next(entries, None) if sign else None


def taken_by(
    entry: RedmineJournal, issue: WholeIssue, known: Collection[RedmineStatus], vocabulary: Vocabulary
) -> dict[str, object]:
    """What gives back a `bad` that a change of ours took away: a person said it after we had looked, and
    before we wrote. Empty: it took none, or the issue was changed since.

    Args:
        entry: that of our change.
    """
    since = {
        (detail.property, detail.name)
        for each in issue.journals
        if each.id > entry.id
        for detail in each.details
    }
    field = issue.field(vocabulary.field) if vocabulary.field else None
    back: dict[str, object] = {}
    for detail in entry.details:
        old = detail.old_value or ""
        if not old or (detail.property, detail.name) in since:
            continue
        if (detail.property, detail.name) == ("attr", "status_id"):
            status = next((each for each in known if str(each.id) == old), None)
            if status and "bad" in vocabulary.read("", status=status.name).tags.words:
                back["status_id"] = status.id
        if field and (detail.property, detail.name) == ("cf", str(field.id)) and old not in field.values:
            value = [*field.values, old] if field.several else old
            if "bad" in vocabulary.read("", values=[old]).tags.words:
                back["custom_fields"] = [{"id": field.id, "value": value}]
    return back


def _filled(field: RedmineField, value: str, vocabulary: Vocabulary) -> RedmineField:
    """The field with that value; where it may have several, those that say no word stay."""
    if folded_name(value) in map(folded_name, field.values) and len(field.values) == 1:
        return field
    if not field.several:
        return replace(field, value=value)
    others = [each for each in field.values if not vocabulary.read("", values=[each]).tags.words]
    return replace(field, value=[*others, value])


def _values(field: RedmineField | None) -> str:
    return shown(", ".join(field.values)) if field and field.values else "nothing"


def _not_offered(issue: WholeIssue) -> str:
    return f"Redmine does not offer it from {shown(issue.status.name)} to this account (Workflow)"
