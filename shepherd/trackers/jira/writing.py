"""Writes to Jira for the tagger: labels, the status or the field by which the team says words, one comment.

Nothing is written that is there already, so that a repeat after a kill or a lost answer only does what is
missing. Labels are added and removed one by one: what other people add meanwhile stays. A status is reached
by a transition that Jira offers for the issue at that moment, to this account; where there is none, that is
said, and the comment is written all the same. Nothing in REST names the state that a change is made from:
what a person said in the moment before, by the status or the field, is put back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

from msgspec.structs import replace

from shepherd.errors import TrackerError, UnsureError
from shepherd.label_text import folded, folded_name
from shepherd.settings import Settings
from shepherd.trackers.http import RequestError
from shepherd.trackers.jira.comments import as_document, as_markup, last_line_of, shortened
from shepherd.trackers.jira.service import JiraService
from shepherd.trackers.jira.site import session_with
from shepherd.trackers.jira.wire import JiraField, JiraIssue
from shepherd.trackers.jira.workflow import (
    ChangeAuthor,
    ChangedIssue,
    Changelog,
    CommentPage,
    EditForm,
    OfferedTransition,
    OfferedTransitions,
    chosen,
)
from shepherd.trackers.words import Vocabulary, shown
from shepherd.trackers.writing import NO_WORD, NOT_GIVEN, STATUS_KEPT, Edit, last_line
from shepherd.words import Item

MEETINGS = 3
"""How often something is tried when somebody else changes the issue at the same time."""
COMMENTS_AT_ONCE = 100
MOST_PAGES = 100
"""Of comments."""
_INTERNAL = [{"key": "sd.public.comment", "value": {"internal": True}}]
"""Properties of a comment: customers of a service project are not shown it, and get no mail about it; others
do not know of them (developer.atlassian.com, "Jira Service Management: comment properties")."""
_REFUSED = (400, 403, 404)
"""Statuses by which Jira refuses what this account, or this screen, or a read-only issue has no right to."""


class JiraWriter:
    """See Writer. The session begins with the first edit.

    Raises:
        SettingsError: no site is named, or there are no credentials, or they cannot be read.
    """

    def __init__(self, settings: Settings) -> None:
        self._vocabulary = Vocabulary.of(settings)
        self._service = JiraService(settings, session_with(settings))
        self._by_field = bool(settings.tracker.field.name)

    def edit(self, item: Item, edit: Edit) -> str:
        """See Writer.edit."""
        issue = self._issue(item)
        allowed = edit.unless_bad(self._vocabulary, issue.labels, issue.status, issue.values)
        done = self._label(item, issue, allowed)
        filled = self._fill(item, issue, allowed.field) if allowed.field else []
        moved = self._move(item, issue.status, allowed) if allowed.status else []
        changed = filled + moved
        if edit.resumed or any(map(_is_given, changed)):
            # what was changed before, by a run that was killed, is looked at as well
            now = replace(
                allowed,
                field=allowed.field if any(map(_is_given, filled)) else "",
                status=allowed.status if any(map(_is_given, moved)) else "",
            )
            changed += self._give_back(item, now, resumed=edit.resumed)
        done += [*changed, *edit.left_out(allowed)]
        done += self._say(item, edit.comment) if edit.comment.strip() else []
        return ", ".join(dict.fromkeys(done))

    def _issue(self, item: Item) -> JiraIssue:
        return self._looked_at(item)[0]

    def _looked_at(self, item: Item, *, past: bool = False) -> tuple[JiraIssue, Changelog]:
        """Args: past: with its changes."""
        field = self._service.field().id if self._by_field else ""
        fields = ",".join(["labels", "status", *([field] if field else [])])
        query = {"fields": fields, **({"expand": "changelog"} if past else {})}
        try:
            answer = self._service.get(_place(item), ChangedIssue, query)
        except RequestError as error:
            if error.status in (403, 404):
                raise TrackerError(f"there is no {item}, or this account may not see it") from None
            raise _cannot(item, error) from None
        issue = answer.issue(field)
        if issue.trouble:
            raise TrackerError(f"{item} cannot be written: {issue.trouble}")
        return issue, answer.changelog

    def _label(self, item: Item, issue: JiraIssue, edit: Edit) -> list[str]:
        """All labels in one request: Jira takes all of it, or nothing."""
        gone = {folded(label) for label in edit.remove}
        there = {folded(label) for label in issue.labels}
        removed = [label for label in issue.labels if folded(label) in gone]
        added = [label for label in edit.add if folded(label) not in there]
        if not removed and not added:
            return []
        steps = [
            *({"remove": label} for label in removed),
            *({"add": label} for label in added),
        ]
        try:
            self._patiently(lambda: self._put(item, "labels", steps))
        except RequestError as error:
            hint = "may this account edit it (Edit Issues), and are labels on the screen that edits it?"
            raise _cannot(item, error, hint) from None
        return [f"+{label}" for label in added] + [f"-{label}" for label in removed]

    def _fill(self, item: Item, issue: JiraIssue, value: str) -> list[str]:
        """Give the field a value, if the screen that edits the issue has the field, and it has the value."""
        field = self._service.field()
        if [folded_name(each) for each in issue.values] == [folded_name(value)]:
            return []
        name = shown(field.name or field.id)
        try:
            form = self._service.get(f"{_place(item)}/editmeta", EditForm).fields.get(field.id)
            why = form.why_not(value) if form else "the screen that edits the issue does not have it"
            if form is None or why:
                return [f"{shown(value)} in {name} {NOT_GIVEN}, since {why}"]
            step: dict[str, object] = {"set": form.value(value)}
            self._patiently(lambda: self._put(item, field.id, [step]))
        except RequestError as error:
            if error.status not in _REFUSED:
                raise _cannot(item, error) from None
            return [f"{shown(value)} in {name} {NOT_GIVEN}, since Jira answered {error.status}"]
        before = shown(", ".join(issue.values)) if issue.values else "nothing"
        return [f"{name}: {before} -> {shown(value)}"]

    def _move(self, item: Item, status: str, edit: Edit) -> list[str]:
        """Make the transition that leads to the status of the edit, or that has this name."""
        begin, wanted = status, edit.status
        for _ in range(MEETINGS):
            if folded_name(status) == folded_name(wanted):
                return [f"{begin} -> {status}"] if begin != status else []
            try:
                offered = self._service.get(
                    f"{_place(item)}/transitions", OfferedTransitions, {"expand": "transitions.fields"}
                ).transitions
            except RequestError as error:
                raise _cannot(item, error) from None
            transition = chosen(offered, wanted)
            if transition is None or transition.wants:
                return [f"{shown(wanted)} {NOT_GIVEN}, since {_why_not(status, offered, transition)}"]
            target = transition.to.name or wanted
            if folded_name(target) != folded_name(wanted) and self._is_for_people(target):
                why = f"it leads to {shown(target)}, which is for people to say"
                return [f"{shown(wanted)} {NOT_GIVEN}, since {why}"]
            try:
                self._service.write(
                    "POST",
                    f"{_place(item)}/transitions",
                    {"transition": {"id": transition.id}},
                    repeatable=False,
                )
                return [f"{status} -> {target}"]
            except RequestError as error:
                # the answer may have got lost, not the request; or somebody was quicker
                refused = error
                status = self._issue(item).status
                if transition.to.name and folded_name(status) == folded_name(transition.to.name):
                    return [f"{begin} -> {status}"]
                if error.status not in (409, *_REFUSED):
                    raise _cannot(item, error) from None
                if not edit.unless_bad(self._vocabulary, (), status).status:
                    return [STATUS_KEPT]
        if refused.status == 409:
            raise _cannot(item, refused)
        return [f"{shown(wanted)} {NOT_GIVEN}, since Jira answered {refused.status}"]

    def _is_for_people(self, status: str) -> bool:
        words = self._vocabulary.read("", status=status).tags.words
        return any(word != "needstesting" for word in words)

    def _give_back(self, item: Item, edit: Edit, *, resumed: bool) -> list[str]:
        """Put back what our change took away: a person said it after we had looked, and before we wrote.

        Args:
            edit: what was changed just now.
            resumed: so may what another run changed that was killed then.
        """
        issue, past = self._looked_at(item, past=True)
        status = self._taken_status(item, past, edit, resumed)
        value = self._taken_value(item, past, edit, resumed)
        back = self._move(item, issue.status, Edit(status=status)) if status else []
        back += self._fill(item, issue, value) if value else []
        lost = [part for part in back if NOT_GIVEN in part]
        if lost:
            raise TrackerError(
                f"what somebody said on {item} in the moment in which the tagger wrote was replaced: say it"
                f" again; {', '.join(lost)}"
            )
        return [*([STATUS_KEPT] if status else []), *([NO_WORD] if value else [])]

    def _taken_status(self, item: Item, past: Changelog, edit: Edit, resumed: bool) -> str:
        change = past.newest(JiraField("status", "status"))
        if change is None or not (edit.status or resumed):
            return ""
        detail, author = change
        # the history has it in the language of Jira, and not of the account
        was = self._service.status_names().get(detail.from_id or "", detail.fromString or "")
        if edit.status:
            return "" if edit.unless_bad(self._vocabulary, (), was).status else was
        is_bad = "bad" in self._vocabulary.read("", status=was).tags.words
        return was if is_bad and self._is_ours(item, author, was) else ""

    def _taken_value(self, item: Item, past: Changelog, edit: Edit, resumed: bool) -> str:
        field = self._service.field()
        change = past.newest(field, edit.field) if field.id and (edit.field or resumed) else None
        if change is None:
            return ""
        detail, author = change
        texts = detail.fromString or ""
        # of several values Jira's history has one text
        values = (texts, *(each.strip() for each in texts.strip("[]").split(",")))
        bad = (v for v in values if v and "bad" in self._vocabulary.read("", values=[v]).tags.words)
        was = next(bad, "")
        return was if was and (edit.field or self._is_ours(item, author, was)) else ""

    def _is_ours(self, item: Item, author: ChangeAuthor | None, was: str) -> bool:
        """Whether a change that took a bad word away was made by this account, and not by a person.

        Raises:
            TrackerError: nobody knows.
        """
        me = self._service.me()
        if me is None or not (me.accountId or me.name):
            raise TrackerError(
                f"{item}: the tagger was killed while it wrote, and perhaps replaced {shown(was)}, which"
                " somebody had said: say it again, or change the issue once more if it was a person; the"
                " token lacks the scope read:jira-user, by which that would be known"
            )
        if author is None:
            return False
        return author.accountId == me.accountId if me.accountId else author.name == me.name

    def _say(self, item: Item, comment: str) -> list[str]:
        sign = last_line(comment)
        try:
            if self._is_said(item, sign):
                return []
            text = shortened(comment)
            cloud = self._service.edition() == "cloud"
            body = as_document(text) if cloud else as_markup(text)
            comment_on = {"body": body, "properties": _INTERNAL}
            self._service.write("POST", f"{_place(item)}/comment", comment_on, repeatable=False)
        except RequestError as error:
            # the answer may have got lost, not the request
            try:
                if not error.sure and self._is_said(item, sign):
                    return ["comment"]
            except RequestError:
                raise _unsure(item, error) from None
            if error.sure:
                hint = "may this account comment on it (Add Comments), and is it not archived?"
                raise _cannot(item, error, hint) from None
            raise _unsure(item, error) from None
        return ["comment"]

    def _is_said(self, item: Item, sign: str) -> bool:
        """Whether a comment ends with that line; the newest are looked at first."""
        start = 0
        for _ in range(MOST_PAGES):
            asked = {"orderBy": "-created", "startAt": str(start), "maxResults": str(COMMENTS_AT_ONCE)}
            page = self._service.get(f"{_place(item)}/comment", CommentPage, asked)
            if any(last_line_of(comment.body) == sign for comment in page.comments):
                return True
            start += len(page.comments)
            if not page.comments or (page.total is not None and start >= page.total):
                return False
        raise TrackerError(f"{item}: its comments never end")

    def _put(self, item: Item, field: str, steps: Sequence[Mapping[str, object]]) -> None:
        self._service.write("PUT", _place(item), {"update": {field: steps}})

    def _patiently(self, do: Callable[[], None]) -> None:
        """Raises RequestError; that others change the issue at the same time (409) only if it goes on."""
        for _ in range(MEETINGS - 1):
            try:
                do()
                return
            except RequestError as error:
                if error.status != 409:
                    raise
        do()


def _is_given(part: str) -> bool:
    return NOT_GIVEN not in part


def _place(item: Item) -> str:
    return f"issue/{quote(item, safe='')}"


def _why_not(
    status: str, offered: tuple[OfferedTransition, ...], transition: OfferedTransition | None
) -> str:
    """Why a status cannot be reached: in words that follow "since"."""
    now = shown(status)
    if transition is not None:
        fields = " and ".join(shown(name) for name in transition.wants[:5])
        return f"the screen of {shown(transition.name)} wants {fields}"
    if not offered:
        return f"no transition at all is offered from {now}; may this account make any (Transition Issues)?"
    return f"no transition to it is offered from {now}"


def _cannot(item: Item, error: RequestError, hint: str = "") -> TrackerError:
    """Args: hint: what to look at where Jira refused it."""
    more = f"; {hint}" if hint and error.status in _REFUSED else ""
    return TrackerError(f"{item} cannot be written: {error}{more}")


def _unsure(item: Item, error: RequestError) -> UnsureError:
    return UnsureError(f"{item}: whether the comment was written is not known: {error}")
