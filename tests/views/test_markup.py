from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from shepherd.sentence import Part, Sentence, ageless, time, time_and_age
from shepherd.views.markup import cut, element, sentence, stamp

AT = datetime(2011, 8, 24, 10, 15, tzinfo=UTC)


def test_a_time_is_told_with_its_zone_and_for_machines() -> None:
    east = AT.astimezone(timezone(timedelta(hours=9)))
    assert stamp(east) == "2011-08-24T10:15:00Z"
    assert element(east) == '<time datetime="2011-08-24T10:15:00Z">2011-08-24 10:15 UTC</time>'


def test_times_in_a_sentence_become_elements_and_ages_stand_apart() -> None:
    text = Sentence("since ", time_and_age(AT, AT + timedelta(hours=5)), ", until ", time(AT))
    shown = '<time datetime="2011-08-24T10:15Z">2011-08-24 10:15 UTC</time>'
    assert sentence(text) == f"since {shown}<i class=ago> (5 hours ago)</i>, until {shown}"


def test_a_part_is_escaped_whatever_a_file_makes_of_it() -> None:
    """Parts come from a snapshot on disk."""
    parts = Part("time", "<script>"), Part("age", "<b>"), Part("item", "<i>"), Part("command", "\x1b[31m")
    assert "<script>" not in sentence(Sentence(*parts))
    assert "<b>" not in sentence(Sentence(*parts)) and "<i>" not in sentence(Sentence(*parts))
    assert "\x1b" not in sentence(Sentence(*parts))


def test_a_long_sentence_is_cut_whatever_its_parts() -> None:
    assert cut(("a" * 5, Part("item", "b" * 5), "c"), 10)[:2] == ("a" * 5, Part("item", "b" * 5))
    assert cut(("a" * 5, Part("item", "b" * 5)), 8) == ("a" * 5, "bb…")
    assert cut(("a" * 5, "b"), 5) == ("a" * 5, "…")
    assert cut(("a" * 5, "b"), 6) == ("a" * 5, "b")


def test_a_title_names_no_age() -> None:
    assert ageless(Sentence("at ", time_and_age(AT, AT + timedelta(hours=5)))) == "at 2011-08-24 10:15 UTC"


def test_all_else_in_a_sentence_is_escaped() -> None:
    assert sentence('<b> "2011-08-24" (5 hours ago) \x1b[31m') == (
        "&lt;b&gt; &quot;2011-08-24&quot; (5 hours ago) \N{REPLACEMENT CHARACTER}[31m"
    )
