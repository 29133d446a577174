"""Writes to Redmine for the tagger: the status or the field that says a word, and a note, in one request.

Redmine leaves out without a word what may not be changed (a status that the workflow does not offer, a field
that is read-only, a note without the right to it) and does the rest, so each issue is read before and after.
Nothing is written that is there already, so that a repeat after a kill or a lost answer only does what is
missing. Nothing in REST names the state that a change is made from: where a person said in the moment before,
by the status or the field, that QA failed, that is put back.
"""

from __future__ import annotations

from shepherd.errors import TrackerError, UnsureError
from shepherd.settings import Settings
from shepherd.trackers.http import RequestError
from shepherd.trackers.redmine.changes import IssueChange, change_of, entry_of, taken_by
from shepherd.trackers.redmine.service import RedmineService, session_with
from shepherd.trackers.redmine.wire import RedmineStatus, WholeIssue
from shepherd.trackers.words import Vocabulary
from shepherd.trackers.writing import NO_WORD, Edit, last_line
from shepherd.words import Item, is_request, item_name

NEEDS_KEY = "Redmine accepts changes only with an API key"
MEETINGS = 5
"""How often a change is tried when somebody else is always quicker."""


class RedmineWriter:
    """See Writer. The session begins with the first edit.

    Raises:
        SettingsError: there is no API key, or it cannot be read.
    """

    def __init__(self, settings: Settings) -> None:
        self._vocabulary = Vocabulary.of(settings)
        self._service = RedmineService(settings, session_with(settings), needed=NEEDS_KEY)
        self._known: tuple[RedmineStatus, ...] = ()
        """All statuses that there are; empty: not asked for yet."""

    def edit(self, item: Item, edit: Edit) -> str:
        """See Writer.edit."""
        if is_request(item):
            raise TrackerError(f"{item_name(item)}: on Redmine only issues can be marked")
        try:
            return ", ".join(self._edit(item, edit))
        except RequestError as error:
            raise _cannot(item, error) from None

    def _edit(self, item: Item, edit: Edit) -> list[str]:
        before = self._look_at(item)
        field = before.field(self._vocabulary.field) if self._vocabulary.field else None
        values = field.values if field else ()
        allowed = edit.unless_bad(self._vocabulary, (), before.status.name, values)
        change = change_of(allowed, before, self._statuses() if allowed.status else (), self._vocabulary)
        sign, after, result = last_line(edit.comment), before, list(change.refused)
        if change.document:
            change, after = self._change(item, change, sign)
            result = change.result(before, after)
            if change.note and entry_of(after, sign) is None:
                raise TrackerError(
                    f"{item_name(item)} cannot be commented on: Redmine left the note out; may this account"
                    " add notes to it (Add notes)?"
                )
            result += ["comment"] if change.note else []
        return [*result, *(self._give_back(item, after, sign) or edit.left_out(allowed))]

    def _look_at(self, item: Item) -> WholeIssue:
        try:
            return self._service.whole(item)
        except RequestError as error:
            if error.status in (403, 404):
                raise TrackerError(f"there is no issue {item}, or this account may not see it") from None
            raise

    def _statuses(self) -> tuple[RedmineStatus, ...]:
        self._known = self._known or self._service.statuses()
        return self._known

    def _change(self, item: Item, change: IssueChange, sign: str) -> tuple[IssueChange, WholeIssue]:
        """Change it, and read it again; what Redmine refuses beside the note is left out."""
        for _ in range(MEETINGS):
            try:
                self._service.change(item, change.document)
            except RequestError as error:
                if error.status == 422 and change.note and (change.status or change.field):
                    change = change.note_alone()
                    continue
                if error.status == 409:
                    continue
                if error.sure:
                    raise
                return change, self._after_silence(item, change, sign, error)
            try:
                return change, self._service.whole(item)
            except RequestError as error:
                raise _unsure(item, error) from None
        raise TrackerError(
            f"{item_name(item)} keeps being changed by somebody else; the next run tries again"
        )

    def _after_silence(self, item: Item, change: IssueChange, sign: str, error: RequestError) -> WholeIssue:
        """The issue, if it was changed: the answer may have got lost, not the request."""
        try:
            after = self._service.whole(item)
        except RequestError:
            raise _unsure(item, error) from None
        there = entry_of(after, sign) if change.note else change.status and after.status == change.status
        if not there:
            raise _unsure(item, error)
        return after

    def _give_back(self, item: Item, issue: WholeIssue, sign: str) -> list[str]:
        """Put back a `bad` that our change took away; see `taken_by`."""
        entry = entry_of(issue, sign)
        if entry is None or not entry.details:
            return []
        back = taken_by(entry, issue, self._statuses(), self._vocabulary)
        if not back:
            return []
        why = ""
        try:
            self._service.change(item, back)
            issue = self._service.whole(item)
        except RequestError as error:
            why = f" ({error})"
        if why or taken_by(entry, issue, self._statuses(), self._vocabulary):
            raise TrackerError(
                f"{item_name(item)} was marked bad by somebody in the moment in which the tagger wrote, and"
                f" that could not be put back: mark it again{why}"
            )
        return [NO_WORD]


def _cannot(item: Item, error: RequestError) -> TrackerError:
    hint = "; is its project closed, or may this account not edit it (Edit issues)?"
    return TrackerError(f"{item_name(item)} cannot be written: {error}{hint if error.status == 403 else ''}")


def _unsure(item: Item, error: RequestError) -> UnsureError:
    return UnsureError(f"{item_name(item)}: whether it was changed is not known: {error}")
