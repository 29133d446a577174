"""Standing windows: cases as data, and a second statement that asks a wall clock minute by minute."""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shepherd.errors import WrongValueError
from shepherd.freeze import DAYS, NEVER, Span, Window, next_after, on_at, once, weekly

CASES = tomllib.loads((Path(__file__).parent / "cases" / "freeze.toml").read_text())
MINUTE = timedelta(minutes=1)


def windows_of(case: dict[str, Any]) -> list[Window]:
    return [*map(weekly, case.get("days", [])), *map(once, case.get("dates", []))]


def ends_of(span: Span | None) -> list[datetime] | None:
    return None if span is None else [span.start, span.end]


@pytest.mark.parametrize("case", CASES["case"], ids=lambda case: case["title"])
def test_what_is_on_and_what_comes(case: dict[str, Any]) -> None:
    windows, zone = windows_of(case), ZoneInfo(case["zone"])
    assert ends_of(on_at(windows, zone, case["at"])) == case.get("on")
    assert ends_of(next_after(windows, zone, case["at"])) == case.get("next")


@pytest.mark.parametrize("case", CASES["wrong"], ids=lambda case: case.get("days") or case["dates"])
def test_what_is_no_window_is_refused_with_what_was_expected(case: dict[str, Any]) -> None:
    with pytest.raises(WrongValueError) as refused:
        weekly(case["days"]) if "days" in case else once(case["dates"])
    assert case["says"] in str(refused.value)


def test_the_reasons_of_a_chain_stand_in_order_and_once() -> None:
    windows = [once("2026-12-20 - 2027-01-02", "holidays"), weekly("Sat - Sun", "weekend")]
    span = on_at(windows, ZoneInfo("UTC"), datetime(2026, 12, 19, 12, tzinfo=UTC))
    assert span is not None
    assert span.reasons == ("weekend", "holidays")


def test_windows_that_together_leave_nothing_open_have_no_end_in_sight() -> None:
    windows, zone = [weekly("Mon - Wed"), weekly("Thu - Sun")], ZoneInfo("UTC")
    at = datetime(2026, 12, 19, 12, tzinfo=UTC)
    span = on_at(windows, zone, at)
    assert span is not None
    assert span.end == NEVER
    assert next_after(windows, zone, at) is None


# --- the second statement ---

AROUND = {
    "Europe/Berlin": (date(2026, 3, 29), date(2026, 10, 25), date(2026, 12, 31)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
    "Pacific/Apia": (date(2011, 12, 30),),
    "UTC": (date(2027, 1, 1),),
}
"""Days on which a clock does something, or nothing."""
REACH = 10
"""Days before and after it that the wall clock is looked at."""


class WallClock:
    """What the clock on the wall shows in each minute, the first of them at UTC midnight."""

    def __init__(self, zone: str, day: date) -> None:
        known, self.first = ZoneInfo(zone), datetime.combine(day - timedelta(days=REACH), time(), UTC)
        moments = (self.first + MINUTE * minute for minute in range(2 * REACH * 24 * 60))
        self.shown = [moment.astimezone(known).replace(tzinfo=None) for moment in moments]
        self._latest = list(accumulate(self.shown, max))
        self._last_minute_of = {shown: minute for minute, shown in enumerate(self.shown)}

    def begins(self, wall: datetime) -> int:
        """The first minute in which it shows that time, or has come past it."""
        return bisect_left(self._latest, wall)

    def ends(self, wall: datetime) -> int:
        """The last minute in which it shows that time; where it never does, the first that is past it."""
        return self._last_minute_of.get(wall, self.begins(wall))


clock_of = cache(WallClock)


def frozen_minutes(windows: list[tuple[datetime, datetime]], clock: WallClock) -> list[bool]:
    """Of each minute, whether any window is on."""
    frozen = [False] * len(clock.shown)
    for start, end in windows:
        first, behind = clock.begins(start), clock.ends(end)
        frozen[first:behind] = [True] * max(0, behind - first)
    return frozen


@st.composite
def statements(draw: st.DrawFn) -> tuple[str, date, list[Window], list[tuple[datetime, datetime]]]:
    """A zone, a day in it, windows as they are written, and the same as wall-clock times near that day."""
    zone = draw(st.sampled_from(sorted(AROUND)))
    day = draw(st.sampled_from(AROUND[zone]))
    clock = st.tuples(st.sampled_from([0, 1, 2, 2, 3, 22]), st.sampled_from([0, 10, 30]))
    windows, walls = [], []
    near = [day + timedelta(days=offset) for offset in range(-REACH - 9, REACH + 9)]
    for _ in range(draw(st.integers(1, 3))):
        (hour, minute), (to_hour, to_minute) = draw(clock), draw(clock)
        start, end = f"{hour:02}:{minute:02}", f"{to_hour:02}:{to_minute:02}"
        kind = draw(st.sampled_from(["every day", "weekly", "days", "once"]))
        length = draw(st.integers(0, 5))
        if kind == "every day":
            if start == end:
                continue
            windows.append(weekly(f"{start} - {end}"))
            days = [(each, each + timedelta(days=end < start)) for each in near]
        elif kind == "weekly":
            if length == 0 and end <= start:
                continue
            first = draw(st.integers(0, 6))
            windows.append(weekly(f"{DAYS[first]} {start} - {DAYS[(first + length) % 7]} {end}"))
            days = [(each, each + timedelta(days=length)) for each in near if each.weekday() == first]
        elif kind == "days":
            first, start, end = draw(st.integers(0, 6)), "00:00", "00:00"
            windows.append(weekly(f"{DAYS[first]} - {DAYS[(first + length) % 7]}"))
            days = [(each, each + timedelta(days=length + 1)) for each in near if each.weekday() == first]
        else:
            first_day = day + timedelta(days=draw(st.integers(-3, 3)))
            if length == 0 and end <= start:
                continue
            days = [(first_day, first_day + timedelta(days=length))]
            windows.append(once(f"{days[0][0]} {start} - {days[0][1]} {end}"))
        walls += [
            (datetime.combine(a, time.fromisoformat(start)), datetime.combine(b, time.fromisoformat(end)))
            for a, b in days
        ]
    return zone, day, windows, walls


@settings(max_examples=100, deadline=None)
@given(statements(), st.lists(st.integers(-3 * 1440, 4 * 1440), max_size=5))
def test_as_a_wall_clock_shows_it_minute_by_minute(
    stated: tuple[str, date, list[Window], list[tuple[datetime, datetime]]], offsets: list[int]
) -> None:
    zone, day, windows, walls = stated
    clock = clock_of(zone, day)
    first = clock.first
    frozen = frozen_minutes(walls, clock)
    middle = REACH * 24 * 60
    changes = [m for m in range(middle - 1440, middle + 2 * 1440) if frozen[m] != frozen[m - 1]]
    asked = [middle + offset for offset in offsets] + changes + [m - 1 for m in changes]
    for minute in asked:
        span = on_at(windows, ZoneInfo(zone), first + MINUTE * minute)
        assert (span is not None) == frozen[minute], (zone, clock.shown[minute], windows)
        coming = next_after(windows, ZoneInfo(zone), first + MINUTE * minute)
        if span is not None:
            until = next((m for m in range(minute, len(frozen)) if not frozen[m]), None)
            since = next((m for m in range(minute, -1, -1) if not frozen[m]), None)
            assert until is None or span.end == first + MINUTE * until
            assert since is None or span.start == first + MINUTE * (since + 1)
            later = until
        else:
            later = minute
        begun = next((m for m in range(later or 0, len(frozen)) if later is not None and frozen[m]), None)
        if begun is not None:
            assert coming is not None
            assert coming.start == first + MINUTE * begun
