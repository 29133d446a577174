"""Standing windows in which nobody deploys: what the settings write, and when that is
(docs/running.md#freeze-windows).

A window is written in wall-clock time. A time that the clock jumps over is the moment of that jump; one that
it shows twice is the first of the two where a window begins, the second where it ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from shepherd.errors import WrongValueError
from shepherd.values import quoted

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEK = 7
NEVER = datetime.max.replace(tzinfo=UTC)
"""The end of what has none in sight."""
CHAINED = 200
"""Windows that follow one another without a gap: after so many no end is in sight."""
EXPECTED_DAYS = '"Fri 16:00 - Mon 08:00", "Sat - Sun" or "22:00 - 06:00"'
EXPECTED_DATES = '"2026-12-20 - 2027-01-02", "2026-12-24" or "2026-12-24 12:00 - 2026-12-27 08:00"'

_TIME = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]|24:00"
_DAY = "|".join(DAYS)
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
# as text: most commands look at no window, and every one starts up with this module
_EVERY_DAY = rf"({_TIME})\s*-\s*({_TIME})"
_OF_WEEK = rf"(?i:({_DAY})(?:\s+({_TIME}))?(?:\s*-\s*({_DAY})(?:\s+({_TIME}))?)?)"
_ONCE = rf"({_DATE})(?:\s+({_TIME}))?(?:\s+-\s+({_DATE})(?:\s+({_TIME}))?)?"
_SECOND = timedelta(seconds=1)


class Span(NamedTuple):
    """From one moment to another, both aware and UTC; the end does not belong to it."""

    start: datetime
    end: datetime
    reasons: tuple[str, ...] = ()
    """Of each window in it, in the order in which they begin; none where none is given."""


class Window(NamedTuple):
    """One standing window, in wall-clock time."""

    start: datetime
    """Without a zone; of a window that comes again, in the week that begins on 2001-01-01."""
    end: datetime
    every: int = 0
    """It comes again after so many days; 0: it does not."""
    reason: str = ""


_FIRST_WEEK = date(2001, 1, 1)


def window(days: str, dates: str, reason: str = "") -> Window:
    """The window of a table of the settings, which were checked when they were read."""
    return weekly(days, reason) if days else once(dates, reason)


def weekly(text: str, reason: str = "") -> Window:
    """The window that `days` writes.

    Raises:
        WrongValueError: it is none.
    """
    if match := re.fullmatch(_EVERY_DAY, text.strip()):
        start, end = (_at(_FIRST_WEEK, each) for each in match.groups())
        if start.time() == end.time():
            raise WrongValueError(f"expected an end that is not the start, not {quoted(text)}")
        return Window(start, end if end > start else end + timedelta(days=1), 1, reason)
    match = re.fullmatch(_OF_WEEK, text.strip())
    if not match:
        raise WrongValueError(f"expected {EXPECTED_DAYS}, not {quoted(text)}")
    from_day, from_time, to_day, to_time = match.groups()
    if to_day is None and from_time is not None:
        raise WrongValueError(f"expected when it ends, too, as in {EXPECTED_DAYS}, not {quoted(text)}")
    first = _FIRST_WEEK + timedelta(days=DAYS.index(from_day.title()))
    last = _FIRST_WEEK + timedelta(days=DAYS.index((to_day or from_day).title()))
    if last < first:
        last += timedelta(days=WEEK)
    start, end = _at(first, from_time or "00:00"), _at(last, to_time or "24:00")
    if end <= start:
        raise WrongValueError(f"expected an end after the start, not {quoted(text)}")
    if end - start >= timedelta(days=WEEK):
        raise WrongValueError(
            f"expected a window with an end, not {quoted(text)}, which is all of the week: to freeze until"
            ' somebody ends it: inv freeze.on --reason "…"'
        )
    return Window(start, end, WEEK, reason)


def once(text: str, reason: str = "") -> Window:
    """The window that `dates` writes.

    Raises:
        WrongValueError: it is none.
    """
    match = re.fullmatch(_ONCE, text.strip())
    if not match:
        raise WrongValueError(f"expected {EXPECTED_DATES}, not {quoted(text)}")
    from_date, from_time, to_date, to_time = match.groups()
    if to_date is None and from_time is not None:
        raise WrongValueError(f"expected when it ends, too, as in {EXPECTED_DATES}, not {quoted(text)}")
    try:
        first, last = date.fromisoformat(from_date), date.fromisoformat(to_date or from_date)
        start, end = _at(first, from_time or "00:00"), _at(last, to_time or "24:00")
    except (ValueError, OverflowError):
        raise WrongValueError(f"expected days of the calendar, not {quoted(text)}") from None
    if end <= start:
        raise WrongValueError(f"expected an end after the start, not {quoted(text)}")
    if not (first.year >= 1970 and last.year <= 9000):
        raise WrongValueError(f"expected years from 1970 to 9000, not {quoted(text)}")
    return Window(start, end, 0, reason)


def on_at(windows: Sequence[Window], zone: tzinfo, at: datetime) -> Span | None:
    """The span that a moment lies in, of all windows that overlap or adjoin; None: nothing is on. Its end is
    NEVER where none is in sight."""
    return _chain(windows, zone, at)


def next_after(windows: Sequence[Window], zone: tzinfo, at: datetime) -> Span | None:
    """The first span that begins after a moment, and after what is on at that moment; None: none comes."""
    present = _chain(windows, zone, at)
    if present is not None and present.end == NEVER:
        return None
    after = present.end if present else at
    starts = [span.start for window in windows if (span := _first_after(window, zone, after))]
    return _chain(windows, zone, min(starts)) if starts else None


def instant(wall: datetime, zone: tzinfo, *, begins: bool) -> datetime:
    """The moment, in UTC, of a wall-clock time at which a window begins, or ends."""
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first <= second:
        return first if begins else second
    # the clock jumps over it, at a moment after the one that the later offset gives
    before, behind = second, first
    offset = before.astimezone(zone).utcoffset()
    while behind - before > _SECOND:
        middle = before + (behind - before) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            behind = middle
    return behind


def _at(day: date, text: str) -> datetime:
    hours, minutes = map(int, text.split(":"))
    return datetime.combine(day, time()) + timedelta(hours=hours, minutes=minutes)


def _occurrences(window: Window, zone: tzinfo, near: datetime) -> Iterator[Span]:
    """Those that may lie at or next to a moment, in their order, and a few around them: none is longer than
    the time until it comes again, but a zone may skip a day."""
    repeats: Sequence[int] = (0,)
    if window.every:
        number = (near.astimezone(zone).replace(tzinfo=None) - window.start).days // window.every
        repeats = range(number - 2, number + 3)
    for each in repeats:
        shift = timedelta(days=window.every * each)
        start = instant(window.start + shift, zone, begins=True)
        end = instant(window.end + shift, zone, begins=False)
        if start < end:
            yield Span(start, end, (window.reason,) if window.reason else ())


def _first_after(window: Window, zone: tzinfo, at: datetime) -> Span | None:
    return next((span for span in _occurrences(window, zone, at) if span.start > at), None)


def _chain(windows: Sequence[Window], zone: tzinfo, at: datetime) -> Span | None:
    """All that overlaps or adjoins, around what is on at a moment; None: nothing is."""
    parts = [span for each in windows for span in _occurrences(each, zone, at) if span.start <= at < span.end]
    if not parts:
        return None
    start, end = min(span.start for span in parts), max(span.end for span in parts)
    for _ in range(CHAINED):
        near = [span for each in windows for span in _occurrences(each, zone, start)]
        more = [span for span in near if span.start < start <= span.end]
        if not more:
            break
        parts += more
        start = min(span.start for span in more)
    for _ in range(CHAINED):
        near = [span for each in windows for span in _occurrences(each, zone, end)]
        more = [span for span in near if span.start <= end < span.end]
        if not more:
            break
        parts += more
        end = max(span.end for span in more)
    else:
        end = NEVER
    reasons = [each for span in sorted(parts, key=lambda span: span.start) for each in span.reasons]
    return Span(start, end, tuple(dict.fromkeys(reasons)))
