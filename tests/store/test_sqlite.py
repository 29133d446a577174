"""Backups of a file of SQLite, as people make and restore them: by copying what they see."""

from __future__ import annotations

import os
import signal
import sqlite3
from pathlib import Path

import pytest

from shepherd.errors import StoreError
from shepherd.stages.find import Acceptance
from shepherd.store import Database, Journal, JournalEntry
from shepherd.store.wholeness import LostJournalError
from tests.project import states
from tests.store.keeping import FILES
from tests.store.lives import Team


@pytest.fixture
def team(tmp_path: Path) -> Team:
    team = Team(tmp_path / "team")
    team.begin()
    team.look()
    return team


def snoozed(number: int) -> JournalEntry:
    return JournalEntry("snooze", f"{number:040x}", {"until": "2011-09-01", "revno": number, "x": "x" * 99})


def killed_amid_its_work(team: Team, entries: int) -> None:
    """A writer whose last entries are in the -wal file alone, since nobody has closed the database."""
    child = os.fork()
    if not child:
        database = Database.of(team.settings)
        for number in range(entries):
            with database.begin() as connection:
                Journal(connection, "stable").append([snoozed(number)], run_id="killed", at=team.now)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert (team.state / "shepherd.db-wal").stat().st_size


@pytest.mark.parametrize(("between", "after"), [(0, 5), (30, 5), (500, 3), (300, 60), (60, 2), (10, 1)])
def test_an_older_copy_beside_a_newer_log(team: Team, between: int, after: int) -> None:
    """A mixture that is no whole journal is refused, and not made worse by being asked. One where the log has
    every page that changed since is whole."""
    older = (team.state / "shepherd.db").read_bytes()
    team.write(*map(snoozed, range(between)))
    team.verdict("r2", "bad", "it burns")
    killed_amid_its_work(team, after)
    newer = {name: (team.state / name).read_bytes() for name in FILES}
    (team.state / "shepherd.db").write_bytes(older)
    try:
        team.find()
    except (StoreError, LostJournalError) as refused:
        assert "estore" in str(refused)
        with pytest.raises(type(refused)):
            team.find()
        team.lose("journal")
        for name, content in newer.items():
            (team.state / name).write_bytes(content)
        team.find()
    else:
        assert between == 0
    assert states(team.judge())[2] == "bad"
    assert len([row for row in team.entries() if row[2] in ("killed", "by-hand")]) == between + after


def test_a_copy_without_its_log_is_an_older_one(team: Team) -> None:
    """What people say is in the -wal file until the database is closed; here somebody has it open."""
    reader = sqlite3.connect(team.state / "shepherd.db")
    reader.execute("SELECT count(*) FROM journal").fetchone()
    team.verdict("r2", "bad", "it burns")
    copy = (team.state / "shepherd.db").read_bytes()
    reader.close()
    team.lose("journal")
    (team.state / "shepherd.db").write_bytes(copy)
    with pytest.raises(LostJournalError):
        team.find()


def test_a_log_that_a_killed_run_left_is_its_own(team: Team) -> None:
    killed_amid_its_work(team, 20)
    (team.state / "shepherd.db-shm").unlink()
    team.look()
    assert len([row for row in team.entries() if row[2] == "killed"]) == 20


def test_a_copy_with_its_log_is_whole(team: Team) -> None:
    team.verdict("r2", "bad", "it burns")
    killed_amid_its_work(team, 5)
    copies = {name: (team.state / name).read_bytes() for name in ("shepherd.db", "shepherd.db-wal")}
    team.lose("journal")
    for name, content in copies.items():
        (team.state / name).write_bytes(content)
    assert states(team.look())[2] == "bad"


def test_an_accepted_older_copy_goes_on(team: Team) -> None:
    older = (team.state / "shepherd.db").read_bytes()
    team.verdict("r2", "bad", "it burns")
    team.lose("journal")
    (team.state / "shepherd.db").write_bytes(older)
    with pytest.raises(LostJournalError):
        team.find()
    team.find(Acceptance(new_journal=True), "the backup of last night")
    assert states(team.judge())[2] == "ok"
    connection = sqlite3.connect(team.state / "shepherd.db")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
