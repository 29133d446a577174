"""A chart draws what is known and nothing else: round numbers, gaps where nothing was, hatching where
nothing is known."""

from __future__ import annotations

import re
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.views.trend_axis import TICKS, Unit, axis, how_long, months, share
from shepherd.views.trend_chart import Chart, Point, drawn

MONDAY = date(2026, 6, 1)


def chart(*points: Point, bars: bool = False, unit: Unit = "seconds") -> dict[str, str]:
    """The paths that are drawn, by what they are; `text` is all that is written."""
    starts = tuple(MONDAY + timedelta(days=7 * n) for n in range(len(points)))
    svg = drawn(Chart("k", "Title & more", "Words", unit, bars, starts, points))
    root = ElementTree.fromstring(svg)
    paths = {each.attrib["class"]: each.attrib["d"] for each in root.iter("path")}
    return paths | {"text": " ".join(each.text or "" for each in root.iter("text"))}


def starts_of(path: str) -> int:
    return path.count("M")


@pytest.mark.parametrize(
    ("unit", "largest", "labels"),
    [
        ("count", 0, "0 1"),
        ("count", 1, "0 1"),
        ("count", 7, "0 2 4 6 8"),
        ("count", 333, "0 100 200 300 400"),
        ("count", 4100, "0 2,000 4,000 6,000"),
        ("share", 0.03, "0 1% 2% 3%"),
        ("share", 1.0, "0 50% 100%"),
        ("seconds", 0, "0 1 min"),
        ("seconds", 3600, "0 15 min 30 min 45 min 60 min"),
        ("seconds", 40 * 3600, "0 12 h 24 h 36 h 48 h"),
        ("seconds", 4 * 86400, "0 1 day 2 days 3 days 4 days"),
        ("seconds", 300 * 86400, "0 100 days 200 days 300 days"),
    ],
)
def test_an_axis_has_few_round_numbers(unit: Unit, largest: float, labels: str) -> None:
    assert " ".join(text for _, text in axis(unit, largest).ticks) == labels


@given(st.sampled_from(["count", "share", "seconds"]), st.floats(0, 1e9))
def test_every_value_is_below_the_end_of_its_axis(unit: Unit, largest: float) -> None:
    if unit == "share":
        largest = min(largest, 1)
    made = axis(unit, largest)
    assert made.top >= largest - 1e-6
    assert made.ticks[0][0] == 0 and made.ticks[-1][0] == pytest.approx(made.top)
    assert len(made.ticks) <= TICKS + 2
    assert len({text for _, text in made.ticks}) == len(made.ticks)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3_599, "1 h"),
        (12_600, "3.5 h"),
        (35_999, "10 h"),
        (129_600, "36 h"),
        (172_800, "2 days"),
        (216_000, "2.5 days"),
        (1_000_000, "12 days"),
        (400 * 86_400, "400 days"),
    ],
)
def test_a_time_is_said_as_people_say_it(seconds: int, said: str) -> None:
    assert how_long(seconds) == said


def test_a_share_is_rounded_only_where_that_says_enough() -> None:
    assert [share(each) for each in (0, 0.004, 0.07, 0.125, 1)] == ["0%", "0.4%", "7%", "12%", "100%"]


def test_months_are_named_where_there_is_room_and_years_where_they_begin() -> None:
    weeks = [date(2025, 11, 3) + timedelta(days=7 * n) for n in range(26)]
    assert [(month, year) for _, month, year in months(weeks, 11.4)] == [
        ("Nov", "2025"),
        ("Dec", ""),
        ("Jan", "2026"),
        ("Feb", ""),
        ("Mar", ""),
        ("Apr", ""),
    ]
    long = [date(2024 + n // 12, n % 12 + 1, 1) for n in range(24)]
    assert [month for _, month, _ in months(long, 12)] == ["Jan", "Apr", "Jul", "Oct"] * 2
    assert months([date(2026, 11, 23)], 37) == [(0, "Nov", "2026")]
    years = [date(1990 + n, 1, 1) for n in range(40)]
    assert len(months(years, 7)) > 1


def test_no_month_is_cut_off_at_the_right() -> None:
    # the 26th week is the first of March
    weeks = tuple(date(2010, 9, 6) + timedelta(days=7 * n) for n in range(27))
    svg = drawn(Chart("k", "Title", "Words", "count", True, weeks, (Point(1.0),) * 27))
    assert "Feb" in svg and "Mar" not in svg


def test_no_line_goes_through_what_is_not_known_or_was_not_there() -> None:
    day = 86_400.0
    made = chart(
        Point(day),
        Point(2 * day),
        Point(None, known=False),
        Point(3 * day),
        Point(None),
        Point(day),
        Point(day),
    )
    assert re.sub(r"[^ML]", "", made["l"]) == "MLMML"
    assert starts_of(made["d"]) == 5
    assert starts_of(made["n"]) == 1


def test_none_is_not_a_gap_and_neither_is_what_is_not_known() -> None:
    made = chart(Point(3), Point(0), Point(None), Point(None, known=False), bars=True, unit="count")
    assert [starts_of(made[each]) for each in ("b", "z", "n")] == [1, 1, 1]


def test_what_is_not_over_is_drawn_hollow() -> None:
    assert chart(Point(3), Point(4, over=False), bars=True, unit="count").keys() >= {"b", "o"}
    made = chart(Point(3), Point(4, over=False))
    assert starts_of(made["d"]) == 2 and starts_of(made["e"]) == 1


def test_one_long_wait_leaves_the_others_readable() -> None:
    hour = 3_600.0
    made = chart(Point(hour, 2 * hour), Point(hour, 300 * hour))
    assert made["text"].startswith("0 1 h 2 h 3 h 4 h ")
    assert made["w"].endswith("l3 -4l3 4")


def test_only_unknowns_have_an_axis_and_no_line() -> None:
    made = chart(*[Point(None, known=False)] * 3)
    assert made.keys() == {"g", "n", "text"}


def test_a_clock_that_went_back_draws_nothing_below_nought() -> None:
    assert "-" not in chart(Point(-5.0))["d"]


@given(
    st.lists(
        st.builds(
            Point,
            st.none() | st.floats(0, 1e9),
            st.none() | st.floats(0, 1e9),
            st.booleans(),
            st.booleans(),
        ),
        min_size=1,
        max_size=60,
    ),
    st.booleans(),
)
def test_all_that_is_drawn_is_inside_the_picture(points: list[Point], bars: bool) -> None:
    made = chart(*points, bars=bars)
    for name in ("b", "o", "z", "l", "d", "n"):
        for x, y in re.findall(r"[ML]([\d.-]+) ([\d.-]+)", made.get(name, "")):
            assert 0 <= float(x) <= 360 and 0 <= float(y) <= 160
