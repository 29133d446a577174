"""The trends that the report shows, kept from one run to the next (docs/feeds.md#trends).

They are computed from the whole journal, which takes long where it is; so a run without news takes what the
one before it kept in `state_dir/snapshots/BRANCH/trends`. A command that may not use the database has that,
too.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from shepherd import __version__
from shepherd.errors import ShepherdError, StoreError
from shepherd.plainfile import UnreadableFileError
from shepherd.settings import Settings
from shepherd.statefile import StateFile
from shepherd.store import BranchStore, open_branch
from shepherd.trends.model import By, Trends
from shepherd.trends.of_branch import MONTHS, RECENT, WEEKS, BranchTrends

OFTEN = timedelta(hours=1)
"""They are computed no more often than that, unless production moved."""
COMPUTING = 10
"""Seconds after which a run computes those of no further branch: the next run does."""


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
    archived: int
    """How many landings the archive holds."""


class KeptTrends(Struct, frozen=True):
    """Trends as a run left them for the next."""

    basis: TrendsBasis
    trends: BranchTrends


def trends_of_branches(
    settings: Settings, branches: Iterable[str], now: datetime | None, *, only_kept: bool = False
) -> dict[str, BranchTrends]:
    """Branch -> its trends, of those of which they are known.

    Args:
        only_kept: compute none, as where another run is at work.
    """
    end = monotonic() + COMPUTING
    known = {}
    for branch in branches:
        file = StateFile(settings.state_path / "snapshots" / branch / "trends", KeptTrends, mode=0o644)
        kept = _read(file)
        if now is not None and not only_kept and monotonic() < end:
            kept = _newer(settings, branch, kept, now, file)
        if kept is not None:
            known[branch] = kept.trends
    return known


def _newer(
    settings: Settings, branch: str, kept: KeptTrends | None, now: datetime, file: StateFile[KeptTrends]
) -> KeptTrends | None:
    """What holds now; what was kept, where the database cannot be read."""
    try:
        with open_branch(settings, branch, read_only=True) as store:
            basis = _basis(settings, store, now)
            if kept is not None and _holds(kept, basis, now):
                return kept
            made = KeptTrends(basis, _computed(settings, branch, store, now, basis.day))
    except ShepherdError:
        return kept
    with suppress(StoreError):
        file.write(made)
    return made


def _read(file: StateFile[KeptTrends]) -> KeptTrends | None:
    with suppress(UnreadableFileError):
        return file.read()
    return None


def _basis(settings: Settings, store: BranchStore, now: datetime) -> TrendsBasis:
    deployed, span = store.journal.last("deployed"), store.older.span()
    return TrendsBasis(
        f"{__version__} {settings.timezone}",
        now.astimezone(ZoneInfo(settings.timezone)).date(),
        store.journal.last_seq(),
        deployed.seq if deployed else 0,
        span.size if span else 0,
    )


def _holds(kept: KeptTrends, basis: TrendsBasis, now: datetime) -> bool:
    if kept.basis == basis:
        return True
    # news that move nothing may wait
    same = replace(kept.basis, last=basis.last) == basis
    return same and timedelta() <= now - kept.trends.week.generated_at < OFTEN


def _computed(settings: Settings, branch: str, store: BranchStore, now: datetime, day: date) -> BranchTrends:
    # most runs compute none
    from shepherd.stages.trends import what_happened
    from shepherd.trends.calendar import after, beginning
    from shepherd.trends.tally import known_by, trends_by

    known = known_by(what_happened(settings, branch, store), now)

    def since(by: By, first: date) -> Trends:
        return trends_by(branch, known, now, by, first, settings.timezone)

    def last(by: By, number: int) -> Trends:
        return since(by, after(beginning(day, by), by, 1 - number))

    ever = since("year", date.min).whole
    return BranchTrends(
        last("week", WEEKS), last("month", MONTHS), last("day", RECENT).whole, ever.deployments
    )
