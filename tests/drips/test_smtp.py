"""SMTP: each part of the conversation has a limit for the whole."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from shepherd import limits
from shepherd.act import mail as module
from shepherd.act.mail import MailError, Message, ServerError, SmtpSession, message_of
from shepherd.errors import ShepherdError, UnsureError
from shepherd.settings import MailSettings
from tests.drips.server import HANDSHAKE, Drip, dripping
from tests.mail.test_post import NOW

LIMIT = 0.3
SOON = 10.0
_BANNER, _EHLO, _OK = b"220 here\r\n", b"250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n", b"250 ok\r\n"


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Silence may last as long as ever, so that only the limit for the whole can end it."""
    monkeypatch.setattr(module, "TALK_LIMIT", LIMIT)
    monkeypatch.setattr(module, "TAKING_LIMIT", LIMIT)
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SOON


def spoken(*replies: bytes, drop: bytes = b"2", start: bytes = b"") -> Drip:
    return Drip(drop, start, replies, speaks_first=bool(replies) or not start)


STEPS: dict[str, tuple[Drip, type[ShepherdError]]] = {
    "greeting": (Drip(b"2", speaks_first=True), ServerError),
    "greeting without an end": (Drip(b"220-here\r\n", speaks_first=True), ServerError),
    "EHLO": (spoken(_BANNER), ServerError),
    "EHLO without an end": (spoken(_BANNER, drop=b"250-here\r\n"), ServerError),
    "STARTTLS": (spoken(_BANNER, _EHLO), ServerError),
    "handshake": (
        spoken(_BANNER, _EHLO, b"220 go on\r\n", drop=HANDSHAKE.drop, start=HANDSHAKE.start),
        ServerError,
    ),
    "AUTH": (spoken(_BANNER, _EHLO), ServerError),
    "MAIL": (spoken(_BANNER, _EHLO), MailError),
    "RCPT": (spoken(_BANNER, _EHLO, _OK), MailError),
    "DATA": (spoken(_BANNER, _EHLO, _OK, _OK), MailError),
    "after the dot": (spoken(_BANNER, _EHLO, _OK, _OK, b"354 go on\r\n"), UnsureError),
    "after the dot without an end": (
        spoken(_BANNER, _EHLO, _OK, _OK, b"354 go on\r\n", drop=b"250-ok\r\n"),
        UnsureError,
    ),
}


def post_to(place: str, step: str) -> SmtpSession:
    login = "ann" if step == "AUTH" else ""
    secure = step in ("STARTTLS", "handshake")
    return SmtpSession(
        MailSettings(sender="qa@example.org", smtp=place, starttls=secure, login=login), "secret"
    )


def deliver(post: SmtpSession) -> None:
    message = message_of(Message("ann@example.org", "Hello", "hello\n", "x"), post._mail, NOW).as_bytes()
    post.deliver(message, "ann@example.org")


@pytest.mark.parametrize("step", STEPS)
def test_a_mail_server_that_drips(step: str) -> None:
    drip, failure = STEPS[step]
    with dripping(drip) as server, post_to(server.place, step) as post:
        with pytest.raises(failure, match="no answer in time") as caught:
            deliver(post)
        assert type(caught.value) is failure
        assert server.connections == 1


@pytest.mark.parametrize("step", ["RSET", "QUIT"])
def test_a_farewell_that_drips(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    monkeypatch.setattr(module, "ANSWER_LIMIT", LIMIT)
    replies = [_BANNER, _EHLO, _OK, b"550 nobody\r\n"] if step == "RSET" else [_BANNER, _EHLO]
    with dripping(spoken(*replies)) as server, post_to(server.place, step) as post:
        if step == "QUIT":
            post.open()
        else:
            with pytest.raises(MailError, match="550 nobody"):
                deliver(post)


def test_no_mail_is_begun_when_half_of_the_time_is_over() -> None:
    """What is under way has the other half: of a mail that is cut off nobody knows whether it was sent."""
    with dripping(spoken(_BANNER, _EHLO, _OK, _OK, b"354 go on\r\n")) as server:
        with limits.limited(0.4, AssertionError("the limit around it")):
            post = post_to(server.place, "")
            time.sleep(0.21)
            with pytest.raises(ServerError, match="is too slow; the rest goes with the next run"):
                deliver(post)
        assert server.connections == 0
