"""The trends of one branch that its page and its metrics are made of (docs/feeds.md#trends)."""

from __future__ import annotations

from msgspec import Struct

from shepherd.trends.model import Period, Trends

WEEKS, MONTHS, RECENT = 26, 24, 30
"""Periods that the page shows; days that the metrics are about."""


class BranchTrends(Struct, frozen=True):
    """Trends by week, by month, and of the last 30 days."""

    week: Trends
    month: Trends
    recent: Period
    deployments: int | None = None
    """All that were ever seen; None: production was never seen."""
