"""Periods: whole days of the settings' time zone, also where clocks are put back and forward."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from shepherd.trends.calendar import Periods, after, beginning
from shepherd.trends.model import By


@pytest.mark.parametrize(
    ("by", "first", "following"),
    [
        ("day", date(2012, 2, 29), date(2012, 3, 1)),
        ("week", date(2012, 2, 27), date(2012, 3, 5)),
        ("month", date(2012, 2, 1), date(2012, 3, 1)),
        ("quarter", date(2012, 1, 1), date(2012, 4, 1)),
        ("year", date(2012, 1, 1), date(2013, 1, 1)),
    ],
)
def test_where_periods_begin(by: By, first: date, following: date) -> None:
    assert beginning(date(2012, 2, 29), by) == first
    assert after(first, by) == following
    assert after(following, by, -1) == first


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Havana", "Pacific/Apia", "America/Sao_Paulo"])
def test_a_moment_is_in_the_period_of_its_day(zone: str) -> None:
    """Also in the hour that comes twice, and on the day that there was not (Apia, 2011-12-30)."""
    place = ZoneInfo(zone)
    periods = Periods(date(2011, 1, 1), date(2012, 12, 31), "day", place)
    begin = int(datetime(2011, 1, 2, tzinfo=UTC).timestamp())
    for second in range(begin, begin + 700 * 86_400, 1_800):
        moment = datetime.fromtimestamp(second, UTC)
        index = periods.of(moment)
        assert index is not None and periods.starts[index] == moment.astimezone(place).date()


def test_what_lies_outside_is_in_no_period() -> None:
    periods = Periods(date(2012, 2, 1), date(2012, 2, 29), "month", ZoneInfo("Europe/Berlin"))
    assert periods.of(datetime(2012, 1, 31, 22, 59, 59, tzinfo=UTC)) is None
    assert periods.of(datetime(2012, 1, 31, 23, tzinfo=UTC)) == 0
    assert periods.of(datetime(2012, 2, 29, 22, 59, 59, tzinfo=UTC)) == 0
    assert periods.of(datetime(2012, 2, 29, 23, tzinfo=UTC)) is None
