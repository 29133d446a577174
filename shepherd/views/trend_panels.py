"""What the page of trends shows of each measure: charts, the same numbers in a table, a sentence about the
whole time (docs/feeds.md#trends)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from msgspec import Struct

from shepherd.trends.model import Period, Spread, Trends, WaitPhase
from shepherd.views.trend_axis import Unit, how_long, share
from shepherd.views.trend_chart import Chart, Point
from shepherd.views.words import count

PHASES: dict[WaitPhase, str] = {
    "qa-server": "for the QA server",
    "person": "for a person",
    "others": "behind others",
    "promotion": "for a promotion",
    "deployment": "for a deployment",
}
"""What a landing waits for on its way -> what that is called."""
NONE, NOT_KNOWN, NOT_YET = "–", "not known", "not yet"
_SMALL = (220, 120)
"""Width and height of a chart of which there are many."""


class Panel(Struct, frozen=True):
    """One measure, by one kind of period."""

    key: str
    charts: tuple[Chart, ...]
    said: str
    """Of the whole time."""
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """Newest first; the first cell of each is the period."""


def panels(trends: Trends) -> list[Panel]:
    """DORA's four keys, and where the time goes."""
    return [make(trends) for make in (_deployments, _lead, _failures, _restored, _phases)]


def _deployments(trends: Trends) -> Panel:
    whole = trends.whole
    brought = f": {count(whole.went_live or 0, 'landing')} went live" if whole.deployments else ""
    return Panel(
        "deployments",
        (_chart(trends, "deployments", "Deployments", "count", _number, bars=True),),
        "Nothing is known of what production ran."
        if whole.deployments is None
        else f"{count(whole.deployments, 'deployment')}{brought}.",
        ("Deployments", "Back", "Landings"),
        _rows(
            trends,
            lambda p: (
                _count(p.deployments),
                _count(p.moves_back),
                _count(p.went_live),
            ),
        ),
    )


def _lead(trends: Trends) -> Panel:
    return Panel(
        "lead",
        (_chart(trends, "lead", "Lead time", "seconds", lambda p: _dot(p.lead, p, p.went_live != 0)),),
        _half(trends.whole.lead, "landing") or "Of no landing is it known yet.",
        ("Half within", "Nine in ten", "Landings"),
        _rows(trends, lambda p: _spread(p.lead, p.went_live != 0)),
    )


def _failures(trends: Trends) -> Panel:
    whole = trends.whole
    rate = whole.failure_rate
    return Panel(
        "failures",
        (_chart(trends, "failures", "Change failure rate", "share", _rate, bars=True),),
        "Of no landing is it known yet."
        if rate is None
        else f"{share(rate)}: {whole.failed:,} of {count(whole.judged_live, 'landing')}.",
        ("Rate", "Failed landings", "Failed deployments"),
        _rows(
            trends,
            lambda p: (
                NOT_KNOWN if _in_doubt(p) else NONE if p.failure_rate is None else share(p.failure_rate),
                _part(p.failed, p.judged_live, _in_doubt(p)),
                _part(p.failed_deployments, p.judged_deployments, p.deployments != 0),
            ),
        ),
    )


def _restored(trends: Trends) -> Panel:
    left = trends.whole.failures_open or 0
    said = _half(trends.whole.restored, "failure") or (
        "No failure is over yet." if left else "No failure was seen."
    )
    return Panel(
        "restored",
        (_chart(trends, "restored", "Time to restore", "seconds", _failed),),
        f"{said} {count(left, 'failure')} {'is' if left == 1 else 'are'} not over." if left else said,
        ("Half within", "Nine in ten", "Over", "Not over"),
        _rows(trends, _restored_cells),
    )


def _restored_cells(period: Period) -> tuple[str, ...]:
    left = _count(period.failures_open)
    if period.restored is not None:
        return (*_spread(period.restored, False), left)
    if period.failures_open:
        return NOT_YET, NOT_YET, "0", left
    return (NOT_KNOWN if period.failures_open is None else NONE,) * 4


def _phases(trends: Trends) -> Panel:
    whole = trends.whole.phases
    said = "Of no landing is all of it known yet."
    if whole:
        longest = max(whole, key=lambda phase: whole[phase].median_s)
        half = _half(whole[longest], "landing")
        said = f"Longest they waited {PHASES[longest]}. {half}"
    # without a QA server, or promotions, nothing waits for them
    names = {phase: name for phase, name in PHASES.items() if phase in whole or not whole}
    return Panel(
        "phases",
        tuple(
            _chart(
                trends,
                phase,
                f"Waiting {name}",
                "seconds",
                lambda p, phase=phase: _dot(p.phases.get(phase), p, p.went_live != 0 and not p.phases),  # type: ignore[misc]
                size=_SMALL,
            )
            for phase, name in names.items()
        ),
        said,
        (*(f"{name[0].upper()}{name[1:]}" for name in names.values()), "Landings"),
        _rows(
            trends,
            lambda p: (
                (*(_median(p.phases.get(each)) for each in names), f"{p.phases_known:,}")
                if p.phases
                else (NONE if p.went_live == 0 else NOT_KNOWN,) * (len(names) + 1)
            ),
        ),
    )


def _number(period: Period) -> Point:
    return Point(period.deployments, known=period.deployments is not None, over=period.over)


def _rate(period: Period) -> Point:
    return Point(period.failure_rate, known=not _in_doubt(period), over=period.over)


def _in_doubt(period: Period) -> bool:
    """Whether there may be landings that failed, and of none it is known."""
    return period.failure_rate is None and period.went_live != 0


def _count(number: int | None) -> str:
    return NOT_KNOWN if number is None else f"{number:,}"


def _part(part: int, of: int, there: bool) -> str:
    if of:
        return f"{part:,} of {of:,}"
    return NOT_KNOWN if there else NONE


def _failed(period: Period) -> Point:
    return _dot(period.restored, period, period.failures_open != 0)


def _dot(spread: Spread | None, period: Period, there: bool) -> Point:
    """Args:
    there: there is, or may be, something of which it is not known.
    """
    if spread is None:
        return Point(None, known=not there, over=period.over)
    return Point(spread.median_s, spread.p90_s if spread.count > 1 else None, over=period.over)


def _spread(spread: Spread | None, unseen: bool) -> tuple[str, str, str]:
    if spread is None:
        return (NOT_KNOWN if unseen else NONE,) * 3
    return how_long(spread.median_s), how_long(spread.p90_s), f"{spread.count:,}"


def _median(spread: Spread | None) -> str:
    return NONE if spread is None else how_long(spread.median_s)


def _half(spread: Spread | None, noun: str) -> str:
    """A sentence; empty: there is nothing to say."""
    if spread is None:
        return ""
    if spread.count == 1:
        return f"One {noun}: {how_long(spread.median_s)}."
    return (
        f"Half of {spread.count:,} {noun}s within {how_long(spread.median_s)},"
        f" nine in ten within {how_long(spread.p90_s)}."
    )


def _rows(trends: Trends, cells: Callable[[Period], tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    return tuple((period_name(trends, each), *cells(each)) for each in reversed(trends.periods))


def period_name(trends: Trends, period: Period) -> str:
    """Its first day, or its month or year."""
    match trends.by:
        case "month":
            name = f"{period.start:%Y-%m}"
        case "year":
            name = f"{period.start:%Y}"
        case _:
            name = period.start.isoformat()
    return name if period.over else f"{name}, so far"


def _chart(
    trends: Trends,
    key: str,
    title: str,
    unit: Unit,
    point: Callable[[Period], Point],
    *,
    bars: bool = False,
    size: tuple[int, int] = (360, 160),
) -> Chart:
    points = tuple(map(point, trends.periods))
    return Chart(
        f"{key}-{trends.by}",
        f"{title} by {trends.by}",
        " ".join(_words(trends, unit, points)),
        unit,
        bars,
        tuple(each.start for each in trends.periods),
        points,
        *size,
    )


def _words(trends: Trends, unit: Unit, points: Sequence[Point]) -> Iterator[str]:
    """The chart for those who do not see it; all its numbers are in the table."""
    values = [point.value for point in points if point.value is not None]
    if values:
        least, most = (_said(unit, value) for value in (min(values), max(values)))
        yield f"{most} in the {trends.by} with most, {least} in the {trends.by} with least."
    else:
        yield "Nothing to show."
    unknown = sum(not point.known for point in points)
    if unknown:
        yield f"Not known of {count(unknown, trends.by)}."
    yield "The numbers are in the table."


def _said(unit: Unit, value: float) -> str:
    if unit == "seconds":
        return how_long(value)
    return share(value) if unit == "share" else f"{value:,.0f}"


def first_and_last(trends: Trends) -> str:
    """The days that it is about."""
    last = trends.whole.end - timedelta(days=1)
    return f"{trends.whole.start.isoformat()} to {last.isoformat()}"
