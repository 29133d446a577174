"""What went to production before, and how long it had waited: the moves that the journal knows, for the
snapshot (docs/interfaces.md#history)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from statistics import median

from shepherd.landing import Deployed, Revision
from shepherd.snapshot import DeployedRev, PastPromotion, Rev
from shepherd.stages.timeline import RefMove

SHOWN = 20
"""Promotions that a snapshot lists."""

_Waits = Mapping[int, datetime] | None
"""When the landings of a step landed, as far as it is known; None: it led from a mainline that is no longer
there to the one that is, and the numbers of the one say nothing of the other."""

CompareUrl = Callable[[str, str], str | None]
"""compare_url(base, to): where a forge shows what lies between two commits."""


def deployed_rev(
    place: Revision | Deployed,
    extra: tuple[str, ...],
    deployed: Sequence[RefMove],
    promoted: Sequence[RefMove],
) -> DeployedRev:
    """What production runs, since when, and by whom.

    Args:
        deployed, promoted: the moves of both, oldest first.
    """
    arrival, first, here = None, True, place.id
    for move in reversed(deployed):
        if move.id != here:
            first = False
            break
        arrival = move
        # where only the mainline moved, production did not
        here = move.kept or here
    if arrival is None:
        return DeployedRev(place.revno, place.id, extra)
    releases = [m for m in promoted if not m.found and m.id == place.id and m.at <= arrival.at]
    by = arrival.who or (releases[-1].who if releases else "")
    return DeployedRev(place.revno, place.id, extra, arrival.at, first, by)


def past_promotions(
    deployed: Sequence[RefMove],
    promoted: Sequence[RefMove],
    landed: Mapping[tuple[int, str], datetime],
    compare_url: CompareUrl,
) -> tuple[PastPromotion, ...]:
    """The last promotions, newest first; where there never was one, the steps that production was seen to
    take.

    Args:
        deployed, promoted: the moves of both, oldest first; the first of each says where it was.
        landed: when each landing that is known landed, by revno and SHA: on a rewritten mainline the numbers
            stand for others.
    """
    steps = _steps(promoted)
    released = bool(steps)
    times = {revno: at for (revno, _), at in landed.items()}

    def here(move: RefMove) -> bool:
        return (move.revno, move.id) in landed

    def waits(before: RefMove, move: RefMove) -> _Waits:
        if not here(move):
            return {}
        return times if here(before) or before.revno not in times else None

    past = [
        _promotion(
            before,
            move,
            waits(before, move),
            compare_url(before.id, move.id),
            seen=not _ours(move, released),
        )
        for before, move in steps or _steps(deployed)
    ]
    return tuple(past[: -SHOWN - 1 : -1])


def _steps(moves: Sequence[RefMove]) -> list[tuple[RefMove, RefMove]]:
    """From where to where it went each time. Where the mainline moved and it did not, or other
    settings name another ref, that is no step."""
    return [
        (before, move)
        for before, move in pairwise(moves)
        if not move.kept and not move.found and move.id != before.id
    ]


def _ours(move: RefMove, released: bool) -> bool:
    return not move.foreign if released else move.recorded


def _promotion(
    before: RefMove, move: RefMove, landed: _Waits, compare_url: str | None, *, seen: bool
) -> PastPromotion:
    revnos = range(before.revno + 1, move.revno + 1) if landed is not None else range(0)
    known_at = landed or {}
    waits = [max(0.0, (move.at - known_at[revno]).total_seconds()) for revno in revnos if revno in known_at]
    known = bool(waits) and len(waits) == len(revnos)
    return PastPromotion(
        at=move.at,
        base=Rev(before.revno, before.id),
        to=Rev(move.revno, move.id),
        landings=len(revnos),
        by=move.who,
        reason=move.why,
        seen=seen,
        waited_median_s=int(median(waits)) if known else None,
        waited_longest_s=int(max(waits)) if known else None,
        compare_url=compare_url,
        passed=move.passed,
    )
