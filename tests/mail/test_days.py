"""Days as people count them (docs/mails.md and 3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.plans.days import Days, long_date, long_time

BERLIN = ZoneInfo("Europe/Berlin")
WEEKDAYS = Days(BERLIN, time(9, 0), weekend=False)
EVERY_DAY = Days(BERLIN, time(9, 0), weekend=True)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "moment", "due"),
    [
        (WEEKDAYS, "2011-08-24 06:59", False),  # 08:59 in Berlin, a Wednesday
        (WEEKDAYS, "2011-08-24 07:00", True),
        (WEEKDAYS, "2011-08-24 21:59", True),  # a missed hour is caught up the same day
        (WEEKDAYS, "2011-08-24 22:00", False),  # midnight there
        (WEEKDAYS, "2011-08-27 12:00", False),  # Saturday
        (WEEKDAYS, "2011-08-28 21:59", False),  # Sunday to its end
        (EVERY_DAY, "2011-08-27 12:00", True),
        (EVERY_DAY, "2011-10-29 07:00", True),  # summer time, the day before clocks change
        (EVERY_DAY, "2011-10-30 07:30", False),  # 08:30 after they changed
        (EVERY_DAY, "2011-10-30 08:00", True),
        (Days(BERLIN, time(2, 30), True), "2011-03-27 01:00", True),  # half past two never comes that day
        (Days(BERLIN, time(2, 30), True), "2011-10-30 00:30", True),  # and twice on this one
        (Days(ZoneInfo("Pacific/Auckland"), time(9, 0), False), "2011-08-28 21:00", True),  # Monday there
    ],
)
def test_when_mails_are_due(days: Days, moment: str, due: bool) -> None:
    assert days.due(utc(moment)) == due


@pytest.mark.parametrize(
    ("days", "since", "count", "day"),
    [
        (EVERY_DAY, "2011-08-22", 5, "2011-08-27"),
        (WEEKDAYS, "2011-08-22", 5, "2011-08-29"),  # Monday to Monday: the fifth working day after it
        (WEEKDAYS, "2011-08-26", 1, "2011-08-29"),
        (WEEKDAYS, "2011-08-27", 1, "2011-08-29"),
        (WEEKDAYS, "2011-08-27", 5, "2011-09-02"),
        (WEEKDAYS, "2011-08-22", 0, "2011-08-22"),
        (EVERY_DAY, "2011-10-28", 3, "2011-10-31"),  # a day of 25 hours is one day
    ],
)
def test_days_that_count(days: Days, since: str, count: int, day: str) -> None:
    assert days.after(date.fromisoformat(since), count) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("days", "today", "soon"),
    [
        (WEEKDAYS, "2011-08-24", True),  # Wednesday: on Friday
        (WEEKDAYS, "2011-08-23", False),
        (EVERY_DAY, "2011-08-23", False),
        (WEEKDAYS, "2011-08-29", True),  # it is over
    ],
)
def test_two_days_before_friday(days: Days, today: str, soon: bool) -> None:
    moment = datetime.combine(date.fromisoformat(today), time(12), BERLIN)
    assert days.soon(date(2011, 8, 26), moment) == soon


def test_two_working_days_before_monday_is_thursday() -> None:
    monday = date(2011, 8, 29)
    assert WEEKDAYS.soon(monday, utc("2011-08-25 12:00"))
    assert not WEEKDAYS.soon(monday, utc("2011-08-24 12:00"))
    assert not EVERY_DAY.soon(monday, utc("2011-08-26 12:00"))


@given(st.integers(946_684_800, 2_200_000_000), st.integers(0, 30), st.booleans())
def test_more_than_so_many_days_have_always_passed(seconds: int, grace: int, weekend: bool) -> None:
    """The list is never told before `grace` whole days of 24 hours are over, less the hour of a change."""
    days = Days(BERLIN, time(0, 0), weekend)
    since = datetime.fromtimestamp(seconds, UTC)
    told = datetime.combine(days.after(days.of(since), grace + 1), time(0), BERLIN)
    assert told - since > timedelta(days=grace) - timedelta(hours=1)
    assert days.counts(told.date())


def test_days_and_times_are_spoken_in_plain_english_whatever_the_host_speaks() -> None:
    assert long_date(date(2011, 8, 26)) == "Friday, 26 August 2011"
    assert long_time(utc("2011-10-30 00:30"), BERLIN) == "Sunday, 30 October 2011, 02:30 CEST"
    assert long_time(utc("2011-10-30 01:30"), BERLIN) == "Sunday, 30 October 2011, 02:30 CET"


def test_the_next_mails_in_words() -> None:
    assert WEEKDAYS.next_words(utc("2011-08-24 06:00")) == "today's go after 09:00 (Europe/Berlin)"
    assert WEEKDAYS.next_words(utc("2011-08-27 12:00")) == "the next go on Monday, 29 August 2011"
