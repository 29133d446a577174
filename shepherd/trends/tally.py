"""Periods, from what happened (docs/trends.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from statistics import median
from typing import get_args
from zoneinfo import ZoneInfo

from shepherd.trends.calendar import SHOWN, Periods, after, beginning
from shepherd.trends.failures import Badness, restores
from shepherd.trends.happened import Happened
from shepherd.trends.landings import live_landings
from shepherd.trends.left_out import Known, left_out
from shepherd.trends.mainline import NumberedLine
from shepherd.trends.model import By, Failure, LandingTimes, Period, Spread, Trends, WaitPhase
from shepherd.trends.production import Production
from shepherd.trends.unseen import unseen_periods

_PHASES: tuple[WaitPhase, ...] = get_args(WaitPhase)
_SECOND = timedelta(seconds=1)


def known_by(happened: Happened, now: datetime) -> Known:
    """All that there is to count, for trends by several periods."""
    line = NumberedLine(happened)
    production, badness = Production(happened, line), Badness(happened)
    live = live_landings(happened, line, production, badness, now)
    return Known(happened, line, production, live, restores(production, line, badness))


def trends(
    branch: str, happened: Happened, now: datetime, by: By, since: date | None, timezone: str
) -> Trends:
    """The trends of one branch: see `trends_by`."""
    return trends_by(branch, known_by(happened, now), now, by, since, timezone)


def trends_by(branch: str, known: Known, now: datetime, by: By, since: date | None, timezone: str) -> Trends:
    """The trends of one branch.

    Args:
        since: a day in the first period; None: the last SHOWN.
        timezone: that whose days and weeks count.
    """
    happened, production = known.happened, known.production
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    begun = (production.moves[0].at if production.moves else now).astimezone(zone).date()
    wanted = since if since is not None else after(beginning(today, by), by, 1 - SHOWN[by])
    periods = Periods(min(max(wanted, begun), today), today, by, zone)

    shares, whole = _shares(known, periods)
    unseen = unseen_periods(happened, periods)
    shown = tuple(
        _period(share, periods.starts[index], periods.ends[index], periods.ended(index) <= now, unseen[index])
        for index, share in enumerate(shares)
    )
    return Trends(
        branch=branch,
        generated_at=now,
        by=by,
        timezone=timezone,
        periods=shown,
        whole=_period(whole, periods.starts[0], periods.ends[-1], over=False, unseen=all(unseen)),
        left_out=left_out(known, periods, since, begun, now),
    )


class _Share:
    """What falls into one period."""

    def __init__(self) -> None:
        self.deployments: list[bool | None] = []
        """Of each, whether it brought a landing that failed; None: not known."""
        self.back = 0
        self.landings: list[LandingTimes] = []
        self.failures: list[Failure] = []


def _shares(known: Known, periods: Periods) -> tuple[list[_Share], _Share]:
    """What falls into each period, and all of that."""
    shares, whole = [_Share() for _ in periods.starts], _Share()

    def of(moment: datetime) -> Sequence[_Share]:
        index = periods.of(moment)
        return () if index is None else (shares[index], whole)

    for number, move in enumerate(known.production.moves):
        for share in of(move.at):
            if move.direction == "forward":
                share.deployments.append(_outcome(known.live.by_move.get(number, ())))
            share.back += move.direction == "back"
    for landing in known.live.times:
        for share in of(landing.live):
            share.landings.append(landing)
    for failure in known.restores.failures:
        for share in of(failure.began):
            share.failures.append(failure)
    return shares, whole


def _outcome(landings: Sequence[bool | None]) -> bool | None:
    """Whether a deployment failed: one of its landings did."""
    if any(landings):
        return True
    return False if landings and None not in landings else None


def _period(share: _Share, start: date, end: date, over: bool, unseen: bool) -> Period:
    judged = [each for each in share.landings if each.failed is not None]
    outcomes = [each for each in share.deployments if each is not None]
    phased = [each.phases for each in share.landings if each.phases is not None]

    def seen(number: int) -> int | None:
        """Where nobody looked, none is not known."""
        return number or (None if unseen else 0)

    return Period(
        start=start,
        end=end,
        over=over,
        deployments=seen(len(share.deployments)),
        moves_back=seen(share.back),
        failed_deployments=sum(outcomes),
        judged_deployments=len(outcomes),
        went_live=seen(len(share.landings)),
        lead=spread([each.lead_s for each in share.landings if each.lead_s is not None]),
        failed=sum(bool(each.failed) for each in judged),
        judged_live=len(judged),
        restored=spread([_seconds(each.began, each.over) for each in share.failures if each.over]),
        failures_open=seen(sum(each.over is None for each in share.failures)),
        phases=_phases(phased),
        phases_known=len(phased),
    )


def _phases(landings: Sequence[Mapping[WaitPhase, int]]) -> dict[WaitPhase, Spread]:
    spreads: dict[WaitPhase, Spread] = {}
    for phase in _PHASES:
        found = spread([phases[phase] for phases in landings if phase in phases])
        if found is not None:
            spreads[phase] = found
    return spreads


def spread(seconds: Sequence[int]) -> Spread | None:
    """How long it took; None: nothing did."""
    if not seconds:
        return None
    ascending = sorted(seconds)
    return Spread(len(ascending), int(median(ascending)), ascending[-(-9 * len(ascending) // 10) - 1])


def _seconds(begin: datetime, end: datetime) -> int:
    return max(0, (end - begin) // _SECOND)
