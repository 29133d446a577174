"""The trends that the report shows, kept from one run to the next (docs/feeds.md#trends).

They are computed from the whole journal, which takes long where it is; so a run without news takes what the
one before it kept in `state_dir/snapshots/BRANCH/trends`. A command that may not use the database has that,
too.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from shepherd import __version__
from shepherd.errors import ShepherdError, StoreError
from shepherd.settings import Settings
from shepherd.statefile import StateFile
from shepherd.store import BranchStore, open_branch
from shepherd.trends.of_branch import BranchTrends

OFTEN = timedelta(hours=1)
"""They are computed no more often than that, unless production moved."""


class TrendsBasis(Struct, frozen=True):
    """What trends rest on: once that differs they are computed again."""

    by: str
    """Version of the shepherd and time zone."""
    day: date
    """Periods begin with days."""
    last: int
    """The place of the branch's last entry in the journal."""
    deployed: int
    """That of the last one which says what production runs."""


class KeptTrends(Struct, frozen=True):
    """Trends as a run left them for the next."""

    basis: TrendsBasis
    trends: BranchTrends


def trends_of_branches(
    settings: Settings, branches: Iterable[str], now: datetime | None
) -> dict[str, BranchTrends]:
    """Branch -> its trends, of those of which they are known.

    Args:
        now: None: as they were kept.
    """
    known = {branch: _trends(settings, branch, now) for branch in branches}
    return {branch: trends for branch, trends in known.items() if trends is not None}


def _trends(settings: Settings, branch: str, now: datetime | None) -> BranchTrends | None:
    file = StateFile(settings.state_path / "snapshots" / branch / "trends", KeptTrends, mode=0o644)
    kept = file.read_or(None)
    if now is None:
        return kept.trends if kept else None
    try:
        with open_branch(settings, branch, read_only=True) as store:
            basis = _basis(settings, store, now)
            if kept is not None and _holds(kept, basis, now):
                return kept.trends
            made = KeptTrends(basis, _computed(settings, branch, store, now))
    except ShepherdError:
        # the database cannot be read just now
        return kept.trends if kept else None
    with suppress(StoreError):
        file.write(made)
    return made.trends


def _basis(settings: Settings, store: BranchStore, now: datetime) -> TrendsBasis:
    deployed = store.journal.last("deployed")
    return TrendsBasis(
        f"{__version__} {settings.timezone}",
        now.astimezone(ZoneInfo(settings.timezone)).date(),
        store.journal.last_seq(),
        deployed.seq if deployed else 0,
    )


def _holds(kept: KeptTrends, basis: TrendsBasis, now: datetime) -> bool:
    if kept.basis == basis:
        return True
    same = (kept.basis.by, kept.basis.day, kept.basis.deployed) == (basis.by, basis.day, basis.deployed)
    return same and timedelta() <= now - kept.trends.week.generated_at < OFTEN


def _computed(settings: Settings, branch: str, store: BranchStore, now: datetime) -> BranchTrends:
    raise StoreError("trends cannot be computed yet")
