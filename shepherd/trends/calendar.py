"""Periods of the calendar, in the time zone of the settings."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from shepherd.trends.model import By

SHOWN: dict[By, int] = {"day": 14, "week": 13, "month": 13, "quarter": 9, "year": 10}
"""Periods that are shown where nobody says since when, the one that is going on among them."""


def beginning(day: date, by: By) -> date:
    """The first day of the period that a day is in; weeks begin on Monday."""
    match by:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case "year":
            return day.replace(month=1, day=1)


def after(start: date, by: By, periods: int = 1) -> date:
    """The first day of the period that comes so many later, or, below 0, came so many before."""
    if by in ("day", "week"):
        return start + timedelta(days=(1 if by == "day" else 7) * periods)
    months = {"month": 1, "quarter": 3, "year": 12}[by] * periods
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, 1)


class Periods:
    """The periods from one day to another, without gaps.

    Args:
        first, last: days in the first and in the last period.
    """

    def __init__(self, first: date, last: date, by: By, zone: tzinfo) -> None:
        self._zone = zone
        end = beginning(last, by)
        self.starts = [min(beginning(first, by), end)]
        while self.starts[-1] < end:
            self.starts.append(after(self.starts[-1], by))
        self.ends = [*self.starts[1:], after(end, by)]
        self._begins = [self._midnight(day) for day in self.starts]
        self.end = self._midnight(self.ends[-1])

    def begin(self, index: int) -> datetime:
        """When a period begins."""
        return self._begins[index]

    def ended(self, index: int) -> datetime:
        """When a period is over."""
        return self._begins[index + 1] if index + 1 < len(self._begins) else self.end

    def of(self, moment: datetime) -> int | None:
        """The number of the period that a moment is in; None: in none of them."""
        at = bisect_right(self._begins, moment) - 1
        return at if at >= 0 and moment < self.end else None

    def _midnight(self, day: date) -> datetime:
        """When a day begins; aware, in UTC, so that clocks which are put back or forward change no order."""
        return datetime.combine(day, time(), self._zone).astimezone(UTC)
