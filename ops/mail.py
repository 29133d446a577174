"""One message by plain SMTP, to one person, within a time limit."""

from __future__ import annotations

import os
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr

from ops.log import now
from shepherd.errors import SettingsError, ShepherdError
from shepherd.settings import Mail, Settings
from shepherd.values import clean

LIMIT = 10.0
"""Seconds that one answer of the server may take."""


class MailError(ShepherdError):
    """A message was not taken by the server."""


def send(settings: Settings, address: str, subject: str, text: str) -> None:
    """Send one text to one person.

    Raises:
        MailError: the server did not take it.
        SettingsError: there is no `[mail]`, or its password cannot be read.
    """
    mail = settings.mail
    if mail is None:
        raise SettingsError(f"{settings.file}: no mail is sent without a [mail] table")
    password = settings.secret("mail.password", os.environ)
    _hand_over(mail, password, _message(mail, address, subject, text), address)


def _hand_over(mail: Mail, password: str, message: EmailMessage, address: str) -> None:
    host, _, port = mail.smtp.rpartition(":")
    try:
        with smtplib.SMTP(host.strip("[]"), int(port), timeout=LIMIT) as server:
            if mail.starttls:
                server.starttls(context=ssl.create_default_context())
            if mail.login:
                server.login(mail.login, password)
            server.send_message(message, parseaddr(mail.sender)[1], [address])
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        raise MailError(
            f"{mail.smtp} did not take the mail to {address} ({clean(str(error), 200)}); it is tried again"
        ) from None


def _message(mail: Mail, address: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = mail.sender
    message["To"] = address
    # a line end in a header would be refused, for ever
    message["Subject"] = clean(subject, 150)
    message["Date"] = format_datetime(now())
    message["Message-ID"] = make_msgid(domain=parseaddr(mail.sender)[1].rpartition("@")[2] or "localhost")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message
