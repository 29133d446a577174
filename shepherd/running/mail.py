"""One mail to one person, at once, whatever the day: a hang, an alarm. By the road of all others."""

from __future__ import annotations

import os
import secrets

from shepherd.errors import SettingsError
from shepherd.running.log import now
from shepherd.settings import Settings


def send(settings: Settings, address: str, subject: str, text: str) -> None:
    """Send one text to one person.

    Raises:
        MailError: the server did not take it.
        UnsureError: it may have taken it.
        SettingsError: there is no `[mail]`, or its password cannot be read.
    """
    mail = settings.mail
    if mail is None:
        raise SettingsError(f"{settings.file}: no mail is sent without a [mail] table")
    # every writing task starts up with this module, and hardly any sends
    from shepherd.act.mail import Message, SmtpSession, message_of

    letter = Message(
        address, subject, text, f"notice.{secrets.token_hex(8)}", headers={"X-QA-Shepherd-Kind": "notice"}
    )
    with SmtpSession(mail, settings.secret("mail.password", os.environ)) as post:
        post.deliver(message_of(letter, mail, now()).as_bytes(), address)
