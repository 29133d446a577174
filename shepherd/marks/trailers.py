"""`Bug: 12`, `QA: ok`, `Rolls-back: r12`: git trailers, for new teams (docs/rules.md#marks)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shepherd.marks.collector import MarkCollector
from shepherd.marks.keys import is_ours
from shepherd.marks.text import TRAILER_VALUE, CommitMessage, trailer_block
from shepherd.marks.trailer_items import ELSEWHERE, NO_BUG, WRITTEN_ELSEWHERE, listed
from shepherd.values import DIGITS, SHA_NOT_REVNO

_OURS = re.compile(rf"^(Bug|QA|Rolls-back){TRAILER_VALUE}", re.IGNORECASE | re.MULTILINE)
_BUG = re.compile(r"#?([0-9]+)")
_REVNO = re.compile(rf"r?({DIGITS})")
_ID = re.compile(SHA_NOT_REVNO)
_QA = {"ok": "qa-ok", "untestable": "no-qa", "none": "no-qa", "testfix": "testfix"}


def read(message: CommitMessage, marks: MarkCollector) -> None:
    """Read the trailers, if the message ends with any."""
    body = message.body
    start = trailer_block(body)
    if not start:
        return
    # A trailer that is repeated adds nothing, and a hostile message repeats one a million times.
    ours: dict[tuple[str, str], int] = {}
    for trailer in _OURS.finditer(body, start):
        ours.setdefault((trailer[1].lower(), trailer[2].lower()), trailer.start())
    for (key, value), at in ours.items():
        if key == "bug":
            marks.bugs.append((at, _bugs(value, marks, message.key_projects)))
        elif key == "qa":
            _qa(value, marks)
        else:
            _rolls_back(value, marks)


def _bugs(value: str, marks: MarkCollector, key_projects: Sequence[str]) -> list[int]:
    runs = []
    for item in listed(value):
        if bug := _BUG.fullmatch(item):
            runs.append(bug[1])
        elif is_ours(item, key_projects):
            # the grammar `keys` reads it
            continue
        elif WRITTEN_ELSEWHERE.fullmatch(item):
            marks.doubt(item, ELSEWHERE)
        elif item not in NO_BUG:
            marks.doubt(item, "in a Bug trailer is not a bug number")
    return marks.numbers(runs)


def _qa(value: str, marks: MarkCollector) -> None:
    word = " ".join(value.split())
    if word in _QA:
        marks.labels.add(_QA[word])
    else:
        marks.doubt(f"QA: {word}", f"is not one of {', '.join(_QA)}")


def _rolls_back(value: str, marks: MarkCollector) -> None:
    items = listed(value)
    if not items:
        marks.doubt("Rolls-back:", "names no revision")
    for item in items:
        if revno := _REVNO.fullmatch(item):
            marks.roll_back(int(revno[1]), int(revno[1]))
        elif _ID.fullmatch(item):
            marks.rollback_ids.append(item)
        else:
            marks.doubt(item, "in a Rolls-back trailer is not a revision")
