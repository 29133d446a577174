"""The calendar of freezes on the pages: what is on beside the first few, and what comes next
(docs/running.md#freeze)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from markupsafe import Markup
from msgspec import Struct

from shepherd.freeze_words import NAMED, day_and_time
from shepherd.situation import Freeze, Situation
from shepherd.snapshot import Snapshot
from shepherd.values import NO_REASON
from shepherd.views.clean import clean
from shepherd.views.markup import stamp

SHOWN = 5
"""Freezes that are on at once and listed."""
_REASON, _NAME = 160, 60


class FreezeCalendar(Struct, frozen=True):
    """What a page says of the freezes of one branch."""

    lines: tuple[Markup, ...]
    begins: str = ""
    """When the next one begins, for the script: a page that is still open then must not invite to deploy.
    Empty: none is known."""
    ends: str = ""
    """When that one ends; empty: nobody knows."""


def calendar(snapshot: Snapshot, situation: Situation) -> FreezeCalendar:
    """Times are those of the clocks in the branch's `timezone`. The first few freezes that are on are said by
    the caution."""
    zone = ZoneInfo(snapshot.timezone)
    lines = [_line("Frozen also", each, zone) for each in _others(situation.freezes.get(snapshot.branch, ()))]
    following = situation.freezes_next.get(snapshot.branch)
    if following is None:
        return FreezeCalendar(tuple(lines))
    return FreezeCalendar(
        (*lines, _line("Next freeze", following, zone)),
        stamp(following.since) if following.since is not None else "",
        stamp(following.until) if following.until is not None else "",
    )


def _others(freezes: tuple[Freeze, ...]) -> Iterator[Freeze]:
    yield from freezes[NAMED : NAMED + SHOWN]


def _line(called: str, freeze: Freeze, zone: ZoneInfo) -> Markup:
    """ "Next freeze: Fri 2026-12-04 16:00 to Mon 2026-12-07 08:00, Europe/Berlin (weekend)"."""
    since, until = freeze.since, freeze.until
    first = _time(since, zone) if since is not None else ""
    if until is not None:
        when = f"{first} to {_time(until, zone)}" if first else f"until {_time(until, zone)}"
    else:
        when = f"from {first}, without an end" if first else "without an end"
    named = f", {escape(zone.key)}" if since is not None or until is not None else ""
    who = f", by <bdi>{escape(clean(freeze.who, _NAME))}</bdi>" if freeze.who else ""
    why = escape(clean(freeze.why, _REASON) or NO_REASON)
    return Markup(f"<b>{called}:</b> {when}{named}{who} (<bdi>{why}</bdi>)")  # noqa: S704  # escaped


def _time(moment: datetime, zone: ZoneInfo) -> str:
    return f'<time datetime="{stamp(moment)}">{day_and_time(moment, zone)}</time>'
