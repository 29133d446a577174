"""Each landing that went live: when it landed, when it was live, how it went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from shepherd.landing import Landing
from shepherd.trends.failures import Badness
from shepherd.trends.happened import Happened
from shepherd.trends.mainline import NumberedLine
from shepherd.trends.model import LandingTimes
from shepherd.trends.phases import Lacking, PhaseTimes
from shepherd.trends.production import EffectTime, Production
from shepherd.words import State


class LiveLandings(Struct, frozen=True):
    """What went live, and what is not known of it. The moments are those at which it did."""

    times: tuple[LandingTimes, ...]
    by_move: Mapping[int, tuple[bool | None, ...]]
    """Number of a move of production -> of each landing that it brought and that was in effect while it
    stayed, whether it failed."""
    lacking: Mapping[Lacking, tuple[datetime, ...]]
    """Why phases are not known."""
    unread: Mapping[int, datetime]
    """Revno -> of those of which no more is known."""
    undone: tuple[datetime, ...]
    """Of those that never were in effect there."""
    rewritten: tuple[datetime, ...]
    """Of those that came into sight when the mainline was rewritten."""


def live_landings(
    happened: Happened, line: NumberedLine, production: Production, badness: Badness, now: datetime
) -> LiveLandings:
    """Every landing that production was seen to come to run."""
    waits = PhaseTimes(happened, line)
    landed = landed_times(line.landings, happened.states, now)
    times: list[LandingTimes] = []
    by_move: dict[int, list[bool | None]] = {}
    lacking: dict[Lacking, list[datetime]] = {}
    unread: dict[int, datetime] = {}
    undone: list[datetime] = []
    rewritten: list[datetime] = []
    for revno, stays in sorted(production.stays.items()):
        came = production.moves[stays[-1].begin].at
        place = revno - line.first
        if not line.first or not 0 <= place < len(line.landings):
            unread[revno] = came
            for stay in stays:
                by_move.setdefault(stay.begin, []).append(None)
            continue
        if not all(stay.known for stay in stays):
            rewritten.append(came)
            continue
        sha = line.landings[place].id
        effects: list[EffectTime] = []
        last = 0
        for number, stay in enumerate(stays):
            here = production.in_effect(revno, stay)
            if here:
                by_move.setdefault(stay.begin, []).append(badness.failed(sha, here))
                first, last = here[0], number
                effects += here
        if not effects:
            undone.append(came)
            continue
        live, for_good = first.begin, stays[last].end is None
        dated = for_good and landed[place] <= live
        phases = waits.phases(revno, sha, landed[place], live) if dated else None
        if isinstance(phases, str):
            lacking.setdefault(phases, []).append(live)
            phases = None
        times.append(
            LandingTimes(revno, sha, landed[place], live, for_good, badness.failed(sha, effects), phases)
        )
    return LiveLandings(
        tuple(times),
        {move: tuple(outcomes) for move, outcomes in by_move.items()},
        {why: tuple(moments) for why, moments in lacking.items()},
        unread,
        tuple(undone),
        tuple(rewritten),
    )


def landed_times(
    landings: Sequence[Landing], states: Mapping[str, Sequence[tuple[datetime, State]]], now: datetime
) -> list[datetime]:
    """When each landed: the committer's date, which may be any number, but not in the future, nor before its
    parent's (docs/rules.md#marks), nor after it, or one that came later, was first judged."""
    limit, limits = int(now.timestamp()), []
    for landing in reversed(landings):
        if said := states.get(landing.id):
            limit = min(limit, int(said[0][0].timestamp()))
        limits.append(limit)
    floor, times = 0, []
    for landing, limit in zip(landings, reversed(limits), strict=True):
        floor = max(floor, min(landing.committed_at, limit))
        times.append(datetime.fromtimestamp(floor, UTC))
    return times
