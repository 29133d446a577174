"""DORA's four keys, and where the time goes, as metrics: the last 30 days (docs/feeds.md#prometheus).

What is not known is left out, never 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from shepherd.trends.model import Period, Spread
from shepherd.trends.of_branch import BranchTrends
from shepherd.views.feeds.metric import Metric, Sample

_PARTS: tuple[tuple[str, str, Callable[[Spread], int]], ...] = (
    ("median", "Half", lambda spread: spread.median_s),
    ("p90", "Nine in ten", lambda spread: spread.p90_s),
)
"""What a name ends in, what a sentence begins with, what is told of a spread."""


def trend_metrics(trends: Mapping[str, BranchTrends]) -> Iterator[Metric]:
    """Branches in the order given."""

    def metric(name: str, help: str, value: Callable[[BranchTrends], float | None]) -> Metric:
        kind = "counter" if name.endswith("_total") else "gauge"
        values = ((branch, value(of)) for branch, of in trends.items())
        return Metric(name, kind, help, [({"branch": b}, known) for b, known in values if known is not None])

    yield metric(
        "deployments_total",
        "Deployments that were seen, since the journal begins.",
        lambda of: of.deployments,
    )
    yield from _times(
        "lead_time",
        "the landings that went live in the last 30 days took no longer from landing.",
        trends,
        lambda recent: recent.lead,
    )
    yield metric(
        "change_failure_ratio",
        "Part of the landings that went live in the last 30 days that were bad or rolled back, 0 to 1.",
        lambda of: of.recent.failure_rate,
    )
    yield from _times(
        "restore_time",
        "the failures in production that began in the last 30 days and are over took no longer.",
        trends,
        lambda recent: recent.restored,
    )
    yield from _waits(trends)
    yield metric(
        "trends_timestamp_seconds",
        "When the trends were computed.",
        lambda of: of.week.generated_at.timestamp(),
    )


def _times(
    name: str, help: str, trends: Mapping[str, BranchTrends], times: Callable[[Period], Spread | None]
) -> Iterator[Metric]:
    for part, words, value in _PARTS:
        samples: list[Sample] = [
            ({"branch": branch}, value(spread))
            for branch, of in trends.items()
            if (spread := times(of.recent)) is not None
        ]
        yield Metric(f"{name}_{part}_seconds", "gauge", f"{words} of {help}", samples)


def _waits(trends: Mapping[str, BranchTrends]) -> Iterator[Metric]:
    for part, words, value in _PARTS:
        samples: list[Sample] = [
            ({"branch": branch, "phase": phase}, value(spread))
            for branch, of in trends.items()
            for phase, spread in of.recent.phases.items()
        ]
        help = f"{words} of the landings that went live in the last 30 days waited no longer for this."
        yield Metric(f"wait_{part}_seconds", "gauge", help, samples)
