"""A planned mail as the message that goes to the server."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from shepherd.act.mail import LONGEST_HEADER, Message, SmtpSession, message_of
from shepherd.plans.days import days_of
from shepherd.plans.mails import Mail, Waiting, WentLive
from shepherd.settings import Settings
from shepherd.views.mail_entries import Project
from shepherd.views.mails import written

LANDINGS_NAMED = 40
"""In headers: of the landings that a mail is about, the first."""


def open_session(settings: Settings) -> SmtpSession:
    """A connection to the mail server. Raises SettingsError: the password cannot be read."""
    assert settings.mail is not None
    return SmtpSession(settings.mail, settings.secret("mail.password", os.environ))


def send_unnoted(mail: Mail, settings: Settings, now: datetime) -> None:
    """Send one mail that the caller notes by itself.

    Raises:
        MailError: the server did not take it. UnsureError: it may have taken it.
        SettingsError: the password cannot be read.
    """
    assert settings.mail is not None
    message = message_of(message_for(mail, settings, now), settings.mail, now)
    with open_session(settings) as session:
        session.deliver(message.as_bytes(), mail.to)


def message_for(
    mail: Mail, settings: Settings, now: datetime, run_id: str = "", missing: Sequence[str] = ()
) -> Message:
    """The mail with its words and headers.

    Args:
        missing: why some branches could not be looked at.
    """
    words = written(mail, _project(settings, now), missing)
    threads: tuple[str, ...] = ()
    if mail.kind == "escalation":
        # the nearest last: a reader hangs the message under the worst
        items = reversed(mail.items[:LANDINGS_NAMED])
        threads = tuple(f"landing.{_digest(f'{item.branch} {item.entry.id}')}" for item in items)
    kind: str = mail.kind
    identity = f"{days_of(settings).of(now)}.{_digest(mail.to.casefold())}"
    if mail.kind == "live":
        identity = f"{identity}.{mail.live[0].entry.id[:12]}"
    if mail.kind == "checks":
        identity = f"{identity}.{mail.held[0].wait.seq}"
    if mail.promotion is not None:
        # the same one, on whatever day
        identity = _digest(f"{mail.promotion.name} {mail.to.casefold()}")
    if mail.kind in ("alarm", "hang"):
        # what is sent at once has one name for the filters of those who get it
        kind = "notice"
        what = " ".join(map(str, [*((alarm.seq, alarm.at) for alarm in mail.alarms), mail.hang]))
        identity = _digest(f"{mail.branch} {what} {mail.to.casefold()}")
    headers = {
        "List-Unsubscribe": _unsubscribe(mail, settings),
        "X-QA-Shepherd-Kind": kind,
        "X-QA-Shepherd-Landings": " ".join(landings_named(mail)),
        "X-QA-Shepherd-Run": run_id,
    }
    return Message(
        to=mail.to,
        subject=words.subject,
        text=words.text,
        html=words.html,
        id=f"{kind}.{identity}",
        threads=threads,
        headers={name: value for name, value in headers.items() if value},
    )


def landings_named(mail: Mail) -> list[str]:
    """The first landings that it is about: "stable/r123"."""
    named: list[Waiting | WentLive] = [*mail.items, *mail.live]
    held = [f"{each.branch}/r{one.revno}" for each in mail.held for one in each.held]
    if mail.promotion is not None:
        held += [f"{mail.promotion.branch}/r{each.revno}" for each in mail.promotion.landings]
    return [*(f"{each.branch}/r{each.entry.revno}" for each in named), *held][:LANDINGS_NAMED]


def _unsubscribe(mail: Mail, settings: Settings) -> str:
    """Where a person or a list asks for no more such mails: at the operators' address."""
    if settings.mail is None or mail.kind not in ("digest", "live", "escalation", "checks", "promotion"):
        return ""
    if not settings.mail.operators:
        return ""
    subject = quote(f"QA Shepherd: no more mails to {mail.to}", safe="")
    header = f"<mailto:{quote(settings.mail.operators[0], safe='@')}?subject={subject}>"
    # cut short it would be no address
    return header if len(header) <= LONGEST_HEADER else ""


def _project(settings: Settings, now: datetime) -> Project:
    branches = settings.branches
    return Project(
        zone=days_of(settings).zone,
        now=now,
        page_url=settings.report.url,
        mailing_list=settings.mail.list if settings.mail else "",
        several=len(branches) > 1,
        notes={name: branch.verdict_notes for name, branch in branches.items()},
        mark={name: _mark(branch.marks) for name, branch in branches.items()},
        commit_url={name: branch.landing_url for name, branch in branches.items()},
        bug_url={name: settings.tracker_of(name).bug_url for name in branches},
        request_url={name: settings.tracker_of(name).request_url for name in branches},
        operators=settings.mail.operators if settings.mail else (),
    )


def _mark(grammars: Sequence[str]) -> str:
    """How a message says that its landing undoes another (docs/rules.md#marks); git's own words do where
    neither is read."""
    if "brackets" in grammars:
        return "[rollback={revno}]"
    return "Rolls-back: {revno}" if "trailers" in grammars else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:20]
