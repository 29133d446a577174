"""Moving to another database: all of it or nothing, each row compared
(docs/backups.md#to-another-database)."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from shepherd.errors import StoreError
from shepherd.running.copying import db_copy
from shepherd.running.tasking import TaskOptions
from shepherd.store import Database, JournalEntry, copying, postgresql
from shepherd.store.tables import journal
from tests.campaigns.killing import forked
from tests.inv import Done, inv_here
from tests.postgres import PostgresServer
from tests.project import Project

ODD = ("", "ä€𝄞", "a'b\"c\\d\te", "\x1b[2J", "x" * 3000, "\\N", "\\.")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Words of every sort, of which some were rolled back: there are places without an entry."""
    project = Project(tmp_path / "project")
    project.land("[bug=1] one", "[bug=2] two")
    project.deploy(project.repo.git("rev-parse", "stable~1").strip())
    project.tag(1, "qa-ok")
    project.tag(2)
    project.look()
    with Database.of(project.settings) as database:
        for number in range(40):
            odd = ODD[number % len(ODD)]
            words = [JournalEntry("item", odd[:100], {"until": odd}, "Zoë", odd) for _ in range(3)]
            database.append("stable", words, project.run("by-hand"))
    with closing(sqlite3.connect(file_of(project))) as connection, connection:
        connection.execute("DELETE FROM journal WHERE seq % 17 = 0")
    return project


def file_of(project: Project) -> Path:
    return project.state / "shepherd.db"


def inv(project: Project, *words: object) -> Done:
    return inv_here(project.folder, *map(str, words))


def rows_of(place: object) -> list[tuple[Any, ...]]:
    """All of a journal, by the drivers alone; none where there is no database or no journal."""
    query = "SELECT * FROM journal ORDER BY seq"
    if isinstance(place, Path):
        if not place.exists():
            return []
        with closing(sqlite3.connect(f"file:{place}?mode=rw", uri=True)) as connection:
            return connection.execute(query).fetchall()
    with psycopg.connect(str(place)) as connection_there:
        if connection_there.execute("SELECT to_regclass('journal')").fetchone() == (None,):
            return []
        return connection_there.execute(query).fetchall()


def test_there_and_back_each_row_is_the_same(
    project: Project, postgres: PostgresServer, tmp_path: Path
) -> None:
    before, url, back = rows_of(file_of(project)), postgres.new_database(), tmp_path / "back.db"
    there = inv(project, "db.copy", file_of(project), url)
    assert (there.code, there.err) == (0, "")
    assert f'database = "{url}"' in there.out
    assert rows_of(url) == before
    assert inv(project, "db.copy", url, back).code == 0
    assert rows_of(back) == before
    assert inv(project, "db.copy", back, tmp_path / "third.db").code == 0
    assert rows_of(tmp_path / "third.db") == before
    assert back.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"project", "back.db", "third.db"}


def test_what_is_next_ends_maintenance_before_it_runs(
    project: Project, postgres: PostgresServer, tmp_path: Path
) -> None:
    last = inv(project, "db.copy", file_of(project), tmp_path / "one.db").out
    assert "inv doctor --only database,journals; inv run\n" in last
    inv(project, "maintenance.on", "--reason", "the database moves")
    last = inv(project, "db.copy", file_of(project), postgres.new_database()).out
    assert "inv doctor --only database,journals; inv maintenance.off; inv run\n" in last


def test_the_answer_stands_on_what_was_copied(project: Project, postgres: PostgresServer) -> None:
    """The snapshots name the last entry and its hash; the next entry comes after it."""
    inv(project, "run")
    before = inv(project, "status", "--sha")
    last = rows_of(file_of(project))[-1][0]
    url = postgres.new_database()
    assert inv(project, "db.copy", file_of(project), url).code == 0
    project.write_settings(top=f'database = "{url}"')
    ran = inv(project, "run")
    assert ran.code == 0 and "first run" not in ran.err
    assert inv(project, "verdict", "r2", "bad", "--reason", "it fails").code == 0
    assert inv(project, "status", "--sha").code == before.code
    said = [row for row in rows_of(url) if row[4] == "verdict"]
    assert [row[0] > last for row in said] == [True]


def test_a_dry_run_makes_nothing(project: Project, postgres: PostgresServer, tmp_path: Path) -> None:
    url, file = postgres.new_database(), tmp_path / "new.db"
    for target in (url, file):
        done = inv(project, "db.copy", file_of(project), target, "--dry-run")
        assert done.code == 0 and f"would copy {len(rows_of(file_of(project)))} journal entries" in done.out
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname='public'").fetchone() == (
            0,
        )
    assert not file.exists()


def test_a_copy_that_is_whole_already_is_left(project: Project, postgres: PostgresServer) -> None:
    url = postgres.new_database()
    assert inv(project, "db.copy", file_of(project), url).code == 0
    again = inv(project, "db.copy", file_of(project), url)
    assert again.code == 0 and "already" in again.out


def test_a_source_that_went_on_is_not_added_to_an_old_copy(
    project: Project, postgres: PostgresServer
) -> None:
    url = postgres.new_database()
    inv(project, "db.copy", file_of(project), url)
    old = rows_of(url)
    inv(project, "verdict", "r2", "bad", "--reason", "it fails")
    done = inv(project, "db.copy", file_of(project), url)
    assert done.code == 1 and "holds an earlier copy" in done.err
    assert rows_of(url) == old


def test_another_journal_is_not_touched(project: Project, postgres: PostgresServer, tmp_path: Path) -> None:
    url, file = postgres.new_database(), tmp_path / "other.db"
    for place in (url, f"sqlite:///{file}"):
        with Database(place) as database:
            database.append("trunk", [JournalEntry("item", data={"n": 1})], project.run("x"))
    for target in (url, file):
        held = rows_of(target)
        done = inv(project, "db.copy", file_of(project), target)
        assert done.code == 1 and "holds another journal (1 entries, the first that differs is 1" in done.err
        assert rows_of(target) == held


def test_what_is_no_empty_database_is_refused(
    project: Project, postgres: PostgresServer, tmp_path: Path
) -> None:
    url = postgres.new_database()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE wages (name text)")
    assert "holds something else (table wages)" in inv(project, "db.copy", file_of(project), url).err
    text = tmp_path / "notes"
    text.write_text("remember the milk")
    assert inv(project, "db.copy", file_of(project), text).code == 1
    assert text.read_text() == "remember the milk"
    assert "is no folder" in inv(project, "db.copy", file_of(project), tmp_path / "no" / "x.db").err
    assert "same database" in inv(project, "db.copy", file_of(project), file_of(project)).err
    assert "mysql is not supported" in inv(project, "db.copy", file_of(project), "mysql://db/x").err


def test_a_password_is_refused_and_not_repeated(project: Project) -> None:
    done = inv(project, "db.copy", file_of(project), "postgresql://shepherd:hunter2@db/shepherd")
    assert done.code == 2 and "without a password" in done.err
    assert "hunter2" not in done.out + done.err


def test_nothing_works_with_either_of_them(
    project: Project, postgres: PostgresServer, tmp_path: Path
) -> None:
    from shepherd.running import gate

    url = postgres.new_database()
    inv(project, "run")
    with gate.work(project.state):
        assert inv(project, "db.copy", file_of(project), url).code == 4
    session = postgresql.Session(url, "", "other")
    session.take(postgresql.WORK)
    done = inv(project, "db.copy", file_of(project), url)
    session.close()
    assert done.code == 1 and "a shepherd works with it just now" in done.err
    assert rows_of(url) == []


def test_who_writes_into_the_source_meanwhile_is_seen(
    project: Project, postgres: PostgresServer, tmp_path: Path
) -> None:
    """On PostgreSQL, and in a file: neither is copied."""
    url, back = postgres.new_database(), tmp_path / "back.db"
    assert inv(project, "db.copy", file_of(project), url).code == 0
    entry = JournalEntry("item", "r2", {"until": "x"}, "Zoë", "meanwhile")

    def write(_done: int) -> None:
        with Database(url) as database:
            database.append("stable", [entry], project.run("x"))

    with (
        Database(url, read_only=True) as source,
        Database(f"sqlite:///{back}") as target,
        pytest.raises(StoreError, match="somebody wrote there meanwhile"),
    ):
        copying.fill(source, target, write)
    assert rows_of(back) == []


def test_a_row_that_arrives_otherwise_is_seen(
    project: Project, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.new_database()
    with psycopg.connect(url, autocommit=True) as connection:
        with Database(url):
            pass
        connection.execute(
            "CREATE FUNCTION worse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN IF NEW.seq = 20 THEN NEW.why := ''; END IF; RETURN NEW; END $$"
        )
        connection.execute("CREATE TRIGGER t BEFORE INSERT ON journal FOR EACH ROW EXECUTE FUNCTION worse()")
    done = inv(project, "db.copy", file_of(project), url)
    assert done.code == 1 and "entry 20 is not that of" in done.err
    assert rows_of(url) == []


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("why", "a\0b", "a NUL character in its column why"),
        ("who", "x" * 201, "201 characters, and 200 is the most in its column who"),
        ("who", b"\xff", "no text in its column who"),
    ],
)
def test_what_postgresql_cannot_hold_is_named(
    project: Project, postgres: PostgresServer, tmp_path: Path, column: str, value: object, said: str
) -> None:
    with closing(sqlite3.connect(file_of(project))) as connection, connection:
        connection.execute(f"UPDATE journal SET {column} = ? WHERE seq = 20", (value,))
    url = postgres.new_database()
    for more in ((), ("--dry-run",)):
        done = inv(project, "db.copy", file_of(project), url, *more)
        assert done.code == 1 and f"entry 20 ('item') has {said}" in done.err
    assert rows_of(url) == []
    # SQLite takes it
    if column != "who":
        assert inv(project, "db.copy", file_of(project), tmp_path / "new.db").code == 0
        assert rows_of(tmp_path / "new.db") == rows_of(file_of(project))


def test_what_the_hosts_told_each_other_goes_to_the_other_server(
    project: Project, postgres: PostgresServer
) -> None:
    one, other = postgres.new_database(), postgres.new_database()
    inv(project, "db.copy", file_of(project), one)
    session = postgresql.Session(one, "", "x")
    session.tell("anything", b"\0\xff")
    session.close()
    assert inv(project, "db.copy", one, other).code == 0
    session = postgresql.Session(other, "", "x")
    assert session.told("anything") == {"anything": b"\0\xff"}
    session.close()


def test_every_column_is_compared() -> None:
    """What a later release adds to the journal is copied, too, or this fails."""
    assert tuple(journal.columns.keys()) == copying._COLUMNS


# --- kill -9 ------------------------------------------------------------------------------------------


def calls(body: Callable[[], object], kill_at: int = -1) -> int:
    """Run a body in a process of its own that kills itself at its call `kill_at` of any function.

    Returns:
        How many calls it made; 0 if it was killed.
    """
    receiver, sender = os.pipe()

    def counted() -> None:
        made = 0

        def profile(_frame: object, event: str, _arg: object) -> None:
            nonlocal made
            if event.endswith("call"):
                if made == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)
                made += 1

        sys.setprofile(profile)
        body()
        sys.setprofile(None)
        os.write(sender, str(made).encode())

    child = forked(counted)
    os.close(sender)
    with os.fdopen(receiver, "rb") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return int(text or 0)


def kill_often(project: Project, postgres: PostgresServer, tmp_path: Path, way: str, times: int) -> None:
    """After each kill the target is whole or none, and the next call makes it whole."""
    before, rolled = rows_of(file_of(project)), random.Random(way)
    source: object = file_of(project)
    if way == "to SQLite":
        source = postgres.new_database()
        assert inv(project, "db.copy", file_of(project), source).code == 0

    def target(number: int) -> Any:
        return tmp_path / f"{number}.db" if way.endswith("SQLite") else postgres.new_database()

    def body(to: object) -> Callable[[], object]:
        return lambda: db_copy(TaskOptions(project.settings, "ann"), str(source), str(to))

    # in this process first, which has imported everything then: each child makes as many calls as the other
    assert inv(project, "db.copy", source, target(-2)).code == 0
    total = calls(body(target(-1)))
    assert total > 1000
    killed = 0
    for number in range(times):
        to = target(number)
        killed += not calls(body(to), rolled.randrange(total))
        assert rows_of(to) in ([], before), "half a copy"
        assert inv(project, "db.copy", source, to).code == 0
        assert rows_of(to) == before
    assert killed >= times * 0.9
    assert {path.suffix for path in tmp_path.iterdir()} <= {"", ".db"}, "nothing is left behind"


WAYS = ["to PostgreSQL", "to SQLite", "SQLite to SQLite"]


@pytest.mark.parametrize("way", WAYS)
def test_killed_at_some_calls(project: Project, postgres: PostgresServer, tmp_path: Path, way: str) -> None:
    kill_often(project, postgres, tmp_path, way, 4)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("way", WAYS)
def test_killed_at_many_calls(project: Project, postgres: PostgresServer, tmp_path: Path, way: str) -> None:
    kill_often(project, postgres, tmp_path, way, 50)
