"""What calls the shepherd: cron, a timer, both, or neither."""

from __future__ import annotations

import getpass
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from shepherd.running import systemd, timer
from shepherd.running.cron import install
from shepherd.running.log import now
from shepherd.running.situation import note_run
from tests.project import Project
from tests.running.crontab import Crontab
from tests.running.doctor.looking import configure, looked, said, unwell
from tests.running.systemctl import Systemctl

pytestmark = pytest.mark.real  # each starts programs that stand in for crontab(1) and systemctl(1)


@pytest.fixture
def timed(
    project: Project, table: Crontab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Project, Systemctl]:
    """All is well, by a timer and without cron."""
    systemctl = Systemctl(tmp_path, monkeypatch)
    (systemctl.lingers / getpass.getuser()).touch()
    mail = '[mail]\nsender = "qa@example.org"\noperators = ["ops@example.org"]\n'
    configure(project, mail)
    for stage in ("remind", "alarm"):
        note_run(project.settings, stage, "")
    table.content = b""
    assert timer.install(project.settings, "tester", system=False) == 0
    return project, systemctl


def cron_and_timer(project: Project) -> list[tuple[str, str]]:
    later = now() + timedelta(hours=1)  # so that nothing else may be taken for what calls it
    return [(level, name) for level, name in unwell(project, at=later) if name in ("cron", "timer")]


def test_a_timer_serves_in_place_of_cron(timed: tuple[Project, Systemctl], table: Crontab) -> None:
    project, _ = timed
    assert cron_and_timer(project) == []
    (finding,) = [each for each in looked(project) if each.name == "timer"]
    assert (finding.level, "is active; next: Sat" in finding.what) == ("ok", True)
    (table.bin / "crontab").unlink()
    assert cron_and_timer(project) == [], "nor is a crontab program needed"


def test_cron_and_a_timer_are_one_too_many(timed: tuple[Project, Systemctl]) -> None:
    project, _ = timed
    install(project.settings, "tester")
    assert cron_and_timer(project) == [("warn", "cron")]
    assert "inv cron.remove" in said(project, "cron")


def test_neither_cron_nor_a_timer(project: Project, table: Crontab, monkeypatch: pytest.MonkeyPatch) -> None:
    (table.bin / "crontab").unlink()
    monkeypatch.setenv("PATH", str(table.bin))
    later = now() + timedelta(hours=1)
    assert "inv timer.install" in said(project, "cron", at=later)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("stopped", "is not enabled and active"),
        ("changed", "are not what they should be"),
        ("no lingering", "loginctl enable-linger"),
        ("no operators", "mail.operators"),
        ("no systemd", "systemd does not run here"),
    ],
)
def test_a_timer_that_does_not_serve(what: str, words: str, timed: tuple[Project, Systemctl]) -> None:
    project, systemctl = timed
    if what == "stopped":
        subprocess.run(["systemctl", "disable", "--now", "it"], check=True)
    elif what == "changed":
        service = next(systemctl.units.rglob("*-failed.service"))
        service.write_text(service.read_text() + "#\n")
    elif what == "no lingering":
        (systemctl.lingers / getpass.getuser()).unlink()
    elif what == "no operators":
        file = project.folder / "shepherd.toml"
        file.write_text(file.read_text().replace("operators =", "# "))
    else:
        systemd.RUNS.rmdir()
    assert cron_and_timer(project) == [("warn", "timer")]
    assert words in said(project, "timer")
