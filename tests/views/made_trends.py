"""Trends to look at: made by hand, since views must show whatever trends say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, get_args

from shepherd.trends.model import By, Period, Spread, Trends, WaitPhase
from shepherd.trends.of_branch import BranchTrends

DAY = 86_400
NOW = datetime(2026, 11, 29, 19, 0, tzinfo=UTC)


def period(start: date, days: int = 7, *, over: bool = True, **changes: Any) -> Period:
    """A quiet period, one in which nobody looked without `deployments`; `changes` overrides any field."""
    counts = {"moves_back": 0, "went_live": 0, "failures_open": 0} if "deployments" in changes else {}
    return Period(start, start + timedelta(days=days), over, **(counts | changes))


def spread(median: float, p90: float, count: int = 12) -> Spread:
    """Args:
    median, p90: days.
    """
    return Spread(count, int(median * DAY), int(p90 * DAY))


def trends(*periods: Period, by: By = "week", **changes: Any) -> Trends:
    """These periods; of the whole, what is asked of it is given by hand."""
    fields: dict[str, Any] = {
        "branch": "stable",
        "generated_at": NOW,
        "by": by,
        "timezone": "UTC",
        "periods": periods,
        "whole": Period(periods[0].start, periods[-1].end, False),
    }
    return Trends(**(fields | changes))


def busy(by: By = "week", number: int = 26, seed: int = 1, scale: int = 1) -> Trends:
    """Something of everything: full, empty, unknown and unfinished periods."""
    chance = Random(seed)
    made = []
    start = date(2026, 11, 23) - timedelta(days=7 * (number - 1))
    starts = [start + timedelta(days=7 * n) for n in range(number + 1)]
    if by == "month":
        months = [2026 * 12 + 10 - n for n in range(number, -2, -1)][1:]
        starts = [date(each // 12, each % 12 + 1, 1) for each in months]
    for n, begin in enumerate(starts[:-1]):
        days = (starts[n + 1] - begin).days
        if n in (6, 7):
            made.append(period(begin, days, deployments=0))
            continue
        if n == 11:
            made.append(period(begin, days, went_live=chance.randint(1, 9)))
            continue
        went = chance.randint(4, 40) * scale
        lead = chance.uniform(0.5, 4)
        failures = chance.choice((0, 0, 0, 1, 2))
        phases: dict[WaitPhase, Spread] = {
            phase: spread(lead * part, lead * part * chance.uniform(1, 5), went)
            for phase, part in zip(get_args(WaitPhase), (0.02, 0.3, 0.35, 0.2, 0.02), strict=True)
        }
        made.append(
            period(
                begin,
                days,
                over=n < number - 1,
                deployments=chance.randint(0, 9) * scale or 3,
                went_live=went,
                lead=spread(lead, lead * chance.uniform(1.5, 8), went),
                failed=failures,
                judged_live=went,
                restored=spread(0.1 * failures, 0.3, failures) if failures else None,
                failures_open=int(n == number - 1),
                phases=phases,
                phases_known=went,
            )
        )
    whole = Period(
        made[0].start,
        made[-1].end,
        False,
        deployments=sum(each.deployments or 0 for each in made),
        went_live=sum(each.went_live or 0 for each in made),
        lead=spread(1.7, 6.2, 500),
        failed=sum(each.failed for each in made),
        judged_live=sum(each.judged_live for each in made),
        restored=spread(0.15, 0.4, 13),
        failures_open=1,
        phases=made[0].phases,
        phases_known=480,
    )
    left_out = (
        "Of 12 landings it is not known when they landed.",
        "Before 2026-07-01 nobody looked at production.",
    )
    return trends(*made, by=by, whole=whole, left_out=left_out)


def both(**changes: Any) -> BranchTrends:
    """By week and by month."""
    week = busy(**changes)
    return BranchTrends(week, busy("month", 24, **changes), week.periods[-2], 1234)
