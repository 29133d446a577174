"""Days with another answer, and since when one could deploy (docs/replay.md#with-other-settings)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from shepherd.replaying.supposed_answers import DeployableFrom, SupposedAnswers, SupposedDay
from shepherd.snapshot import Snapshot
from tests.views.factory import entry, rev, snapshot


def deploy(revno: int) -> Snapshot:
    return snapshot(answer="deploy", deployable=rev(revno))


NOTHING = snapshot(answer="nothing-new", deployable=None, blockers=())


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def test_last_answer_of_a_day_counts() -> None:
    answers = SupposedAnswers(ZoneInfo("UTC"))
    answers.add(at(3, 9), deploy(120), deploy(123))
    answers.add(at(3, 10), deploy(123), deploy(123))
    answers.add(at(4, 9), NOTHING, deploy(123))
    assert answers.days == 2
    assert answers.other_days() == [SupposedDay(date(2026, 11, 4), "nothing new", "deploy r123")]


def test_day_is_one_of_the_time_zone() -> None:
    answers = SupposedAnswers(ZoneInfo("Asia/Tokyo"))
    answers.add(at(3, 20), deploy(120), deploy(123))
    assert [each.day for each in answers.other_days()] == [date(2026, 11, 4)]


def test_earlier_later_and_never() -> None:
    answers = SupposedAnswers(ZoneInfo("UTC"))
    answers.add(at(3, 9), NOTHING, deploy(120))
    answers.add(at(3, 10), deploy(120), deploy(120))
    answers.add(at(3, 11), deploy(123), deploy(121))
    answers.add(at(3, 12), deploy(123), deploy(121))
    assert answers.other_times() == [
        DeployableFrom(120, at(3, 10), at(3, 9)),
        DeployableFrom(123, at(3, 11), None),
    ]


def test_revision_counts_from_when_a_later_one_could_be_deployed() -> None:
    answers = SupposedAnswers(ZoneInfo("UTC"))
    answers.add(at(3, 9), deploy(120), deploy(125))
    answers.add(at(3, 10), deploy(125), deploy(125))
    assert answers.other_times() == [DeployableFrom(125, at(3, 10), at(3, 9))]


def test_candidates_whose_checks_nobody_asked_for_are_counted() -> None:
    answers = SupposedAnswers(ZoneInfo("UTC"))
    free = entry(104, deployable_as_tip=False, blocked_by=(), blocked_by_count=0)
    blocked = entry(105, deployable_as_tip=False, blocked_by=(103,), blocked_by_count=1)
    would_be = snapshot(deployable=rev(102), checks=("ci/*",), landings=(blocked, free))
    answers.add(at(3, 9), would_be, would_be)
    assert answers.unasked == {104}
