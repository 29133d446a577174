"""The text of mails: plain text of 72 columns from the templates in `templates/mail`.

What comes from outside is cleaned where it is put in. Commands and links stand on lines of their own,
whole: people copy them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from msgspec import Struct

from shepherd.plans.days import long_date, long_time
from shepherd.plans.mails import Mail, Waiting
from shepherd.sentence import Part, Sentence
from shepherd.snapshot import State
from shepherd.values import age
from shepherd.views import words
from shepherd.views.clean import LONGEST_SENTENCE, fill_address
from shepherd.views.note_lines import note_for
from shepherd.views.templates import folder
from shepherd.views.terminal import plain, width, wrap

COLUMNS = 72
SHOWN = 40
"""Landings that one mail lists; the page has them all."""
LABEL = 11
BUGS_SHOWN = 8
HOUR = 3600

NEEDS: dict[State, str] = {"needstesting": "needs QA", "bad": "is bad", "orphan": "is an orphan"}


class Project(Struct, frozen=True):
    """What the settings say that mails repeat."""

    zone: ZoneInfo
    now: datetime
    page_url: str = ""
    mailing_list: str = ""
    several: bool = False
    """There are several branches, so that a person's word has to name one."""
    notes: Mapping[str, str] = {}
    """Branch -> the git notes ref by which people can speak."""
    mark: Mapping[str, str] = {}
    """Branch -> how a message says that its landing undoes {revno}; empty: git's own words suffice."""
    bug_url: Mapping[str, str] = {}


class LaidOutText(str):
    """Text that is cleaned and laid out already."""

    __slots__ = ()


class MailEntry(Struct, frozen=True):
    """One landing as a mail describes it."""

    item: Waiting
    needs: str
    bugs: tuple[str, ...]
    """Each with its link, where there is one."""
    since: str
    how_long: str
    behind: str
    todo: str
    """What to do, on one line."""
    lead: str
    """What to do, up to the command that stands on a line of its own."""
    command: str
    page: str
    notes: tuple[str, ...]
    """The lines by which a git note says that it is good."""
    mark: str
    list_mail: str
    """When the list is told of it."""


def subject_and_text(mail: Mail, project: Project, missing: Sequence[str] = ()) -> tuple[str, str]:
    """A mail's subject and its text.

    Args:
        missing: why some branches could not be looked at.
    """
    entries = [_entry(item, project) for item in mail.items]
    rendered = (
        _templates()
        .get_template(f"{mail.kind}.txt.j2")
        .render(mail=mail, entries=entries, shown=SHOWN, project=project, missing=missing, words=words)
    )
    subject, _, text = rendered.partition("\n")
    return subject.removeprefix("Subject: "), text.strip("\n") + "\n"


def _entry(item: Waiting, project: Project) -> MailEntry:
    entry, branch = item.entry, item.branch
    step, lead, command = _remedy(entry.remedy_sentence)
    bug_url = project.bug_url.get(branch, "")
    bugs = tuple(
        f"{bug} {fill_address(bug_url, 'bug', str(bug))}".rstrip() for bug in entry.bugs[:BUGS_SHOWN]
    )
    more = len(entry.bugs) - BUGS_SHOWN
    note = note_for(entry, project.notes.get(branch, ""), branch if project.several else "")
    today = project.now.astimezone(project.zone).date()
    return MailEntry(
        item=item,
        needs=NEEDS.get(entry.state, "waits"),
        bugs=(*bugs, f"and {more} more") if more > 0 else bugs,
        since=long_time(item.since, project.zone),
        how_long=_how_long((project.now - item.since).total_seconds()),
        behind=_behind(item.blocker.waiting - 1),
        todo=_todo(step, lead, command),
        lead=lead.rstrip(),
        command=command,
        page=f"{project.page_url.rstrip('/')}/{branch}.html#r{entry.revno}" if project.page_url else "",
        notes=(note,) if note else (),
        mark=project.mark.get(branch, "").replace("{revno}", str(entry.revno)),
        list_mail=_list_mail(item.told_on, today),
    )


def _remedy(remedy: Sentence) -> tuple[str, str, str]:
    """What to do without the command that the remedy ends with, the same with the words that lead over to
    that command, and the command."""
    match remedy.parts:
        case [*step, str(), Part(kind="command", text=command)]:
            return Sentence(*step), remedy.removesuffix(command), command
        case _:
            return remedy, remedy, ""


def _todo(step: str, lead: str, command: str) -> str:
    """All of it if that fits on one line, else what comes before the command."""
    whole = f"{lead[:1].upper()}{lead[1:]}{command}"
    if command and width(whole) <= COLUMNS:
        return whole
    return words.full_sentence(step or "its row on the page says what to do")


def _how_long(seconds: float) -> str:
    return age(seconds) if seconds >= HOUR else "less than an hour"


def _behind(count: int) -> str:
    if not count:
        return "nothing waits behind it yet"
    return f"{words.count(count, 'landing')} {'waits' if count == 1 else 'wait'} behind it"


def _list_mail(day: date, today: date) -> str:
    if day < today:
        return f"is told of it every day, since {long_date(day)}"
    return "is told of it today" if day == today else f"will be told of it on {long_date(day)}"


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder() / "mail"),
        autoescape=False,  # noqa: S701  # plain text; what is put in is cleaned below
        undefined=StrictUndefined,
        finalize=lambda value: plain(value) if type(value) in (str, Sentence) else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for filter in (_line, _labelled, _para, _item, _whole, _link):
        environment.filters[filter.__name__.strip("_")] = filter
    return environment


def _line(text: str) -> LaidOutText:
    """One line that fits, cut with an ellipsis."""
    text = plain(text)
    if width(text) > COLUMNS:
        while width(text) > COLUMNS - 1:
            text = text[:-1]
        text = text.rstrip() + "…"
    return LaidOutText(text)


def _para(text: str) -> LaidOutText:
    # what is cut off an alarm would be its end: which landing undoes it
    return LaidOutText(wrap(text, columns=COLUMNS, longest=10 * LONGEST_SENTENCE))


def _item(text: str) -> LaidOutText:
    """One of a list."""
    return LaidOutText(wrap(text, "* ", columns=COLUMNS))


def _labelled(text: str, label: str) -> LaidOutText:
    """`Label:  text`, the text in a column of its own."""
    return LaidOutText(wrap(text, f"  {label}".ljust(LABEL), columns=COLUMNS))


def _link(text: str, label: str) -> LaidOutText:
    return LaidOutText(f"  {label}".ljust(LABEL) + plain(text, 2000))


def _whole(text: str) -> LaidOutText:
    """A command or a link, indented, never broken: it is to be copied."""
    return LaidOutText(" " * (LABEL + 2) + plain(text, 2000))
