"""When: positions as they were seen to move, and landings as their commits are dated."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from shepherd.landing import Landing


class RefMove(Struct, frozen=True):
    """One observed move of a position (deployed, promoted), from the journal."""

    revno: int
    at: datetime
    id: str = ""
    who: str = ""
    """Who moved it, as far as the shepherd knows."""
    kept: str = ""
    """The landing where it was before, if it did not leave that: the mainline did."""
    recorded: bool = False
    """A person said so; it was not read."""
    foreign: bool = False
    """The promoted ref was found moved: the shepherd did not do it."""
    why: str = ""
    found: bool = False
    """Only where the promoted ref was, when it was looked for the first time or under other settings or on a
    rewritten mainline: nobody moved it."""
    passed: tuple[str, ...] = ()
    """What kept the revision back, and was passed by a promotion."""


def reached(passages: Sequence[RefMove]) -> Callable[[int], datetime | None]:
    """When a position came to include a revno for good; None where that was never seen happening."""
    passage_of = brought(passages)

    def when(revno: int) -> datetime | None:
        passage = passage_of(revno)
        return passage.at if passage else None

    return when


def brought(passages: Sequence[RefMove]) -> Callable[[int], RefMove | None]:
    """The move by which a position came to include a revno for good; None where that was never seen.

    The first observation says where the position was, not since when. Going back ends what was included.
    """
    bounds: list[int] = []
    moves: list[RefMove | None] = []
    for passage in passages:
        while bounds and bounds[-1] >= passage.revno:
            bounds.pop()
            last = moves.pop()
            if not bounds or bounds[-1] < passage.revno:
                bounds.append(passage.revno)
                moves.append(last)
                break
        else:
            bounds.append(passage.revno)
            moves.append(passage if len(bounds) > 1 else None)

    def move(revno: int) -> RefMove | None:
        at = bisect_right(bounds, revno - 1)
        return moves[at] if at < len(moves) else None

    return move


def went_back(passages: Sequence[RefMove]) -> str:
    """One line where production last moved backwards, else empty."""
    if len(passages) < 2 or passages[-1].revno >= passages[-2].revno or passages[-1].kept:
        return ""
    now, before = passages[-1], passages[-2]
    return (
        f"production went back from r{before.revno} to r{now.revno} (seen {now.at:%Y-%m-%d %H:%M} UTC):"
        f" what landed in between is in QA again"
    )


def landed_at(landing: Landing, now: datetime) -> datetime:
    """When a landing landed by the committer's date, which may be any number: one in the future is now."""
    return datetime.fromtimestamp(min(max(landing.committed_at, 0), int(now.timestamp())), UTC)


def landed_times(landings: Sequence[Landing], now: datetime) -> tuple[list[datetime], dict[int, str]]:
    """When each landing landed, and warnings: the committer's date, clamped where it lies in the future or
    before its parent's (docs/rules.md#marks)."""
    times: list[datetime] = []
    warnings: dict[int, str] = {}
    limit = int(now.timestamp())
    floor: int | None = None
    for landing in landings:
        seconds = landing.committed_at
        if seconds > limit:
            warnings[landing.revno] = "its commit date lies in the future: taken as now"
            seconds = limit
        if floor is not None and seconds < floor:
            warnings[landing.revno] = "its commit date lies before its parent's: taken as the parent's"
            seconds = floor
        floor = seconds
        times.append(datetime.fromtimestamp(seconds, UTC))
    return times, warnings
