"""Conditions of a candidate, as data: what checks said of a commit, and how much one deployment may bring
(docs/rules.md#conditions)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

CheckWord = Literal["success", "neutral", "skipped", "pending", "failed", "cancelled", "timed-out"]
"""What a check says, whatever its source calls it."""
ConditionState = Literal["holds", "not-yet", "no", "unknown"]
"""Only `holds` lets a candidate go to production."""

WORST_FIRST: Sequence[ConditionState] = ("no", "unknown", "not-yet", "holds")

STATE_OF: Mapping[CheckWord, ConditionState] = {
    "success": "holds",
    "neutral": "holds",
    "skipped": "holds",
    "pending": "not-yet",
    "failed": "no",
    "cancelled": "no",
    "timed-out": "no",
}
NOT_REPORTED = "not reported yet"
"""What is said of a check of which there is no result."""


class CheckResult(Struct, frozen=True, gc=False):
    """The newest result of one check on one commit."""

    name: str
    """As its source spells it, and from outside: "ci/build"."""
    word: CheckWord
    since: int | None = None
    """Seconds since 1970, by the source's clock: when it ended; of a pending one when it began. None: the
    source does not say."""
    url: str = ""
    """Where a person can read more; http or https, or empty."""


class CommitChecks(Struct, frozen=True, gc=False):
    """What was read of the checks on one commit."""

    results: tuple[CheckResult, ...] = ()
    """One for each name; none where there are none yet."""
    unreadable: str = ""
    """Why they could not be read; the results are empty then."""


class Limit(Struct, frozen=True, gc=False):
    """How many of the landings that one deployment brings may touch certain paths."""

    paths: tuple[str, ...]
    """Patterns on whole paths; `*` and `?`, and `*` stands for `/` too."""
    max: int
    reason: str = ""


Touched = Mapping[int, tuple[str, ...]]
"""Place of a limit in the settings -> the paths that match it, of those that one landing changes against its
first parent; a limit that none matches is not there."""


class Conditions(Struct, frozen=True):
    """What else must hold of a candidate, beside that nothing blocks it."""

    checks: tuple[str, ...] = ()
    """Patterns on names: each must match a result, and all results that match must hold."""
    results: Mapping[str, CommitChecks] = {}
    """SHA of a candidate -> what was read; one that is not there was not asked for."""
    limits: tuple[Limit, ...] = ()
    touched: Mapping[str, Touched] = {}
    """SHA of a landing -> what it touches; one that is not there touches nothing. Up to D none counts."""


NO_CONDITIONS = Conditions()
