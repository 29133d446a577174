"""A message on its way, against a server that may do anything (docs/mails.md)."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shepherd.act.mail import IN_A_ROW, MailError, Message, ServerError, SmtpSession, message_of
from shepherd.errors import UnsureError
from shepherd.settings import MailSettings
from tests.mail.team import parsed
from tests.running.smtp import Door, Server, Trick

NOW = datetime(2011, 8, 24, 9, 0, tzinfo=UTC)
MAIL = MailSettings(sender="QA Shepherd <qa@example.org>")


def mail_of(server: Server, starttls: bool = False, login: str = "") -> MailSettings:
    return replace(MAIL, smtp=server.place, starttls=starttls, login=login)


def deliver(post: SmtpSession, to: str = "ann@example.org", text: str = "hello\n") -> None:
    post.deliver(message_of(Message(to, "Hello", text, "x"), MAIL, NOW).as_bytes(), to)


NOT_TAKEN: list[Trick] = [
    *("refuse", "not now", "go away", "hang up", "say nothing", "refuse it", "not it now"),
]
UNSURE: list[Trick] = ["take it and hang up", "take it and say nothing"]


@pytest.mark.parametrize("trick", NOT_TAKEN)
def test_what_was_surely_not_taken_is_told_so(server: Server, trick: Trick) -> None:
    server.tricks["ann@example.org"] = trick
    with (
        SmtpSession(mail_of(server), "") as post,
        pytest.raises(MailError, match=r"to ann@example\.org was not taken"),
    ):
        deliver(post)
    assert server.messages == []


@pytest.mark.parametrize("trick", UNSURE)
def test_what_was_handed_over_without_an_answer_may_have_been_sent(server: Server, trick: Trick) -> None:
    server.tricks["ann@example.org"] = trick
    with SmtpSession(mail_of(server), "") as post, pytest.raises(UnsureError, match="may have been sent"):
        deliver(post)
    assert len(server.messages) == 1


@pytest.mark.parametrize("trick", [*NOT_TAKEN, *UNSURE])
def test_the_next_one_is_taken_all_the_same(server: Server, trick: Trick) -> None:
    server.tricks["ann@example.org"] = trick
    with SmtpSession(mail_of(server), "") as post:
        with pytest.raises((MailError, UnsureError)):
            deliver(post)
        deliver(post, "bob@example.org")
    assert len(server.mails_to("bob@example.org")) == 1


def test_many_go_over_one_connection(server: Server) -> None:
    server.tricks["3@example.org"] = "refuse"
    with SmtpSession(mail_of(server), "") as post:
        for number in range(3):
            deliver(post, f"{number}@example.org")
        with pytest.raises(MailError):
            deliver(post, "3@example.org")
        deliver(post, "4@example.org")
    assert len(server.messages) == 4
    assert server.connections == 1


@pytest.mark.parametrize("door", ["busy", "mute", "no tls", "broken tls"])
def test_a_server_that_takes_nothing_says_so_soon(server: Server, door: Door) -> None:
    server.door = door
    began = time.monotonic()
    post = SmtpSession(mail_of(server, starttls="tls" in door), "")
    with pytest.raises(ServerError, match=f"{server.place} takes no mail now: "):
        post.open()
    assert time.monotonic() - began < 3


def test_nothing_goes_unencrypted_where_encryption_is_wanted(server: Server) -> None:
    with (
        SmtpSession(mail_of(server, starttls=True), "") as post,
        pytest.raises(ServerError, match="STARTTLS"),
    ):
        deliver(post)
    assert server.messages == []


def test_a_server_that_is_not_there_says_so() -> None:
    with pytest.raises(ServerError, match="refused"):
        SmtpSession(MailSettings(sender="qa@example.org", smtp="127.0.0.1:1"), "").open()


def test_who_logs_in_is_let_in_and_a_wrong_password_is_not_repeated(server: Server) -> None:
    server.password = "open sesame"
    with SmtpSession(mail_of(server, login="ann"), "open sesame") as post:
        deliver(post)
    assert len(server.messages) == 1
    with pytest.raises(ServerError, match="535 wrong") as refused:
        SmtpSession(mail_of(server, login="ann"), "swordfish").open()
    assert "swordfish" not in str(refused.value)


def test_a_server_that_breaks_again_and_again_is_left_alone(server: Server) -> None:
    people = [f"{number}@example.org" for number in range(IN_A_ROW + 2)]
    server.tricks = dict.fromkeys(people, "hang up")
    with SmtpSession(mail_of(server), "") as post:
        for person in people[:IN_A_ROW]:
            with pytest.raises(MailError):
                deliver(post, person)
        with pytest.raises(ServerError, match="broke the connection 3 times in a row"):
            deliver(post, people[-1])
    assert server.connections == IN_A_ROW


def test_a_server_that_says_goodbye_again_and_again_is_left_alone(server: Server) -> None:
    people = [f"{number}@example.org" for number in range(IN_A_ROW + 1)]
    server.tricks = dict.fromkeys(people, "go away")
    with SmtpSession(mail_of(server), "") as post:
        for person in people[:IN_A_ROW]:
            with pytest.raises(MailError, match="421 bye"):
                deliver(post, person)
        with pytest.raises(ServerError, match="broke the connection 3 times in a row"):
            deliver(post, people[-1])
    assert server.connections == IN_A_ROW


def test_a_line_with_a_dot_does_not_end_the_message(server: Server) -> None:
    with SmtpSession(mail_of(server), "") as post:
        deliver(post, text="one\n.\n..two\nthree\n")
    assert parsed(server.messages[0][1]).get_content() == "one\n.\n..two\nthree\n"


ANY_TEXT = st.text(st.characters(codec=None), max_size=60) | st.sampled_from(
    [
        "\r\nBcc: eve@example.org",
        "\0",
        "👩‍👩‍👧" * 30,
        "x" * 1000,
        "é" * 1000,
        "a\nb",
        "\u2028Bcc: x",
        "=?utf-8?q?x?=",
    ]
)


@given(subject=ANY_TEXT, text=ANY_TEXT, header=ANY_TEXT)
def test_no_text_makes_a_header_of_its_own_or_stops_a_mail(subject: str, text: str, header: str) -> None:
    letter = Message("ann@example.org", subject, text, "x", ("t",), {"X-QA-Shepherd-Landings": header})
    raw = message_of(letter, MAIL, NOW).as_bytes()
    raw.decode("ascii")
    message = parsed(raw.decode())
    assert sorted(message.keys()) == sorted(
        [
            *("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted"),
            *(
                "List-Id",
                "X-QA-Shepherd-Landings",
                "Content-Type",
                "Content-Transfer-Encoding",
                "MIME-Version",
            ),
        ]
    )
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
