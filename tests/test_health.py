"""What is not well with the shepherd itself, the worst first (docs/running.md#is-all-well)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shepherd.health import troubles
from shepherd.situation import Hang, Maintenance, Schedule, Situation, StageRuns
from tests.views.factory import NOW

HOUR = timedelta(hours=1)
WELL = StageRuns(NOW - HOUR)
FAILED = StageRuns(NOW - 2 * HOUR, NOW - HOUR, "no")


def told(**situation: object) -> list[str]:
    return [str(each.sentence) for each in troubles(Situation(now=NOW, **situation))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("situation", "said"),
    [
        (
            {"hang": Hang("judge", 7, NOW - HOUR)},
            "a run hangs since 2011-08-24 09:15 UTC (1 hour ago): judge",
        ),
        (
            {"maintenance": Maintenance(NOW - HOUR, until=NOW - timedelta(minutes=1))},
            "maintenance is overdue: on since 2011-08-24 09:15 UTC (1 hour ago)",
        ),
        (
            {"maintenance": Maintenance(NOW - HOUR, overdue=True)},
            "maintenance is overdue: on since 2011-08-24 09:15 UTC (1 hour ago)",
        ),
        (
            {"maintenance": Maintenance(NOW - HOUR, until=NOW + HOUR)},
            "in maintenance since 2011-08-24 09:15 UTC (1 hour ago)",
        ),
        (
            {"schedule": Schedule(due=NOW - 2 * HOUR, overdue=True)},
            "the newest run is overdue by 2 hours: due at 2011-08-24 08:15 UTC",
        ),
        ({"stages": {"find": FAILED, "tag": FAILED, "judge": FAILED}}, "3 failed: find, judge, tag"),
        (
            {"stages": {"find": StageRuns(None, NOW - HOUR, "gone", ended_by="crash")}},
            "find crashed at 2011-08-24 09:15 UTC (1 hour ago)",
        ),
        (
            {"stages": {"find": StageRuns(None, NOW - HOUR, "late", ended_by="deadline")}},
            "find reached its deadline at 2011-08-24 09:15 UTC (1 hour ago)",
        ),
        (
            {"schedule": Schedule("cron", NOW - HOUR, crashed=True)},
            "the run of cron crashed that began at 2011-08-24 09:15 UTC (1 hour ago)",
        ),
    ],
    ids=["hang", "past until", "past warn_after", "in time", "late", "failed", "crash", "deadline", "run"],
)
def test_one_thing_that_is_not_well_is_one_sentence(situation: dict[str, object], said: str) -> None:
    assert told(**situation) == [said]


@pytest.mark.parametrize(
    "situation",
    [
        {},
        {"stages": {"find": WELL}},
        {"stages": {"find": StageRuns(NOW, NOW - HOUR, "gone", ended_by="crash")}},
        {"schedule": Schedule("cron", NOW - HOUR, NOW, 0, due=NOW + HOUR)},
    ],
    ids=["nothing ran", "ran well", "ran well since", "called in time"],
)
def test_where_all_is_well_nothing_is_said(situation: dict[str, object]) -> None:
    assert told(**situation) == []


def test_the_worst_comes_first() -> None:
    everything = Situation(
        now=NOW,
        hang=Hang("find"),
        maintenance=Maintenance(overdue=True),
        stages={"find": StageRuns(None, NOW, "x", ended_by="stop"), "tag": FAILED},
        schedule=Schedule(due=NOW - HOUR, overdue=True),
    )
    kinds = [each.kind for each in troubles(everything)]
    assert kinds == ["hang", "overdue-maintenance", "aborted", "overdue-run", "failing"]
