"""DORA's four keys, and where the time goes, as metrics: the last 30 days (docs/feeds.md#prometheus).

What is not known is left out, never 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from shepherd.trends.model import Period, Spread
from shepherd.trends.of_branch import BranchTrends
from shepherd.views.feeds.metric import Metric, Sample


def trend_metrics(trends: Mapping[str, BranchTrends]) -> Iterator[Metric]:
    """Branches in the order given."""

    def metric(name: str, help: str, value: Callable[[BranchTrends], float | None]) -> Metric:
        kind = "counter" if name.endswith("_total") else "gauge"
        values = ((branch, value(of)) for branch, of in trends.items())
        return Metric(name, kind, help, [({"branch": b}, known) for b, known in values if known is not None])

    def times(name: str, help: str, spread: Callable[[Period], Spread | None]) -> Iterator[Metric]:
        yield metric(f"{name}_median_seconds", f"Half of {help}", lambda of: _of(spread(of.recent), "median_s"))
        yield metric(f"{name}_p90_seconds", f"Nine in ten of {help}", lambda of: _of(spread(of.recent), "p90_s"))

    yield metric(
        "deployments_total",
        "Deployments that were seen, since the journal begins.",
        lambda of: of.deployments,
    )
    yield from times(
        "lead_time",
        "the landings that went live in the last 30 days took no longer from landing.",
        lambda recent: recent.lead,
    )
    yield metric(
        "change_failure_ratio",
        "Part of the landings that went live in the last 30 days that were bad or rolled back, 0 to 1.",
        lambda of: of.recent.failure_rate,
    )
    yield from times(
        "restore_time",
        "the failures in production that began in the last 30 days and are over took no longer.",
        lambda recent: recent.restored,
    )
    for name, words in (("median", "Half"), ("p90", "Nine in ten")):
        samples: list[Sample] = [
            ({"branch": branch, "phase": phase}, float(_of(spread, f"{name}_s") or 0))
            for branch, of in trends.items()
            for phase, spread in of.recent.phases.items()
        ]
        help = f"{words} of the landings that went live in the last 30 days waited no longer for this."
        yield Metric(f"wait_{name}_seconds", "gauge", help, samples)
    yield metric(
        "trends_timestamp_seconds",
        "When the trends were computed.",
        lambda of: of.week.generated_at.timestamp(),
    )


def _of(spread: Spread | None, which: str) -> float | None:
    return None if spread is None else float(getattr(spread, which))
