"""Database, disk and `state_dir` that cannot be used."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

import shepherd.store.database
from tests.bad_input.saying import (
    GARBAGE,
    Inv,
    Said,
    apart,
    be_nobody_special,
    garbage,
    good_run,
)
from tests.project import Project

# The database


@pytest.mark.parametrize("stage", ["find", "judge", "verdict r2 ok --reason=x"])
def test_a_locked_database(
    project: Project, inv: Inv, monkeypatch: pytest.MonkeyPatch, stage: str, ran: None
) -> None:
    monkeypatch.setattr(shepherd.store.database, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(project.state / "shepherd.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        inv(*stage.split()).sentence(1, "shepherd.db", "locked", "try again")
    finally:
        other.close()
    assert inv(*stage.split()).code == 0


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: 4096 * 3 + 100])


def overwritten(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:4096] + GARBAGE[: len(content) - 4096])


def not_our_values(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("UPDATE journal SET data = '{'")
    connection.commit()
    connection.close()


@pytest.mark.parametrize("harm", [garbage, truncated, overwritten, not_our_values])
@pytest.mark.parametrize("stage", ["find", "judge", "verdict r2 ok --reason=x", "history"])
def test_a_corrupt_database(
    project: Project, inv: Inv, harm: Callable[[Path], None], stage: str, ran: None
) -> None:
    harm(project.state / "shepherd.db")
    inv(*stage.split()).sentence(1, "shepherd.db", "damaged")


def test_a_cache_of_another_layout_is_read_again_and_the_journal_stays(
    project: Project, inv: Inv, ran: None
) -> None:
    assert inv("verdict", "r3", "ok", "--reason=tried").code == 0
    answer = json.loads(inv("status", "--json").out)["deployable"]
    connection = sqlite3.connect(project.state / "shepherd.db")
    connection.execute("UPDATE cache_layout SET layout = 'of another release'")
    connection.execute("DROP TABLE facts")
    connection.execute("ALTER TABLE landings RENAME COLUMN document TO content")
    connection.commit()
    before = connection.execute("SELECT * FROM journal").fetchall()
    connection.close()
    good_run(inv)
    connection = sqlite3.connect(project.state / "shepherd.db")
    assert connection.execute("SELECT * FROM journal").fetchall()[: len(before)] == before
    connection.close()
    assert (
        json.loads(inv("status", "--json").out)["deployable"]
        == answer
        == {
            "revno": 3,
            "id": project.repo.tip(),
        }
    )


def test_a_journal_of_another_layout_is_left_alone(project: Project, inv: Inv, ran: None) -> None:
    connection = sqlite3.connect(project.state / "shepherd.db")
    connection.execute("ALTER TABLE journal ADD COLUMN mood TEXT")
    connection.commit()
    connection.close()
    before = (project.state / "shepherd.db").read_bytes()
    for stage in ("find", "judge"):
        inv(stage).sentence(1, "shepherd.db", "columns that this release does not know")
    assert (project.state / "shepherd.db").read_bytes() == before


@pytest.mark.parametrize("what", ["a folder", "a pipe"])
def test_something_else_where_the_database_should_be(project: Project, inv: Inv, what: str) -> None:
    file = project.state / "shepherd.db"
    file.mkdir() if what == "a folder" else os.mkfifo(file)
    inv("find").sentence(1, "shepherd.db")


def test_a_database_url_that_nobody_serves(project: Project, inv: Inv) -> None:
    project.write_settings(top='database = "nosuch://db.example.org/x"')
    inv("find").sentence(2, "database", "SQLite or PostgreSQL")


# The disk


def test_a_database_that_may_not_grow(project: Project, inv: Inv, ran: None) -> None:
    """SQLite itself says that the disk is full, as it does where there is no room left."""
    before = project.repo.tip()
    project.land(*(f"[bug=1] More {number} {'x' * 500}" for number in range(40)))

    def no_room(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    event.listen(Engine, "connect", no_room)
    try:
        inv("find").sentence(1, "shepherd.db", "full", "free some space")
    finally:
        event.remove(Engine, "connect", no_room)
    judged = inv("judge")
    assert judged.code == 0, "what was read before is still there, and whole"
    assert json.loads(inv("status", "--json").out)["tip"]["id"] == before
    good_run(inv)
    assert json.loads(inv("status", "--json").out)["tip"]["id"] == project.repo.tip()


@pytest.mark.parametrize(
    ("stage", "room"),
    [(stage, room) for stage in ("find", "judge", "report") for room in (0, 100, 3000)] + [("find", 20_000)],
)
def test_files_that_may_not_grow(project: Project, inv: Inv, stage: str, room: int, ran: None) -> None:
    """The kernel refuses to write beyond `room`: what was there stays, and nothing is left half."""
    project.land("[bug=1] One more")
    snapshot = (project.state / "snapshots" / "stable" / "latest.json").read_bytes()
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

    def confined() -> Said:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        return inv(stage)

    apart(confined).sentence(1)
    assert (project.state / "snapshots" / "stable" / "latest.json").read_bytes() == snapshot
    assert not list(project.state.rglob("*.new"))
    good_run(inv)
    assert json.loads(inv("status", "--json").out)["tip"]["id"] == project.repo.tip()


# state_dir


def test_a_file_where_state_dir_should_be(project: Project, inv: Inv) -> None:
    project.state.rmdir()
    project.state.write_text("a file")
    inv("find").sentence(2, str(project.state), "state_dir")


def test_a_state_dir_of_somebody_else(open_project: Project, inv: Inv) -> None:
    """Both ways where that can be: as root a folder of another user, as another user a folder of root."""
    if os.geteuid() == 0:
        os.chown(open_project.state, 1, 1)
        inv("find").sentence(2, str(open_project.state), "belongs to user id 1")
        assert not list(open_project.state.iterdir())
    open_project.write_settings(top='state_dir = "/"\n[report]\ndirectory = "report"')

    def somebody_else() -> Said:
        be_nobody_special()
        return inv("find")

    apart(somebody_else).sentence(2, "belongs to user id 0")


def test_a_state_dir_that_may_not_be_written(open_project: Project, inv: Inv) -> None:
    if os.geteuid() == 0:
        os.chown(open_project.state, 1, 1)
    open_project.state.chmod(0o555)

    def its_owner() -> Said:
        be_nobody_special()
        return inv("find")

    apart(its_owner).sentence(2, str(open_project.state), "Permission denied", "writable")
    open_project.state.chmod(0o755)


def test_readers_may_be_anybody(open_project: Project, inv: Inv) -> None:
    good_run(inv)

    def anybody() -> Said:
        be_nobody_special()
        return inv("status", "--sha")

    said = apart(anybody)
    assert (said.code, said.err) == (0, "")
    assert len(said.out.strip()) == 40
