"""Hand mails to the server: one message for each recipient, over one connection, within time limits
(docs/mails.md).

What a server may do wrong is of two kinds: the message was surely not taken, and is tried again; or all
of it was handed over and no answer came, so that only the recipient knows, and nobody asks twice.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from contextlib import AbstractContextManager
from datetime import datetime
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from time import monotonic
from typing import Any

from msgspec import Struct

from shepherd import holding, limits
from shepherd.commands import as_called
from shepherd.errors import PARTLY, LostLockError, ShepherdError, UnsureError
from shepherd.settings import MailSettings
from shepherd.values import clean

ANSWER_LIMIT = 10.0
"""Seconds that the server may keep silent."""
TALK_LIMIT = 30.0
"""Seconds that it may take, all in all, to greet us and let us in; and to answer one command."""
TAKING_LIMIT = 60.0
"""Seconds to hand over a message and to learn that it was taken: some look for spam and viruses meanwhile."""
IN_A_ROW = 3
"""After so many broken connections in a row the server is left alone until the next run."""
LONGEST_SUBJECT = 150
LONGEST_HEADER = 900

_NEVER_FOLDED = "List-Unsubscribe"
"""A header of one address that may be longer than a line: folded, it would be encoded, and no address."""


class WirePolicy(EmailPolicy):
    """Headers as they go over the wire."""

    def fold(self, name: str, value: Any) -> str:
        return f"{name}: {value}{self.linesep}" if _stays_whole(name, value) else super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        return (
            self.fold(name, value).encode() if _stays_whole(name, value) else super().fold_binary(name, value)
        )


def _stays_whole(name: str, value: Any) -> bool:
    """What Python would fold wrongly: an address, and a subject that would fit on one line but for its name,
    before which it leaves an empty line that mail programs show as a blank."""
    if name == _NEVER_FOLDED:
        return True
    return name == "Subject" and len(name) + len(value) < 100 and value.isascii() and value.isprintable()


_POLICY = WirePolicy(linesep="\r\n", cte_type="7bit")
"""Line ends of the network; and not every server takes eight bits."""


class MailError(ShepherdError):
    """A message was not taken by the server."""

    code = PARTLY


class ServerError(MailError):
    """There is no connection over which a message could go."""


class Message(Struct, frozen=True):
    """A mail with its words."""

    to: str
    subject: str
    text: str
    id: str
    """The left side of its Message-ID: the same one, however often it is tried."""
    threads: tuple[str, ...] = ()
    """The left sides of References, the nearest last."""
    headers: dict[str, str] = {}
    html: str = ""
    """The same as the text; empty: the message is text alone."""


def message_of(planned: Message, mail: MailSettings, now: datetime) -> EmailMessage:
    """The message as it goes over the wire. Untrusted text may stand in it: no header gets a second line."""
    domain = parseaddr(mail.sender)[1].rpartition("@")[2]
    message = EmailMessage(policy=_POLICY)
    message["From"] = mail.sender
    message["To"] = planned.to
    # a line end in a header would be refused forever
    message["Subject"] = _header(planned.subject, LONGEST_SUBJECT)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{planned.id}@{domain}>"
    if planned.threads:
        message["In-Reply-To"] = f"<{planned.threads[-1]}@{domain}>"
        message["References"] = " ".join(f"<{each}@{domain}>" for each in planned.threads)
    message["Auto-Submitted"] = "auto-generated"
    message["List-Id"] = f"QA Shepherd <qa-shepherd.{domain}>"
    for name, value in planned.headers.items():
        message[name] = _header(value, LONGEST_HEADER)
    message.set_content(_encodable(as_called(planned.text)))
    if planned.html:
        message.add_alternative(_encodable(planned.html), subtype="html")
    return message


def _header(text: str, longest: int) -> str:
    """The text as a header takes it. What looks like an encoded word would be decoded, line ends and all, and
    become headers of its own: "=?utf-8?q?=0D=0ABcc:…?=" in the title of a commit is no more than a title."""
    return clean(text, longest).replace("=?", "= ?")


def text_of(message: EmailMessage) -> str:
    """The text of a message as who gets it reads it; its HTML says the same."""
    body = message.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    return str(body.get_content()).replace("\r\n", "\n")


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


class SmtpSession:
    """A connection to the mail server, opened when it is first needed, and again when it broke.

    Raises (`open`, `deliver`):
        ServerError: there is no connection to be had, or it broke too often. MailError: this message was not
            taken. UnsureError: it was handed over, and no answer came.
    """

    def __init__(self, mail: MailSettings, password: str) -> None:
        self._mail = mail
        self._password = password
        self._server: smtplib.SMTP | None = None
        self._broken = 0
        self._end = monotonic() + limits.share()
        """No message is handed over after it: the other half of the time is for the one that is under way, of
        which nobody would know whether it was sent."""

    def __enter__(self) -> SmtpSession:
        return self

    def __exit__(self, error: object, *_: object) -> None:
        if error is not None:
            # amid a message, a farewell would become part of it
            self._drop()
        elif self._server is not None:
            try:
                with self._limited(ANSWER_LIMIT):
                    self._server.quit()
            except (OSError, smtplib.SMTPException):
                self._drop()

    def open(self) -> smtplib.SMTP:
        """The connection."""
        mail = self._mail
        if monotonic() > self._end:
            self._drop()
            raise ServerError(f"{mail.smtp} is too slow; the rest goes with the next run")
        if self._server is not None:
            return self._server
        if self._broken >= IN_A_ROW:
            raise ServerError(f"{mail.smtp} broke the connection {self._broken} times in a row")
        host, _, port = mail.smtp.rpartition(":")
        server: smtplib.SMTP | None = None
        try:
            with self._limited(self._talk_limit):
                # with a name of our own: else the resolver is asked for one
                server = smtplib.SMTP(
                    host.strip("[]"), int(port), local_hostname=socket.gethostname(), timeout=ANSWER_LIMIT
                )
                server.ehlo_or_helo_if_needed()
                if mail.starttls:
                    server.starttls(context=ssl.create_default_context())
                    server.ehlo_or_helo_if_needed()
                if mail.login:
                    server.login(mail.login, self._password)
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            if server is not None:
                server.close()
            raise ServerError(f"{mail.smtp} takes no mail now: {_words(error)}") from None
        self._server = server
        return server

    def deliver(self, message: bytes, to: str) -> None:
        """Hand one message over."""
        server = self.open()
        try:
            for word, about, kind in (
                ("MAIL", f"FROM:<{parseaddr(self._mail.sender)[1]}>", 2),
                ("RCPT", f"TO:<{to}>", 2),
                ("DATA", "", 3),
            ):
                with self._limited(self._talk_limit):
                    reply = server.docmd(word, about)
                self._expect(reply, kind, to)
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            self._drop()
            raise MailError(f"the mail to {to} was not taken: {_words(error)}") from None
        try:
            # only now: with a slow server the lock may have been lost since we began to talk
            holding.confirm()
        except LostLockError:
            # without its end a message is none
            self._drop()
            raise
        limit = holding.within(TAKING_LIMIT)
        try:
            if server.sock is not None:
                server.sock.settimeout(limit)
            with self._limited(limit):
                server.send(re.sub(rb"(?m)^\.", b"..", message) + b".\r\n")
                reply = server.getreply()
            if server.sock is not None:
                server.sock.settimeout(ANSWER_LIMIT)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise UnsureError(
                f"the mail to {to} may have been sent: it was handed over, then: {_words(error)}"
            ) from None
        self._expect(reply, 2, to)
        self._broken = 0

    @property
    def _talk_limit(self) -> float:
        return max(0.0, min(TALK_LIMIT, self._end - monotonic()))

    def _limited(self, seconds: float) -> AbstractContextManager[None]:
        return limits.limited(seconds, TimeoutError(), f"the mail server {self._mail.smtp}")

    def _expect(self, reply: tuple[int, bytes], kind: int, to: str) -> None:
        code, text = reply
        if code // 100 == kind:
            return
        self._start_over(code)
        raise MailError(
            f"the mail to {to} was not taken: {code} {clean(text.decode('utf-8', 'replace'), 200)}"
        )

    def _start_over(self, code: int) -> None:
        """A refusal says nothing against the next message; 421 says that the server goes."""
        if code == 421 or self._server is None:
            self._drop()
            return
        self._broken = 0
        try:
            with self._limited(ANSWER_LIMIT):
                self._server.rset()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            self._broken += 1


def _words(error: Any) -> str:
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "no answer in time"
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        text = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        return clean(f"{error.smtp_code} {text}", 200)
    return clean(str(error), 200) or type(error).__name__
