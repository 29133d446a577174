"""Subjects of mails: each begins with the branch, the revision and what is the matter, and no two days have
the same (docs/mails.md#subjects)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shepherd.plans.days import long_date
from shepherd.plans.mails import Mail
from shepherd.values import some, utc
from shepherd.views import words
from shepherd.views.mail_checks import check_name, how_long_since
from shepherd.views.mail_entries import MailEntry, Project
from shepherd.views.mail_promotion import promotion_subject
from shepherd.views.terminal import plain

LONGEST_WITH_TITLE = 110
"""Characters of a subject that ends with a title: of a longer one only the first words stand there."""
_BRANCHES_SHOWN = 3
_NAMES_SHOWN = 3


def subject_of(mail: Mail, entries: Sequence[MailEntry], project: Project) -> str:
    """The subject of a mail, on one line."""
    match mail.kind:
        case "digest":
            subject = _of_digest(mail, entries) if entries else _of_live(mail)
        case "live":
            subject = _of_live(mail)
        case "escalation":
            subject = _of_escalation(entries)
        case "alarm":
            subject = _of_alarm(mail)
        case "promotion":
            assert mail.promotion is not None
            subject = f"{_place([mail.promotion.branch])} {promotion_subject(mail.promotion)}"
        case "checks":
            subject = _of_checks(mail, project)
        case "unreachable":
            count = words.count(len(mail.people), "person").replace("persons", "people")
            names = some([person.partition(" (")[0] for person in mail.people], _NAMES_SHOWN)
            subject = f"[QA] {count} cannot be mailed: {names}"
        case "brake":
            day = long_date(project.now.astimezone(project.zone).date())
            subject = f"[QA] {mail.count} mails were held back on {day}"
        case "hang":
            assert mail.hang is not None
            since = f", since {utc(mail.hang.since)}" if mail.hang.since else ""
            where = mail.hang.host or "its host"
            subject = f"QA shepherd: {mail.hang.stage or 'a run'} seems to hang on {where}{since}"
    return plain(subject)


def _of_digest(mail: Mail, entries: Sequence[MailEntry]) -> str:
    first = entries[0]
    entry, how_long = first.item.entry, first.how_long
    place = _place([*(each.branch for each in mail.items), *(each.branch for each in mail.live)])
    live = f"; {_went_live(mail)}" if mail.live else ""
    if len(entries) > 1:
        return f"{place} r{entry.revno} and {len(entries) - 1} more wait for you, {how_long}{live}"
    needs = "waits for your QA" if entry.state == "needstesting" else first.needs
    start = f"{place} r{entry.revno} {needs}, {how_long}"
    return f"{start}{live}" if live else _with_title(start, entry.title)


def _of_live(mail: Mail) -> str:
    start = f"{_place(each.branch for each in mail.live)} {_went_live(mail)}"
    return _with_title(start, mail.live[0].entry.title) if len(mail.live) == 1 else start


def _went_live(mail: Mail) -> str:
    return f"{some([f'r{each.entry.revno}' for each in mail.live], _NAMES_SHOWN)} went live"


def _of_escalation(entries: Sequence[MailEntry]) -> str:
    first, more = entries[0], len(entries) - 1
    entry = first.item.entry
    who = f"r{entry.revno} ({words.name(entry.person)})"
    block = f"{who} and {more} more block" if more else f"{who} {first.needs}"
    return f"{_place(each.item.branch for each in entries)} {block}, {first.how_long}: {first.behind}"


def _of_checks(mail: Mail, project: Project) -> str:
    first, more = mail.held[0], len(mail.held) - 1
    name = check_name(first.wait.check)
    keeps = f"{name} and {words.count(more, 'more check')} keep" if more else f"{name} keeps"
    said = f": {first.held[0].check.said} on r{first.held[0].revno}" if first.held else ""
    how_long = how_long_since(first.wait.since, project)
    waiting = words.count(first.landings, "landing")
    place = _place(each.branch for each in mail.held)
    return f"{place} {keeps} {waiting} back, {how_long}{said}"


def _of_alarm(mail: Mail) -> str:
    revs = ", ".join(f"r{alarm.revno}" for alarm in mail.alarms)
    where = "in production" if any(alarm.live for alarm in mail.alarms) else "and promoted, not live yet"
    return f"ALARM: {mail.branch}: {revs} bad {where}"


def _place(branches: Iterable[str]) -> str:
    names = list(dict.fromkeys(branches))
    return f"[{', '.join(names) if len(names) <= _BRANCHES_SHOWN else f'{len(names)} branches'}]"


def _with_title(start: str, title: str) -> str:
    """As much of the title as there is room for, in whole words."""
    title = plain(title)
    room = LONGEST_WITH_TITLE - len(start) - 2
    if len(title) > room:
        shown = title[: max(room - 1, 0)]
        title = (shown.rpartition(" ")[0] or shown).rstrip() + "…"
    return f"{start}: {title}"
