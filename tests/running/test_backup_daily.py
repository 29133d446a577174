"""The backup of every day: made once, kept for days, and those of another journal left alone
(docs/backups.md)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import SettingsError
from shepherd.run import Run
from shepherd.running.backup.daily import back_up_daily
from shepherd.running.backup.places import backups_in, name_of
from shepherd.running.tasking import TaskOptions
from shepherd.settings import Settings
from shepherd.store import Database
from tests.inv import ROOT
from tests.project import START, Project
from tests.running.backed_up import made, with_a_verdict


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return with_a_verdict(tmp_path)


def test_a_backup_dated_ahead_or_damaged_is_not_the_days(project: Project) -> None:
    folder = project.settings.backup_path
    folder.mkdir(parents=True)
    for hours in (-1, 3):
        (folder / name_of(START + timedelta(hours=hours), daily=True)).touch()
    assert day(project.settings, START) == 0
    assert (folder / name_of(START, daily=True)).stat().st_size


def test_a_journal_that_is_refused_is_not_backed_up(project: Project) -> None:
    for file in project.state.glob("shepherd.db*"):
        file.unlink()
    Database.of(project.settings).close()
    assert day(project.settings, START) == 5
    assert backups_in(project.settings.backup_path) == []


def day(settings: Settings, at: datetime, lines: list[dict[str, Any]] | None = None) -> int:
    """The stage at that time; its exit code, and what it told the log."""

    def tell(event: str, **fields: Any) -> None:
        if lines is not None:
            lines.append({"event": event, **fields})

    return back_up_daily(TaskOptions(settings, "ann"), Run("r", at, "ann", tell)).code


def test_one_a_day_and_seven_are_kept(project: Project) -> None:
    settings = project.settings
    for number in range(10):
        for hour in (1, 13):
            assert day(settings, START + timedelta(days=number, hours=hour)) == 0
    kept = backups_in(settings.backup_path)
    assert [each.at for each in kept] == [START + timedelta(days=n, hours=1) for n in range(3, 10)]
    assert settings.backup_path.stat().st_mode & 0o777 == 0o700


def test_what_a_person_made_is_not_removed(project: Project) -> None:
    settings = project.settings
    assert day(settings, START) == 0
    by_hand = settings.backup_path / name_of(START - timedelta(days=99), daily=False)
    made(project, by_hand)
    (settings.backup_path / "notes").write_text("mine")
    for number in range(1, 10):
        day(settings, START + timedelta(days=number))
    assert by_hand.exists() and (settings.backup_path / "notes").exists()


def test_backups_of_a_journal_that_was_lost_stay(project: Project, tmp_path: Path) -> None:
    """Ten days of an empty journal do not push out the last ones of the right one."""
    elsewhere = tmp_path / "backups"
    project.write_settings(top=f'backup = {{ directory = "{elsewhere}", keep = 2 }}')
    for number in range(3):
        day(project.settings, START + timedelta(days=number))
    good = backups_in(elsewhere)
    shutil.rmtree(project.state)
    project.state.mkdir()
    Database.of(project.settings).close()
    for number in range(3, 10):
        assert day(project.settings, START + timedelta(days=number)) == 0
    kept = backups_in(elsewhere)
    assert kept[:2] == good and len(kept) == 4, "two of each journal"


def test_a_stage_that_fails_says_the_same_each_time(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else cron would mail it at each tick: no time of day is in the sentence."""
    settings = project.settings
    settings.backup_path.write_text("a file in its place")
    for minute in (0, 5):
        assert day(settings, START + timedelta(minutes=minute)) == 7
    first, second = capsys.readouterr().err.splitlines()
    assert first == second and str(settings.backup_path) in first


def test_a_run_without_a_database_is_no_failure(tmp_path: Path) -> None:
    assert day(Project(tmp_path / "project").settings, START) == 0


def test_the_log_says_what_was_backed_up(project: Project) -> None:
    lines: list[dict[str, Any]] = []
    day(project.settings, START, lines)
    (line,) = lines
    assert (line["event"], line["what"], line["removed"]) == ("act", "backup", 0)


def test_a_day_that_is_done_imports_nothing(project: Project) -> None:
    settings = project.settings
    assert day(settings, START) == 0
    code = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from shepherd.running.backup.daily import back_up_daily\n"
        "from shepherd.running.tasking import TaskOptions; from shepherd.run import Run, no_telling\n"
        "from shepherd.settings import read\n"
        f"settings = read(Path({str(settings.file)!r})); before = set(sys.modules)\n"
        f"run = Run('r', datetime.fromisoformat({START.isoformat()!r}), 'ann', no_telling)\n"
        "back_up_daily(TaskOptions(settings, 'ann'), run)\n"
        "print(sorted({name.partition('.')[0] for name in set(sys.modules) - before}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stdout + done.stderr


def test_readers_of_the_report_never_see_one(project: Project) -> None:
    project.write_settings(top='backup = { directory = "var/report/backups" }')
    with pytest.raises(SettingsError, match=r"backup\.directory: expected a directory outside"):
        _ = project.settings
