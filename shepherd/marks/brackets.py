"""`[bug=1,2][no-qa][rollback=12] Title`: the marks of PQM and Launchpad, 2007 to 2019
(docs/rules.md#marks)."""

from __future__ import annotations

import re

from shepherd.marks.collector import MarkCollector
from shepherd.marks.keys import has_key, without_keys
from shepherd.marks.text import CommitMessage
from shepherd.values import DIGITS

MAX_RANGE = 50
"""Revisions that one range may name."""

# No possessive groups here or below: Debian 12's Python 3.11.2 matches them wrongly (fixed in 3.11.5).
_RUN = re.compile(r"(?:\s*+\[[^\[\]]*+\])*")
_BRACKET = re.compile(r"\[([^\[\]]*+)\]")
_DIGITS = re.compile(r"[0-9]+")
_BARE_BUGS = re.compile(r"bugs?(?=[ #])[0-9,# ]*+")
_TARGET = re.compile(rf"r?({DIGITS})(?:(?:-|\.\.)r?({DIGITS}))?")
_LATE = re.compile(r"\[(?:bugs?[ =]|rollback ?=)[^\[\]]{0,60}\]", re.IGNORECASE)
_LABELS = {
    "incr": "incr",
    "incremental": "incr",
    "no-qa": "no-qa",
    "noqa": "no-qa",
    "testfix": "testfix",
    "qa-ok": "qa-ok",
}


def split(text: str) -> tuple[str, str]:
    """The leading run of brackets, and what follows it without the white space between."""
    run = _RUN.match(text)
    end = run.end() if run else 0
    return text[:end], text[end:].lstrip()


def read(message: CommitMessage, marks: MarkCollector) -> None:
    """Read the leading run; brackets that are unknown are stepped over."""
    bugs: list[str] = []
    # A mark that is repeated adds nothing, and a hostile message repeats one a million times.
    for content in dict.fromkeys(_BRACKET.findall(message.run)):
        name, equals, value = content.lower().partition("=")
        word = " ".join(name.split())
        if equals and word in ("bug", "bugs"):
            # where keys are read, the number of none is a number
            bugs.append(without_keys(value) if message.key_projects else value)
        elif equals and word == "rollback":
            _rollback(value, marks)
        elif not equals and word in _LABELS:
            marks.labels.add(_LABELS[word])
        elif not equals and _BARE_BUGS.fullmatch(word):
            bugs.append(word)
    if bugs:
        marks.bugs.append((-1, marks.numbers(_DIGITS.findall("]".join(bugs)))))
    elif (
        "[" in message.subject
        and (late := _LATE.search(message.subject))
        and not has_key(late[0], message.key_projects)
    ):
        marks.doubt(late[0], "is not at the beginning of the message")


def _rollback(value: str, marks: MarkCollector) -> None:
    joined = " ".join(value.split())
    for sign in ("-", ".."):
        joined = joined.replace(f" {sign}", sign).replace(f"{sign} ", sign)
    items = dict.fromkeys(joined.replace(",", " ").split())
    if not items:
        marks.doubt("[rollback=]", "names no revision")
    for item in items:
        target = _TARGET.fullmatch(item)
        if target is None:
            marks.doubt(item, "in [rollback=] is not a revision or a range of revisions")
            continue
        first = int(target[1])
        last = int(target[2] or first)
        if last < first:
            marks.doubt(item, "in [rollback=] is a reversed range")
        elif last - first >= MAX_RANGE:
            marks.doubt(item, f"in [rollback=] is a range of more than {MAX_RANGE} revisions")
        else:
            marks.roll_back(first, last)
