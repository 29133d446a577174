"""Which commits were marked bad, by the deployment record: it knows of releases whose folders are gone
(docs/operator-every-day.md#a-commit-that-was-bad).

The agent of `fab` has it, too, so only the standard library may be used here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

HOW, BAD, NO_LONGER_BAD = "mark", "marked bad", "no longer bad"
"""What a line of the record that is about a mark has for `how` and `result`."""
LIVE = "live"


class BadCommit(NamedTuple):
    """A release of a commit was marked bad."""

    release: str
    why: str
    """The reason, and by whom."""
    at: str
    """When, by the host's clock; empty: not known."""

    def words(self) -> str:
        """`0007-… was marked bad at 2011-08-24T10:15:00Z: mails go twice (ann)`."""
        when = f" at {self.at}" if self.at else ""
        return f"{self.release} was marked bad{when}: {self.why}"


def of_record(past: Iterable[dict[str, Any]], commit: str) -> BadCommit | None:
    """What the record says of a commit in the end, None: nothing bad.

    Args:
        past: its lines, oldest first. Those of 0.2 and before tell no mark, only what led to one: a roll-back
            stands for a mark as long as no line is one.
    """
    bad: BadCommit | None = None
    lines = list(past)
    marks = any(entry.get("how") == HOW for entry in lines)
    for entry in lines:
        result, why = str(entry.get("result", "")), str(entry.get("why", ""))
        by, at, to = (str(entry.get(key, "")) for key in ("who", "at", "to"))
        if not marks and _left(entry, commit):
            bad = BadCommit(str(entry["from"]), f"rolled back: {why or 'no reason was given'} ({by})", at)
        elif entry.get("commit") != commit:
            continue
        elif entry.get("how") == HOW:
            bad = BadCommit(to, f"{why} ({by})", at) if result == BAD else None
        elif result == LIVE:
            bad = None
        elif to and (why := result.partition(" is live: ")[2]).startswith(to):
            # a check that failed names the release; what a signal or a full disk ended was not marked
            bad = BadCommit(to, f"its check failed: {why} ({by})", at)
    return bad


def _left(entry: dict[str, Any], commit: str) -> bool:
    """Whether that was a roll-back from a release of this commit."""
    before, _, short = str(entry.get("from", "")).partition("-")
    after = str(entry.get("to", "")).partition("-")[0]
    going_back = before.isdecimal() and after.isdecimal() and int(after) < int(before)
    rolled_back = entry.get("how") == "upgrade" and entry.get("result") == LIVE and going_back
    return rolled_back and len(short) == 12 and commit.startswith(short)
