"""Who called last, how that ended, and when the next run is due (docs/running.md#is-all-well)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shepherd.limits import DeadlineError, Interruption
from shepherd.running import calls
from shepherd.running.run import run
from shepherd.running.situation import situation
from shepherd.running.tasking import TaskOptions
from shepherd.situation import Running, Schedule, StageRuns
from tests.project import Project
from tests.running.host import Host, banner_of

AT = datetime(2026, 3, 1, 10, 15, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path / "site")
    (project.state / "run").mkdir(parents=True)
    return project


def test_a_call_of_cron_is_noted_with_how_it_ended(host: Host) -> None:
    assert run(TaskOptions(host.project.settings, "ann"), cron=True) == 0
    schedule = situation(host.project.settings).schedule
    assert schedule is not None and schedule.began is not None and schedule.ended is not None
    assert (schedule.by, schedule.exit, schedule.crashed, schedule.overdue) == ("cron", 0, False, False)
    assert schedule.due is not None and schedule.due > schedule.began


def test_a_run_by_hand_and_a_dry_run_leave_what_was_noted(host: Host) -> None:
    assert run(TaskOptions(host.project.settings, "ann")) == 0
    assert run(TaskOptions(host.project.settings, "ann", dry=True), cron=True) == 0
    assert not (host.state / "run" / "schedule.json").exists()


def test_a_call_that_is_refused_is_noted_as_such(host: Host) -> None:
    assert run(TaskOptions(host.project.settings, "ann"), timer=True) == 0
    assert host.inv("maintenance.on", "--reason", "disk")[0] == 0
    assert host.inv("run", "--cron")[0] == 3
    schedule = situation(host.project.settings).schedule
    assert schedule is not None
    assert (schedule.by, schedule.exit) == ("cron", 3)


def test_the_page_leaves_out_the_run_that_writes_it(host: Host) -> None:
    assert run(TaskOptions(host.project.settings, "ann"), cron=True) == 0
    said = banner_of(host.page())
    assert "The system: every stage ran well" in said
    assert "At work" not in said
    assert "Cron last called it at " in said and "; the next run is due at " in said


def test_a_no_data_sentence_stands_once(host: Host) -> None:
    assert run(TaskOptions(host.project.settings, "ann"), cron=True) == 0
    host.project.repo.path.rename(host.project.folder / "away.git")
    assert host.inv("run", "--cron")[0] == 5
    for text in (banner_of(host.page()), host.inv("status")[1]):
        # a path that is too long for a line is broken
        flat = "".join(text.split())
        assert flat.count("project.git") == 1, flat
        assert "failed:find" in flat


def last(project: Project, began: datetime, ended: datetime | None = None, code: int | None = None) -> None:
    calls.note(project.settings, "cron", began, ended, code)


def schedule(
    project: Project, now: datetime, running: Running | None = None, **stages: StageRuns
) -> Schedule:
    found = calls.schedule_of(project.settings, stages, running, now)
    assert found is not None
    return found


def test_after_a_call_the_next_one_is_due_at_the_next_of_its_times(project: Project) -> None:
    last(project, AT, AT + MINUTE, 0)
    found = schedule(project, AT + MINUTE)
    assert (found.due, found.overdue) == (datetime(2026, 3, 1, 10, 20, tzinfo=UTC), False)


def test_a_run_is_overdue_only_when_answers_are(project: Project) -> None:
    last(project, AT, AT + MINUTE, 0)
    assert not schedule(project, AT + 16 * MINUTE).overdue, "an answer is good for 15 minutes"
    assert schedule(project, AT + 18 * MINUTE).overdue
    at_work = Running("find", since=AT + 17 * MINUTE)
    assert not schedule(project, AT + 18 * MINUTE, at_work).overdue


def test_without_calls_a_run_is_due_when_the_answer_grows_stale(project: Project) -> None:
    assert calls.schedule_of(project.settings, {}, None, AT) is None
    found = schedule(project, AT, find=StageRuns(AT))
    assert (found.by, found.due) == ("", AT + 15 * MINUTE)


def test_cron_that_has_stopped_calling_does_not_make_a_run_by_hand_late(project: Project) -> None:
    last(project, AT - timedelta(days=30), AT - timedelta(days=30), 0)
    assert schedule(project, AT, find=StageRuns(AT)).due == AT + 15 * MINUTE


def test_a_call_that_did_not_end_has_crashed_unless_it_is_at_work(project: Project) -> None:
    last(project, AT)
    assert schedule(project, AT + MINUTE).crashed
    assert not schedule(project, AT + MINUTE, Running("find", since=AT)).crashed


@pytest.mark.parametrize(
    "noted",
    [
        "{",
        "null",
        "[" * 5000,
        '{"by":"cron","began":"2026-03-01T10:15:02"}',
        '{"by":"cron","began":"0001-01-01T00:00:00Z"}',
        '{"by":"cron","began":"9999-12-31T23:59:59Z"}',
        '{"by":"cron","began":"2026-03-01T10:15:02Z","ended":"2026-03-01T10:15:03"}',
        '{"by":"cron\\u001b[31m","began":"2026-03-01T10:15:02Z"}',
        f'{{"by":"{"x" * 5000}","began":"2026-03-01T10:15:02Z"}}',
        '{"by":"cron","began":"2026-03-01T10:15:02Z"}' + " " * 1_000_001,
    ],
    ids=["cut", "null", "deep", "no zone", "year 1", "year 9999", "end", "escape", "long", "huge"],
)
def test_a_damaged_note_says_nothing(project: Project, noted: str) -> None:
    (project.state / "run" / "schedule.json").write_text(noted)
    assert calls.schedule_of(project.settings, {}, None, AT) is None


def test_a_call_of_tomorrow_hides_no_overdue_run(project: Project) -> None:
    """A clock that was wrong once."""
    last(project, AT + timedelta(days=1), AT + timedelta(days=1), 0)
    assert schedule(project, AT + 20 * MINUTE, find=StageRuns(AT)).overdue


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (DeadlineError("late"), 6),
        (Interruption(DeadlineError("late")), 6),
        (KeyboardInterrupt(), 1),
    ],
    ids=["deadline", "on its way", "keyboard"],
)
def test_what_ends_a_run_has_an_exit_code(failure: BaseException, code: int) -> None:
    assert calls.code_of(failure) == code
