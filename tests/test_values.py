"""Values that people write, and the words they are answered with (docs/interfaces.md#commands)."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.errors import SettingsError
from shepherd.values import Duration, RevName, age, clean, date, first_few, iso, parse_rev, quoted, when, who

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90d", 7_776_000),
        ("15m", 900),
        ("2h", 7_200),
        ("30s", 30),
        ("1h30m", 5_400),
        ("1d1h1m1s", 90_061),
        ("36500d", 3_153_600_000),
    ],
)
def test_durations(text: str, seconds: int) -> None:
    assert Duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "90",
        "0s",
        "0d0h",
        "-1d",
        "1.5h",
        "1 h",
        "1h 30m",
        "30m1h",
        "1w",
        "1H",
        "h",
        "1h1h",
        "36501d",
        "9999999999d",
        "1" * 5000 + "s",
        "٣m",
        "5m\n",
        "infinity",
    ],
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Duration(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_a_number_without_unit_is_answered_with_an_example() -> None:
    with pytest.raises(
        SettingsError, match="'90' is not a duration without its unit: write 30s, 15m, 2h, 90d or 1h30m"
    ):
        Duration("90")


def test_dates() -> None:
    assert date("2026-11-30") == datetime.date(2026, 11, 30)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "20261130",
        "2026-W48-1",
        "2026-02-30",
        "2026-1-1",
        "30.11.2026",
        "2026-11-30T00:00",
        "0000-01-01",
    ],
)
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(SettingsError):
        date(text)


@pytest.mark.parametrize(
    ("text", "rev"),
    [
        ("r123", RevName("revno", 123)),
        ("123", RevName("revno", 123)),
        ("1234567", RevName("revno", 1_234_567)),
        ("9999999999", RevName("revno", 9_999_999_999)),
        ("123456a", RevName("sha", text="123456a")),
        ("DEADBEEF", RevName("sha", text="deadbeef")),
        (SHA, RevName("sha", text=SHA)),
        ("1" * 40, RevName("sha", text="1" * 40)),
        ("1" * 64, RevName("sha", text="1" * 64)),
        ("tip", RevName("tip")),
        ("deployed", RevName("deployed")),
        ("promoted", RevName("promoted")),
    ],
)
@pytest.mark.parametrize("wide", [False, True])
def test_revisions(text: str, rev: RevName, wide: bool) -> None:
    assert parse_rev(text, wide) == rev


@pytest.mark.parametrize(
    ("text", "rev"),
    [
        ("bug:824435", RevName("bug", 824_435)),
        ("bug:ABC-123", RevName("bug", text="ABC-123")),
        ("bug:a1_b-2", RevName("bug", text="A1_B-2")),
        ("#12", RevName("request", text="#12")),
        ("!012", RevName("request", text="!12")),
        ("fix-123", RevName("branch", text="fix-123")),
        ("~ann/launchpad/größer", RevName("branch", text="~ann/launchpad/größer")),
        ("abc", RevName("branch", text="abc")),
    ],
)
def test_what_only_readers_take(text: str, rev: RevName) -> None:
    assert parse_rev(text, wide=True) == rev
    with pytest.raises(SettingsError):
        parse_rev(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "0",
        "r0",
        "00",
        "12345678901",
        "r12345678901",
        "1" * 5000,
        "bug:0",
        "bug:",
        "bug:x",
        "#",
        "#0",
        "!x",
        "#1\n",
        "-x",
        "--all",
        "a\x1b[2Jb",
        "x" * 300,
        "٣" * 0 + "\n",
    ],
)
def test_what_is_no_revision_even_for_readers(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_rev(text, wide=True)
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


@given(st.text())
def test_a_revision_or_one_sentence(text: str) -> None:
    for wide in (False, True):
        try:
            rev = parse_rev(text, wide)
        except SettingsError as error:
            assert str(error).isprintable()
        else:
            assert rev.kind in ("tip", "deployed", "promoted") or bool(rev.number) != bool(rev.text)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 seconds"),
        (1, "1 second"),
        (59.9, "59 seconds"),
        (60, "1 minute"),
        (3_599, "59 minutes"),
        (3_600, "1 hour"),
        (172_799, "47 hours"),
        (172_800, "2 days"),
        (63_071_999, "729 days"),
        (63_072_000, "2 years"),
    ],
)
def test_ages(seconds: float, words: str) -> None:
    assert age(seconds) == words


def test_moments_are_written_in_utc() -> None:
    berlin = datetime.timezone(datetime.timedelta(hours=2))
    assert iso(datetime.datetime(2011, 8, 24, 12, 15, 0, 999_999, berlin)) == "2011-08-24T10:15:00Z"
    with pytest.raises(ValueError, match="without a time zone"):
        iso(datetime.datetime(2011, 8, 24))  # noqa: DTZ001  # a time without zone is what is tried


@pytest.mark.parametrize(
    ("as_name", "environ", "name"),
    [
        ("Ann", {"SUDO_USER": "bob", "SHEPHERD_WHO": "eve"}, "Ann"),
        (None, {"SUDO_USER": "bob", "SHEPHERD_WHO": "eve"}, "bob"),
        (None, {"SHEPHERD_WHO": "eve"}, "eve"),
        ("", {"SUDO_USER": ""}, "login"),
        ("\n\t", {}, "login"),
        ("Ann\nwho=root\x1b[2J", {}, "Ann who=root [2J"),
        ("x" * 100, {}, "x" * 80),
        ("Zoë \u202eevil", {}, "Zoë evil"),
    ],
)
def test_who_says_it(as_name: str | None, environ: dict[str, str], name: str) -> None:
    assert who(as_name, environ, "login") == name


def test_nobody_says_it() -> None:
    with pytest.raises(SettingsError, match="--as NAME"):
        who(None, {}, "")


@given(st.text(), st.integers(1, 100))
def test_clean_text_is_one_printable_line(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert cleaned.isprintable()
    assert cleaned == cleaned.strip()
    assert len(cleaned) <= limit
    cleaned.encode()


@given(st.text())
def test_quoted_text_is_one_short_printable_line(text: str) -> None:
    assert quoted(text, 20).isprintable()
    assert len(quoted(text, 20)) <= 2 + 20 * 10


def test_a_long_list_is_told_in_part() -> None:
    lines = [f"line {number}" for number in range(93)]
    assert first_few(lines) == [*lines[:10], "and 83 more, all in the log"]
    assert first_few(lines[:10]) == lines[:10]


def test_a_time_has_its_age_behind_it() -> None:
    at, hours = datetime.datetime(2011, 8, 24, 10, 15, tzinfo=datetime.UTC), datetime.timedelta(hours=3)
    assert when(at, at + hours) == "2011-08-24 10:15 UTC (3 hours ago)"
    assert when(at, at - hours) == "2011-08-24 10:15 UTC (in 3 hours)"
    assert when(at, None) == "2011-08-24 10:15 UTC"
