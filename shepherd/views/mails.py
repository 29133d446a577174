"""A mail in words: subject, text, and the same as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup
from msgspec import Struct

from shepherd.plans.mails import Mail
from shepherd.views import words
from shepherd.views.mail_checks import held_entry_of
from shepherd.views.mail_entries import SHOWN, Project, entry_of, live_entry_of
from shepherd.views.mail_html import html_environment
from shepherd.views.mail_promotion import promotion_entry_of
from shepherd.views.mail_subjects import subject_of
from shepherd.views.mail_text import text_environment


class WrittenMail(Struct, frozen=True):
    """What stands in a mail."""

    subject: str
    text: str
    html: str


def written(mail: Mail, project: Project, missing: Sequence[str] = ()) -> WrittenMail:
    """A mail's subject, its text and its HTML.

    Args:
        missing: why some branches could not be looked at.
    """
    entries = [entry_of(item, project) for item in mail.items]
    values: dict[str, Any] = {
        "mail": mail,
        "entries": entries,
        "live": [live_entry_of(each, project) for each in mail.live],
        "promotion": promotion_entry_of(mail.promotion, project) if mail.promotion else None,
        "held": [held_entry_of(each, project) for each in mail.held],
        "shown": SHOWN,
        "project": project,
        "missing": missing,
        "words": words,
    }
    subject = subject_of(mail, entries, project)
    template = f"{mail.kind}.j2"
    text = text_environment().get_template(template).render(values)
    html = html_environment()
    body = html.get_template(template).render(values)
    page = html.get_template("frame.html.j2").render(subject=subject, body=Markup(body))  # noqa: S704
    return WrittenMail(subject, text.strip("\n") + "\n", page)
