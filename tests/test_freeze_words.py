"""What is said of a freeze, and the commands in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shepherd.freeze_words import NAMED, coming_words, frozen_words, how_it_ends, off_command
from shepherd.sentence import ageless, parts_of, time
from shepherd.situation import Freeze

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
ANN = Freeze(NOW - timedelta(hours=1), NOW + timedelta(hours=2), "ann", "new disks")
WEEKEND = Freeze(NOW - timedelta(days=1), NOW + timedelta(days=1), "", "weekend")


def test_who_since_when_until_when_and_why() -> None:
    words = frozen_words([WEEKEND, ANN], NOW)
    assert str(words) == (
        "deployments are frozen until 2026-11-29 12:00 UTC (in 24 hours),"
        " since 2026-11-27 12:00 UTC (24 hours ago), by the settings: weekend;"
        " and until 2026-11-28 14:00 UTC (in 2 hours), since 2026-11-28 11:00 UTC (1 hour ago), by ann: new"
        " disks"
    )
    assert time(NOW + timedelta(hours=2)) in parts_of(words), "a page shows its age"


def test_what_is_not_known_is_left_out() -> None:
    assert str(frozen_words([Freeze(None, None, "ann", "")], None)) == (
        "deployments are frozen by ann: no reason given"
    )


def test_an_end_is_told_by_the_clock_of_the_settings_too() -> None:
    words = frozen_words([WEEKEND], NOW, "Europe/Berlin")
    assert "until 2026-11-29 12:00 UTC (Sun 13:00 CET, in 24 hours), since 2026-11-27 12:00 UTC (24" in words
    assert "until 2026-11-29 12:00 UTC, since 2026-11-27 12:00 UTC, by" in ageless(words), (
        "as a record has it"
    )


def test_what_comes_is_told_as_the_settings_write_it() -> None:
    assert str(coming_words(WEEKEND, NOW, "Europe/Berlin")) == (
        "Fri 2026-11-27 13:00 (24 hours ago) to Sun 2026-11-29 13:00, Europe/Berlin (weekend)"
    )


def test_how_it_ends_in_one_paste() -> None:
    assert how_it_ends([WEEKEND, ANN], "main", 31) == (
        "end it with: inv freeze.off --of ann --branch main; the window ends by itself; to deploy"
        ' nevertheless: inv promote --to r31 --despite "…" --branch main'
    )
    assert how_it_ends([ANN], "") == "end it with: inv freeze.off --of ann"
    assert how_it_ends([WEEKEND], "") == "the window ends by itself"


def test_an_overdue_one_is_loud() -> None:
    late = Freeze(NOW - timedelta(days=30), None, "ann", "new disks", overdue=True)
    assert how_it_ends([late], "").startswith("THIS IS OVERDUE: end it with: inv freeze.off --of ann")


def test_a_name_is_one_word_for_the_shell() -> None:
    assert off_command("Ann; rm -rf ~", "") == "inv freeze.off --of 'Ann; rm -rf ~'"


def test_long_texts_and_many_freezes_are_cut() -> None:
    many = [Freeze(NOW, None, f"p{n}" + "x" * 500, "y" * 5_000) for n in range(NAMED + 2)]
    words = str(frozen_words(many, NOW))
    assert len(words) < 1_500
    assert words.endswith("and 2 more")
    assert "freeze.off" not in how_it_ends(many, ""), "half a name ends nothing"
