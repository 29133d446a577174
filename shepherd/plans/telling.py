"""What a place of [[notify]] is told in this run: what matters most of what is new, now or later. Pure
(docs/notices.md#what-is-told)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from shepherd.plans.place_knowledge import PlaceState, Present
from shepherd.plans.untold import News, news

MOST = 20
"""Changes that one message tells one by one."""
KEEPS_FAILING = timedelta(days=1)
"""A place that nothing reached for so long is tried once in `LATER`: each attempt is two entries of the
journal."""
LATER = timedelta(hours=1)


class Decision(Struct, frozen=True):
    """What a place is told of a branch in this run."""

    news: tuple[News, ...] = ()
    """Oldest first; of too many those that matter most."""
    left_out: int = 0
    until: datetime | None = None
    """It is held back until then; None: it goes now."""
    because: str = ""
    """Why it is held back."""


def decide(state: PlaceState, present: Present, quiet: float, alone: datetime | None = None) -> Decision:
    """What is new for the place, and whether it is told now.

    Args:
        quiet: seconds, of the settings.
        alone: until when the place asked to be left alone, whichever branch that was about.
    """
    every = news(state.possible, present)
    if not every:
        return Decision()
    told, left_out = _most_important(every)
    held = _held(state, every, present.now, quiet, alone)
    return Decision(tuple(told), left_out, *(held or (None, "")))


def _most_important(every: Sequence[News]) -> tuple[list[News], int]:
    """At most `MOST`: the answer, what is urgent, and what the place may know, before all else; then the
    newest."""

    def rank(each: News) -> tuple[bool, bool, datetime]:
        return each.kind == "answer", each.urgent or each.again, each.at

    chosen = sorted(every, key=rank, reverse=True)[:MOST]
    keys = {each.key for each in chosen}
    return [each for each in every if each.key in keys], len(every) - len(chosen)


def _held(
    state: PlaceState, every: Sequence[News], now: datetime, quiet: float, alone: datetime | None
) -> tuple[datetime, str] | None:
    """Until when it is held back, and why."""
    fresh = [each for each in every if not each.again]
    if any(each.urgent for each in fresh):
        return None
    held = _held_by_us(state, fresh, now, quiet)
    # a moment so far ahead was not asked for: the clock was set back
    if alone is None or not now < alone <= now + LATER or (held is not None and held[0] >= alone):
        return held
    return alone, "alone"


def _held_by_us(
    state: PlaceState, fresh: Sequence[News], now: datetime, quiet: float
) -> tuple[datetime, str] | None:
    """Until when it is held back, and why, whatever the place asks for."""
    quiet_until = _ahead(state.last, timedelta(seconds=quiet), now)
    if state.failing is None or state.tried is None:
        # what a killed run may have told is told at once
        return (quiet_until, "quiet") if quiet_until and not state.maybe else None
    if state.doubt is not None:
        # what arrives each time although nobody learns of it shall not arrive each time
        again = _ahead(state.tried, min((state.tried - state.doubt) / 2, LATER), now)
        if again is None or (fresh and quiet_until is None):
            return None
        return min(again, quiet_until) if fresh and quiet_until else again, "failing"
    later = _ahead(state.tried, LATER, now) if now - state.failing >= KEEPS_FAILING else None
    return (later, "failing") if later else None


def _ahead(before: datetime | None, pause: timedelta, now: datetime) -> datetime | None:
    """When the pause after a moment is over, if it is not. A moment in the future says nothing: the clock was
    set back."""
    return before + pause if before is not None and before <= now < before + pause else None
