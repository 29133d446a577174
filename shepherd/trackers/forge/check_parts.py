"""What results of checks on the forges have in common: times, and one result for each name."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from shepherd.conditions import STATE_OF, WORST_FIRST, CheckResult

Moment = Annotated[datetime, Meta(tz=True)]


def newest_of_each(results: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """The first of each name.

    Args:
        results: the newest first.
    """
    by_name: dict[str, CheckResult] = {}
    for each in results:
        by_name.setdefault(each.name, each)
    return tuple(by_name.values())


def worst_of_each(results: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """One of each name: where there are several, one that does not hold, or at least not yet."""
    by_name: dict[str, CheckResult] = {}
    for each in results:
        other = by_name.setdefault(each.name, each)
        if _badness(each) < _badness(other):
            by_name[each.name] = each
    return tuple(by_name.values())


def _badness(result: CheckResult) -> int:
    return WORST_FIRST.index(STATE_OF[result.word])
