"""What is broken about runs is told by its own check, and by no other: cron, stages, records, the
maintenance switch."""

from __future__ import annotations

import os
import re
from datetime import timedelta

import pytest
from msgspec.structs import replace

from shepherd.health import troubles
from shepherd.running import calls, records
from shepherd.running.cron import install
from shepherd.running.doctor import schedule
from shepherd.running.log import now
from shepherd.running.situation import note_run, situation
from shepherd.values import iso
from tests.project import Project
from tests.running.crontab import Crontab
from tests.running.doctor.looking import at_work, configure, looked, said, unwell


def test_no_block_in_the_crontab(project: Project, table: Crontab) -> None:
    table.content = b"0 0 * * * a\n"
    assert unwell(project) == []
    later = now() + timedelta(hours=1)
    assert ("warn", "cron") in unwell(project, at=later)
    assert "inv cron.install" in said(project, "cron", at=later)


def test_a_block_that_is_not_what_it_should_be(project: Project, table: Crontab) -> None:
    table.content = (table.content or b"").replace(b"*/5", b"*/6")
    assert unwell(project) == [("warn", "cron")]


def test_a_damaged_crontab(project: Project, table: Crontab) -> None:
    table.content = (table.content or b"").replace(b"# END", b"# ")
    assert unwell(project) == [("fail", "cron")]


def test_cron_that_comes_too_seldom(project: Project) -> None:
    configure(project, '[cron]\nevery = "30m"\n')
    install(project.settings, "tester")
    assert unwell(project) == [("warn", "cron")]
    assert "expected_every" in said(project, "cron")


def test_no_cron_daemon_is_told_when_runs_are_late(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "DAEMONS", ("no such program",))
    assert unwell(project) == []
    assert "no cron daemon" in said(project, "cron", at=now() + timedelta(hours=1))


def test_a_stage_is_late_after_three_times_the_expected(project: Project) -> None:
    every = [f"stage {name}" for name in ("find", "tag", "judge", "report", "publish", "archive")]
    for minutes, late in ((44, []), (46, every)):
        found = unwell(project, at=now() + timedelta(minutes=minutes))
        assert [name for _, name in found if name.startswith("stage")] == late


def test_a_stage_that_fails(project: Project) -> None:
    note_run(project.settings, "judge", "the tracker is on fire")
    assert unwell(project) == [("warn", "stage judge")]
    assert "on fire" in said(project, "stage judge")


def test_a_run_that_crashed(project: Project) -> None:
    record = at_work()
    records.publish(project.state, replace(record, started=record.started - 100))
    assert unwell(project) == [("warn", "records")]


def test_a_run_that_goes_on_and_one_that_hangs(project: Project) -> None:
    record = at_work()
    records.publish(project.state, record)
    assert unwell(project) == []
    records.publish(project.state, replace(record, began=record.began - 4000))
    assert unwell(project) == [("fail", "records")]


def test_a_record_that_says_nothing(project: Project) -> None:
    records.path_of(project.state).write_text("{")
    assert unwell(project) == [("warn", "records")]


def test_a_switch_that_is_overdue(project: Project) -> None:
    switch = project.state / "maintenance.txt"
    switch.touch()
    assert unwell(project) == [("warn", "maintenance")]
    old = (now() - timedelta(hours=5)).timestamp()
    os.utime(switch, (old, old))
    assert unwell(project) == [("fail", "maintenance")]


def test_an_archive_that_no_run_has_begun_is_no_fault(project: Project) -> None:
    for file in (project.state / "run").rglob("*"):
        if file.is_file() and b'"archive"' in file.read_bytes():
            file.write_bytes(file.read_bytes().replace(b'"archive"', b'"an_older_one"'))
    (finding,) = [each for each in looked(project) if each.name == "stage archive"]
    assert (finding.level, finding.what) == ("ok", "has not run yet: the next inv run does it")
    note_run(project.settings, "archive", "the disk is full")
    assert "has never run well" in said(project, "stage archive")


def test_a_run_that_is_overdue_is_warned_of_as_on_the_page(project: Project) -> None:
    long_ago = now() - timedelta(minutes=40)
    calls.note(project.settings, "cron", long_ago, long_ago, 0)
    stages = project.state / "run" / "stages.json"
    stages.write_text(re.sub(r'"last_good":"[^"]*"', f'"last_good":"{iso(long_ago)}"', stages.read_text()))
    found = {each.name: each for each in looked(project)}["system"]
    assert found.level == "warn"
    assert found.what == troubles(situation(project.settings))[0].sentence
    assert found.what.startswith("the newest run is overdue by 3")


def test_a_run_that_crashed_before_its_first_stage(project: Project) -> None:
    calls.note(project.settings, "cron", now())
    found = {each.name: each for each in looked(project)}["system"]
    assert (found.level, "the run of cron crashed" in found.what) == ("warn", True)
