from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from shepherd.views.markup import element, sentence, stamp
from shepherd.views.words import ago, utc

AT = datetime(2011, 8, 24, 10, 15, tzinfo=UTC)


def test_a_time_is_told_with_its_zone_and_for_machines() -> None:
    east = AT.astimezone(timezone(timedelta(hours=9)))
    assert stamp(east) == "2011-08-24T10:15:00Z"
    assert element(east) == '<time datetime="2011-08-24T10:15:00Z">2011-08-24 10:15 UTC</time>'


def test_times_in_a_sentence_become_elements_and_ages_stand_apart() -> None:
    said = f"since {utc(AT)}{ago(AT, AT + timedelta(hours=5))}, until {utc(AT)}"
    time = '<time datetime="2011-08-24T10:15Z">2011-08-24 10:15 UTC</time>'
    assert sentence(said) == f"since {time}<i class=ago> (5 hours ago)</i>, until {time}"


def test_all_else_in_a_sentence_is_escaped() -> None:
    assert sentence('<b> "2011-08-24" (5 hours ago) \x1b[31m') == (
        "&lt;b&gt; &quot;2011-08-24&quot; (5 hours ago) \N{REPLACEMENT CHARACTER}[31m"
    )
