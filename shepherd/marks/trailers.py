"""`Bug: 12`, `QA: ok`, `Rolls-back: r12`: git trailers, for new teams (docs/rules.md#marks)."""

from __future__ import annotations

import re

from shepherd.marks.collector import MarkCollector
from shepherd.marks.text import CommitMessage
from shepherd.values import DIGITS, SHA_NOT_REVNO

_BLANK_LINE = re.compile(r"\n[^\S\n]*+\n")
_VALUE = r"[^\S\n]*+:([^\n]*+(?:\n[^\S\n]++[^\n]++)*)(?:\n|\Z)"
_TRAILERS = re.compile(rf"(?:[A-Za-z0-9][A-Za-z0-9-]*+{_VALUE})+")
_OURS = re.compile(rf"^(Bug|QA|Rolls-back){_VALUE}", re.IGNORECASE | re.MULTILINE)
_BUG = re.compile(r"#?([0-9]+)")
_NO_BUG = frozenset(("none", "no", "n/a", "na", "nil", "null", "nobug", "-"))
_ELSEWHERE = re.compile(
    r"https?://[^\s]{1,2000}+|[a-z][\w.+-]{0,60}(?:/[a-z][\w.+-]{0,60}){0,5}[:/#-][0-9]{1,20}"
)
_REVNO = re.compile(rf"r?({DIGITS})")
_ID = re.compile(SHA_NOT_REVNO)
_QA = {"ok": "qa-ok", "untestable": "no-qa", "none": "no-qa", "testfix": "testfix"}

ELSEWHERE = "in a Bug trailer is written as a bug of another tracker"
"""How the warning about `b/123`, `project:123`, `KEY-123` or an address goes on."""


def read(message: CommitMessage, marks: MarkCollector) -> None:
    """Read the trailers: the last paragraph, if it is not the subject's own and holds nothing else."""
    body = message.body
    start = _last_paragraph(body)
    if not start or not _TRAILERS.fullmatch(body, start):
        return
    # A trailer that is repeated adds nothing, and a hostile message repeats one a million times.
    ours: dict[tuple[str, str], int] = {}
    for trailer in _OURS.finditer(body, start):
        ours.setdefault((trailer[1].lower(), trailer[2].lower()), trailer.start())
    for (key, value), at in ours.items():
        if key == "bug":
            marks.bugs.append((at, _bugs(value, marks)))
        elif key == "qa":
            _qa(value, marks)
        else:
            _rolls_back(value, marks)


def _last_paragraph(body: str) -> int:
    """Where it begins; 0 if it is the first one too."""
    if "\n" not in body:
        return 0
    # Turned round, so that the search ends at the last blank line and not after all of them.
    blank = _BLANK_LINE.search(body[::-1])
    return len(body) - blank.start() if blank else 0


def _items(value: str) -> list[str]:
    return list(dict.fromkeys(value.replace(",", " ").split()))


def _bugs(value: str, marks: MarkCollector) -> list[int]:
    runs = []
    for item in _items(value):
        if bug := _BUG.fullmatch(item):
            runs.append(bug[1])
        elif _ELSEWHERE.fullmatch(item):
            marks.doubt(item, ELSEWHERE)
        elif item not in _NO_BUG:
            marks.doubt(item, "in a Bug trailer is not a bug number")
    return marks.numbers(runs)


def _qa(value: str, marks: MarkCollector) -> None:
    word = " ".join(value.split())
    if word in _QA:
        marks.labels.add(_QA[word])
    else:
        marks.doubt(f"QA: {word}", f"is not one of {', '.join(_QA)}")


def _rolls_back(value: str, marks: MarkCollector) -> None:
    items = _items(value)
    if not items:
        marks.doubt("Rolls-back:", "names no revision")
    for item in items:
        if revno := _REVNO.fullmatch(item):
            marks.roll_back(int(revno[1]), int(revno[1]))
        elif _ID.fullmatch(item):
            marks.rollback_ids.append(item)
        else:
            marks.doubt(item, "in a Rolls-back trailer is not a revision")
