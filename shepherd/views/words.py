"""The words of states and times, the same on page and terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from shepherd.snapshot import Progress, State
from shepherd.values import age
from shepherd.views.clean import clean

STATES: dict[State, str] = {
    "ok": "QA ok",
    "untestable": "needs no QA",
    "testfix": "test fix",
    "rollback": "a rollback",
    "exempt": "exempt",
    "orphan": "orphan",
    "needstesting": "needs testing",
    "unknown": "unknown",
    "bad": "bad",
}
PROGRESS: dict[Progress, tuple[str, str]] = {
    "live": ("live", "runs in production"),
    "promoted": ("promoted", "is released for production, which does not run it yet"),
    "rolled-back": ("rolled back", "was undone by a later landing and blocks nothing"),
    "deployable": ("deployable", "goes out with the next deployment"),
    "not-on-qa-yet": ("not on QA yet", "does not run on the QA server yet"),
    "waiting": ("waiting", "is good, and kept back by an older landing"),
    "needs-qa": ("needs QA", "waits for somebody to try it on the QA server and say whether it may go"),
    "bad": ("bad", "must not go to production: fix the word on it, or roll it back"),
    "orphan": ("orphan", "names no bug and no reason to need none"),
    "unknown": ("unknown", "has a bug or request that could not be read"),
}
"""Progress -> what it is called, and what that means to a stranger (4.3)."""

_SAID_ONCE = frozenset(
    {
        ("needs-qa", "needstesting"),
        ("bad", "bad"),
        ("orphan", "orphan"),
        ("unknown", "unknown"),
    }
)


def standing(progress: Progress, state: State) -> tuple[str, str]:
    """How far it is, and its own QA state; the second is empty where the first says it already."""
    return PROGRESS[progress][0], "" if (progress, state) in _SAID_ONCE else STATES[state]


def utc(moment: datetime) -> str:
    """A time that needs no knowledge of where the reader is: `2011-08-24 10:15 UTC`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def relative(moment: datetime, now: datetime) -> str:
    """`3 hours ago` or `in 3 hours`."""
    seconds = (now - moment).total_seconds()
    return f"{age(seconds)} ago" if seconds >= 0 else f"in {age(-seconds)}"


def ago(moment: datetime, now: datetime | None) -> str:
    """The same to stand behind a time: ` (3 hours ago)`; empty if nobody knows what time it is."""
    return f" ({relative(moment, now)})" if now is not None else ""


def count(number: int, noun: str) -> str:
    """`1 landing`, `2 landings`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def some(items: Sequence[str], shown: int, total: int | None = None) -> str:
    """The first few of a list, and how many more there are."""
    more = (len(items) if total is None else total) - min(shown, len(items))
    return ", ".join(items[:shown]) + (f" and {more} more" if more > 0 else "")


def sentence(text: str) -> str:
    """With a capital letter and a full stop; nothing else is changed."""
    return f"{text[:1].upper()}{text[1:]}."


def short(revision_id: str) -> str:
    """Enough of a SHA to recognise it by."""
    return clean(revision_id[:8])


def name(person: str) -> str:
    """A person by name; robots leave nobody behind (3.1)."""
    return clean(person).strip() or "nobody known"
