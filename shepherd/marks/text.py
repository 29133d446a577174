"""Text that strangers wrote: how it is read, and how it is made fit to be shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from shepherd.printable import CONTROLS, INSTEAD, INVISIBLE, SURROGATES

SHOWN = 10_000
"""The longest subject or branch that is kept, in characters."""
SUMMARY = 1_000
"""The longest first paragraph that is kept: some messages are one paragraph, and views cut at 300."""
_QUOTED = 60
_CONTROL = re.compile(f"[{CONTROLS}]")
_SURROGATE = re.compile(f"[{SURROGATES}]")
_UNSEEN = re.compile(rf"\A[\s{INVISIBLE}]++")
_NOT_OF_THE_TITLE = re.compile(
    r"\s*+(?:[-*+•>#][^\S\n]|[0-9]{1,3}[.)][^\S\n]|[-=~*#_]{3,}\s*+\Z|LP:\s|Merged from\s|See merge request\s"
    r"|This reverts\s|\(cherry picked\s)|[a-z0-9][a-z0-9-]*+:(?:\s|\Z)",
    re.IGNORECASE,
)
"""How a line begins that stands directly behind a title and does not continue it: an item of a list, an
underline, a trailer, a sentence that a program wrote."""

# A host with a user or password before it does not count: it would end up on a page.
WEB_ADDRESS = (
    rf"https?://([^\s/?#@{CONTROLS}{SURROGATES}]{{1,255}}+)"
    rf"(/[^\s?#<>{CONTROLS}{SURROGATES}]{{0,2000}}+)?"
    rf"(?:[?#][^\s<>{CONTROLS}{SURROGATES}]{{0,2000}}+)?"
)
"""Pattern of a link that a message gives: its groups are host and path. What follows it has to be a blank or
the end of a line, so that a longer one counts for nothing instead of being cut."""


_BLANK_LINE = re.compile(r"\n[^\S\n]*+\n")
TRAILER_VALUE = r"[^\S\n]*+:([^\n]*+(?:\n[^\S\n]++[^\n]++)*)(?:\n|\Z)"
"""Pattern of what follows the name of a git trailer: its group is the value, with the lines that go on."""
_TRAILERS = re.compile(rf"(?:[A-Za-z0-9][A-Za-z0-9-]*+{TRAILER_VALUE})+")


class CommitMessage(NamedTuple):
    """A commit message, cut where its marks may stand."""

    run: str
    """The leading run of brackets; empty where brackets are not read."""
    subject: str
    """The first line of the body, fit to be shown."""
    body: str
    """What follows the run, from the first line that is not blank."""
    own: str
    """The body without what it quotes (docs/rules.md#quoted)."""
    lower: str
    """`own` in lower case: to ask cheaply whether a word occurs at all. Its offsets are others."""
    project: str | None = None
    """See `parse`."""
    key_projects: Sequence[str] = ()
    """See `parse`; empty where keys are not read."""
    trailers_read: bool = False
    """Whether the grammar `trailers` is read."""


def normal(message: bytes | str) -> str:
    """The message as text with `\\n` for every line end, and no white space around it.

    What cannot be seen before the first character that can is stepped over: some tools begin a message with a
    byte order mark, and nobody would see why its marks do not lead.
    """
    text = message.decode("utf-8", "replace") if isinstance(message, bytes) else message
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.strip()
    return text if text[:1].isascii() else _UNSEEN.sub("", text)


def first_paragraph(body: str) -> str:
    """The title that `body` begins with, on one line, where it was wrapped; empty where the first line is it.

    Only what is shown follows from it: patterns and marks know the first line (docs/rules.md#marks).
    """
    first = end = body.find("\n")
    while 0 <= end < min(len(body), 4 * SUMMARY):
        stop = body.find("\n", end + 1)
        stop = stop if stop >= 0 else len(body)
        line = body[end + 1 : min(stop, end + 1 + 4 * SUMMARY)]
        if not line.strip() or _NOT_OF_THE_TITLE.match(line):
            break
        end = stop
    if end <= first:
        return ""
    title = clean(" ".join(body[: min(end, 4 * SUMMARY)].split()), SUMMARY)
    # a line of which nothing can be shown does not go on
    return title if title != clean(body[:first], SUMMARY) else ""


def trailer_block(body: str) -> int:
    """Where the git trailers begin: the last paragraph, if it is not the subject's own and holds no more;
    0: there are none."""
    if "\n" not in body:
        return 0
    # Turned round, so that the search ends at the last blank line and not after all of them.
    blank = _BLANK_LINE.search(body[::-1])
    start = len(body) - blank.start() if blank else 0
    return start if start and _TRAILERS.fullmatch(body, start) else 0


def clean(text: str, limit: int = SHOWN) -> str:
    """One line without control characters and lone surrogates, white space collapsed, cut to `limit`."""
    # Four times the limit leaves room for white space; unbound, a line of 10 MB would be copied thrice.
    text = text[: 4 * limit]
    if not text.isprintable():
        text = _SURROGATE.sub(INSTEAD, _CONTROL.sub(" ", text))
    return " ".join(text.split())[:limit].rstrip()


def quoted(text: str) -> str:
    """A piece of the message to be named in a warning: one line, 60 characters at most."""
    shown = clean(text, 4 * _QUOTED)
    return shown if len(shown) <= _QUOTED else shown[: _QUOTED - 1] + "…"
