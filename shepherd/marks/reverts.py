"""What git, the forges and people write when they take a change back (design 3.1, 3.4)."""

from __future__ import annotations

import re

from shepherd.marks.found import MAX_DIGITS, Found
from shepherd.marks.text import Message

_COMMIT = re.compile(r"\bThis\s++reverts\s++commit\s++([0-9a-f]{7,64})(?!\w)", re.IGNORECASE)
_REQUEST = re.compile(
    r"\bThis\s++reverts\s++merge\s++request\s++[\w./+-]*+!([0-9]++)"
    r"|\bReverts\s++[\w.-]++/[\w.-]++#([0-9]++)",
    re.IGNORECASE,
)
_TITLE = re.compile(r'Revert "(.+)"(?: ?\(#[0-9]+\))?\Z', re.IGNORECASE)
_NUMBERED = re.compile(r" ?\(#[0-9]+\)\Z")
_WORDS = re.compile(
    r"\b(?:revert(?:s|ed|ing)?|roll(?:s|ed|ing)?[\s-]*+backs?|back(?:s|ed|ing)?[\s-]*+outs?)\b", re.IGNORECASE
)
_REVNO = re.compile(rf"(?<!\w)r([0-9]{{1,{MAX_DIGITS}}})(?!\w)", re.IGNORECASE)


def read(message: Message, found: Found) -> None:
    """Read reverts, whatever grammars are on; hints are what a mark (read before) does not name."""
    if title := _TITLE.match(message.subject):
        found.reverts_title = _NUMBERED.sub("", title[1])
    if "reverts" in message.lower:
        _generated(message.body, found)
    if "revert" in message.lower or "back" in message.lower:
        _hints(message.body, found)


def _generated(body: str, found: Found) -> None:
    found.reverts_ids += [sha.lower() for sha in dict.fromkeys(_COMMIT.findall(body))]
    for merge, pull in dict.fromkeys(_REQUEST.findall(body)):
        sign = "!" if merge else "#"
        found.reverts_requests += [f"{sign}{number}" for number in found.numbers([merge or pull])]


def _hints(body: str, found: Found) -> None:
    if word := _WORDS.search(body):
        # Numbers within `Revert "X"` belong to the title of the landing that X names.
        start = (body.find("\n") + 1 or len(body)) if found.reverts_title else word.end()
        revnos = map(int, dict.fromkeys(_REVNO.findall(body, start)))
        found.hints = [revno for revno in revnos if revno and revno not in found.rollback]
