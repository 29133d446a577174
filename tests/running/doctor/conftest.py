"""A project with which all is well, for one thing of it to be broken."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shepherd.running.cron import block
from shepherd.running.log import line, now
from shepherd.running.runner import log_of, prepare_state
from shepherd.running.situation import note_run
from tests.project import Project
from tests.running.crontab import Crontab
from tests.running.doctor.looking import configure


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crontab:
    table = Crontab(tmp_path)
    monkeypatch.setenv("PATH", f"{table.bin}:{os.environ['PATH']}")
    return table


@pytest.fixture
def project(tmp_path: Path, table: Crontab) -> Project:
    """All is well: every stage ran just now, and the block is in the crontab."""
    project = Project(tmp_path / "site")
    project.now = datetime.now(UTC) - timedelta(minutes=25)
    first, _ = project.land("[bug=1] One", "[bug=2] Two")
    project.repo.set_ref("production", first)
    project.tag(1, "qa-ok")
    project.state.rmdir()
    before = os.umask(0o077)
    try:
        prepare_state(project.state)
        project.look()
        project.report()
        for stage in ("find", "tag", "judge", "alarm", "report", "archive", "publish"):
            note_run(project.settings, stage, "")
        log_of(project.settings).write(line(now(), event="END"))
    finally:
        os.umask(before)
    table.content = block(project.settings, b"")
    # pytest's folders are closed to others, so the report is read from elsewhere
    configure(project, f'[report]\npublish = ["{tmp_path}/www"]\n')
    return project
