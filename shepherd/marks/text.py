"""Text that strangers wrote: how it is taken in, and how it is made fit to be shown."""

from __future__ import annotations

import re
from typing import NamedTuple

SHOWN = 10_000
"""The longest subject or branch that is kept, in characters."""
_QUOTED = 60
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Message(NamedTuple):
    """A commit message, cut where its marks may stand."""

    run: str
    """The leading run of brackets; empty where brackets are not read."""
    subject: str
    """The first line of the body, fit to be shown."""
    body: str
    """What follows the run, from the first line that is not blank."""
    lower: str
    """The body in lower case: to ask cheaply whether a word occurs at all. Its offsets are not the body's."""
    home: str | None = None
    """See `parse`."""


def normal(message: bytes | str) -> str:
    """The message as text with `\\n` for every line end, and no white space around it."""
    text = message.decode("utf-8", "replace") if isinstance(message, bytes) else message
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.strip()


def clean(text: str, limit: int = SHOWN) -> str:
    """One line without control characters and lone surrogates, white space collapsed, cut to `limit`."""
    # Four times the limit leaves room for white space; unbound, a line of 10 MB would be copied thrice.
    text = text[: 4 * limit]
    if not text.isprintable():
        text = _SURROGATE.sub("\ufffd", _CONTROL.sub(" ", text))
    return " ".join(text.split())[:limit].rstrip()


def quoted(text: str) -> str:
    """A piece of the message to be named in a warning: one line, 60 characters at most."""
    shown = clean(text, 4 * _QUOTED)
    return shown if len(shown) <= _QUOTED else shown[: _QUOTED - 1] + "…"
