"""What a mail says of a landing, before it is text or HTML: `mail_text` and `mail_html` lay out the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from shepherd.plans.days import local_times, long_date, long_time
from shepherd.plans.mails import Waiting, WentLive
from shepherd.sentence import Part, Sentence
from shepherd.snapshot import Blocker, LandingEntry, State
from shepherd.values import age
from shepherd.views import words
from shepherd.views.clean import fill_address, is_web_address
from shepherd.views.note_lines import note_for
from shepherd.views.terminal import width
from shepherd.words import item_in_address

COLUMNS = 72
SHOWN = 40
"""Landings that one mail lists; the page has them all."""
BUGS_SHOWN = 8
HOUR = 3600
_SHA_SHOWN = 12

NEEDS: dict[State, str] = {"needstesting": "needs QA", "bad": "is bad", "orphan": "names no bug"}


class Linked(Struct, frozen=True):
    """A text, and the page that it leads to; without one the address is empty."""

    text: str
    address: str = ""


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
    commit_url: Mapping[str, str] = {}
    """Branch -> pattern of the page of a commit, with {id} or {revno}."""
    bug_url: Mapping[str, str] = {}
    """Branch -> pattern of the page of a bug, with {bug}."""
    request_url: Mapping[str, str] = {}
    operators: tuple[str, ...] = ()

    def page(self, branch: str, revno: int = 0) -> str:
        """The page of a branch, or the place of a landing on it; empty: nobody knows where it is read."""
        if not self.page_url:
            return ""
        return f"{self.page_url.rstrip('/')}/{branch}.html" + (f"#r{revno}" if revno else "")

    def link(self, branch: str, revno: int = 0) -> Linked:
        """The same as a link that shows its address."""
        return Linked(self.page(branch, revno), self.page(branch, revno))


class PartLinks(Struct, frozen=True):
    """Where the parts of a branch's sentences lead."""

    project: Project
    branch: str

    def address(self, part: Part) -> str:
        """The page of an item or a revision; empty: there is none."""
        number = part.text.lstrip("r#!")
        if part.kind == "revision" and number.isdecimal():
            return self.project.page(self.branch, int(number))
        return self.item(part.text) if part.kind == "item" else ""

    def item(self, item: str) -> str:
        """The page of a bug, "824435" or "ABC-123", or of a request, "#12"."""
        bare = item_in_address(item)
        if not bare:
            return ""
        if bare == item:
            return fill_address(self.project.bug_url.get(self.branch, ""), "bug", bare)
        return fill_address(self.project.request_url.get(self.branch, ""), "request", bare)


class MailEntry(Struct, frozen=True):
    """One landing that somebody can act on, as a mail describes it."""

    item: Waiting
    links: PartLinks
    why: str
    needs: str
    commit: Linked
    review: Linked | None
    """The merge proposal."""
    bugs: tuple[Linked, ...]
    requests: tuple[Linked, ...]
    since: str
    how_long: str
    behind: str
    then: str
    """What stands behind that: the checks of what could go then; empty: they hold, or none is needed."""
    todo: str
    """What to do, as one sentence."""
    lead: str
    """What to do, up to the command that stands on a line of its own."""
    command: str
    page: Linked
    note: str
    """The line by which a git note says that it is good; empty: a note would not clear it."""
    mark: str
    list_mail: str
    """When the list is told of it."""


class LiveEntry(Struct, frozen=True):
    """One landing that went live, as a mail describes it."""

    entry: LandingEntry
    what: str
    """Its title, since when it is live, and whether it is bad."""
    page: str


def entry_of(item: Waiting, project: Project) -> MailEntry:
    """What a mail says of a landing that somebody can act on."""
    entry, branch = item.entry, item.branch
    links = PartLinks(project, branch)
    step, lead, command = _remedy(entry.remedy_sentence)
    bugs = tuple(Linked(str(bug), links.item(str(bug))) for bug in entry.bugs[:BUGS_SHOWN])
    more = len(entry.bugs) - BUGS_SHOWN
    note = note_for(entry, project.notes.get(branch, ""), branch if project.several else "")
    today = project.now.astimezone(project.zone).date()
    commit = _commit(entry, project.commit_url.get(branch, ""))
    review = entry.url if is_web_address(entry.url) and entry.url != commit.address else ""
    return MailEntry(
        item=item,
        links=links,
        why=local_times(entry.reason_sentence, project.zone),
        needs=NEEDS.get(entry.state, "waits"),
        commit=commit,
        review=Linked(review, review) if review else None,
        bugs=(*bugs, Linked(f"and {more} more")) if more > 0 else bugs,
        requests=tuple(Linked(request, links.item(request)) for request in entry.requests[:BUGS_SHOWN]),
        since=long_time(item.since, project.zone),
        how_long=how_long((project.now - item.since).total_seconds()),
        behind=_behind(item.blocker.waiting - 1),
        then=_then(item.blocker),
        todo=_todo(step, lead, command),
        lead=Sentence(*_without_blank_end(lead)),
        command=command,
        page=project.link(branch, entry.revno),
        note=note,
        mark=project.mark.get(branch, "").replace("{revno}", str(entry.revno)),
        list_mail=_list_mail(item.told_on, today),
    )


def live_entry_of(item: WentLive, project: Project) -> LiveEntry:
    """What a mail says of a landing that went live."""
    where = f" on {item.branch}" if project.several else ""
    bad = "; it is bad" if item.entry.state == "bad" else ""
    what = f"{item.entry.title} (live{where} since {long_time(item.since, project.zone)}{bad})"
    return LiveEntry(item.entry, what, project.page(item.branch, item.entry.revno))


def _commit(entry: LandingEntry, pattern: str) -> Linked:
    address = pattern.replace("{id}", entry.id).replace("{revno}", str(entry.revno))
    return Linked(entry.id[:_SHA_SHOWN], address if is_web_address(address) else "")


def _remedy(remedy: Sentence) -> tuple[Sentence, Sentence, str]:
    """What to do without the command that the remedy ends with, the same with the words that lead over to
    that command, and the command."""
    match remedy.parts:
        case [*step, str() as over, Part(kind="command", text=command)]:
            return Sentence(*step), Sentence(*step, over), command
        case _:
            return remedy, remedy, ""


def _without_blank_end(sentence: Sentence) -> tuple[str | Part, ...]:
    match sentence.parts:
        case [*most, str() as last]:
            return (*most, last.rstrip())
        case parts:
            return tuple(parts)


def _todo(step: Sentence, lead: Sentence, command: str) -> str:
    """All of it if that fits on one line, else what comes before the command."""
    first, *rest = lead.parts or ("",)
    if isinstance(first, str):
        first = f"{first[:1].upper()}{first[1:]}"
    whole = Sentence(first, *rest, Part("command", command))
    if command and width(whole) <= COLUMNS:
        return whole
    return words.full_sentence(step or "its row on the page says what to do")


def how_long(seconds: float) -> str:
    """ "3 days", "5 hours", "less than an hour"."""
    return age(seconds) if seconds >= HOUR else "less than an hour"


def _behind(count: int) -> str:
    if not count:
        return "nothing waits behind it yet"
    return f"{words.count(count, 'landing')} {'waits' if count == 1 else 'wait'} behind it"


def _then(blocker: Blocker) -> str:
    if not blocker.if_checks_pass or blocker.tip_if_cleared is None or not blocker.frees:
        return ""
    return f"; r{blocker.tip_if_cleared}, which could go then, needs its checks to pass, too"


def _list_mail(day: date, today: date) -> str:
    if day < today:
        return f"is told of it every day, since {long_date(day)}"
    return "is told of it today" if day == today else f"will be told of it on {long_date(day)}"
