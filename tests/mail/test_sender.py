"""Whom mails come from: what the settings take can be sent from, with its whole name (docs/settings.md)."""

from __future__ import annotations

import email
import tomllib
from datetime import UTC, datetime
from email.policy import default
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shepherd.act.mail import Message, message_of
from shepherd.errors import WrongValueError
from shepherd.settings import MailSettings
from shepherd.settings.kinds import check_sender

LETTER = Message(to="ann@example.org", subject="s", text="t", id="1")


def received(sender: str) -> tuple[str, str]:
    """Name and address as who gets the mail reads them; there is exactly one."""
    message = message_of(LETTER, MailSettings(sender=sender), datetime.now(UTC))
    read = email.message_from_bytes(message.as_bytes(), policy=default)
    (author,) = read["From"].addresses
    assert read["Message-ID"] == "<1@example.org>"
    assert parseaddr(sender)[1] == author.addr_spec, "MAIL FROM"
    return author.display_name, author.addr_spec


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ('"Shepherd, QA" <qa@example.org>', "Shepherd, QA"),
        ('"Schäfer, QA" <qa@example.org>', "Schäfer, QA"),
        ("QA Schäfer <qa@example.org>", "QA Schäfer"),
        (r'"Q \"A\"" <qa@example.org>', 'Q "A"'),
        ("St. Ann <qa@example.org>", "St. Ann"),
        ("Example Inc. <qa@example.org>", "Example Inc."),
        ("QA (prod) <qa@example.org>", "QA"),
        ("<qa@example.org>", ""),
        ("qa@example.org", ""),
    ],
)
def test_a_name_arrives_whole(sender: str, name: str) -> None:
    check_sender(sender)
    assert received(sender) == (name, "qa@example.org")


@example("().=")
@given(st.text(alphabet="aé \t,;:@.\"'\\()[]=?<", max_size=12))
def test_what_is_taken_can_be_sent_from_and_what_is_proposed_is_taken(name: str) -> None:
    sender = f"{name}<qa@example.org>"
    try:
        check_sender(sender)
    except WrongValueError as wrong:
        _, proposed, line = str(wrong).rpartition("sender = ")
        if not proposed:
            return
        sender = tomllib.loads(proposed + line)["sender"]
        check_sender(sender)
    assert received(sender)[1] == "qa@example.org"
