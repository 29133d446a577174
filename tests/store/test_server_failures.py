"""What a server may have wrong, caused on a real one: one sentence with what to do, nothing half-written,
and the next write goes through (docs/postgresql.md#when-it-fails)."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from shepherd.errors import NoAnswerError, StoreError
from shepherd.run import Run, no_telling
from shepherd.store import Database, JournalEntry, postgresql, reaching
from shepherd.store.database import BranchStore
from shepherd.store.postgresql import Session
from tests.postgres import PostgresServer, running_server
from tests.waiting import until

RUN = Run("r1", datetime(2026, 11, 29, tzinfo=UTC), "ann", no_telling)
_LET_IN = """
host all locked   127.0.0.1/32 scram-sha-256
host all stranger 127.0.0.1/32 reject
host all all      127.0.0.1/32 trust
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """With roles `locked` (a password), `stranger` (not let in), and `guest` (no right to anything)."""
    with running_server() as server:
        ask(
            server.url("postgres"),
            "CREATE ROLE locked LOGIN PASSWORD 'right'",
            "CREATE ROLE stranger LOGIN",
            "CREATE ROLE guest LOGIN",
            "CREATE ROLE full LOGIN CONNECTION LIMIT 0",
        )
        (server.data / "pg_hba.conf").write_text(_LET_IN)
        ask(server.url("postgres"), "SELECT pg_reload_conf()")
        yield server


def ask(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def as_role(url: str, role: str) -> str:
    return url.replace("shepherd@", f"{role}@")


def said(attempt: Callable[[], Any]) -> str:
    with pytest.raises(StoreError) as caught:
        attempt()
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.startswith("database postgresql://")
    return sentence


def append(url: str, number: int) -> None:
    with Database(url) as database:
        database.append("stable", [JournalEntry("item", data={"n": number})], RUN)


def written(url: str) -> list[int]:
    with Database(url) as database, database.branch("stable") as store:
        return [entry.data["n"] for entry in store.journal.entries("item")]


@pytest.mark.parametrize(
    ("change", "says", "remedy"),
    [
        (("127.0.0.1:{port}", "127.0.0.1:{closed}"), "Connection refused", "is the server running"),
        (("127.0.0.1:{port}", "db.invalid"), "failed to resolve host", "is the name right"),
        (("shepherd@", "locked@"), "no password supplied", "database_password_file"),
        (("shepherd@", "stranger@"), "pg_hba.conf rejects", "docs/postgresql.md#setting-up"),
        (("shepherd@", "nobody@"), 'role "nobody" does not exist', "createuser makes it"),
        (("/{name}", "/nowhere"), 'database "nowhere" does not exist', "createdb makes it"),
        (("/{name}", "/{name}?sslmode=require"), "does not support SSL", "leave out sslmode"),
        (("shepherd@", "full@"), "too many connections", "is used up"),
        (("/{name}", "/{name}?host=/nowhere"), "No such file", "is its socket in that folder"),
    ],
)
def test_a_connection_that_fails(
    server: PostgresServer, change: tuple[str, str], says: str, remedy: str
) -> None:
    url = server.new_database()
    with socket.socket() as closed:
        # bound, and nobody listens
        closed.bind(("127.0.0.1", 0))
        facts = {"port": server.port, "name": url.rpartition("/")[2], "closed": closed.getsockname()[1]}
        old, new = (part.format(**facts) for part in change)
        assert old in url
        wrong = url.replace(old, new)
        for attempt in (lambda: Session(wrong, "", "reading"), lambda: Database(wrong)):
            sentence = said(attempt)
            assert says in sentence
            assert remedy in sentence


def test_a_wrong_password(server: PostgresServer) -> None:
    wrong = as_role(server.url("postgres"), "locked")
    sentence = said(lambda: Database(wrong, password="left"))
    assert "password authentication failed" in sentence
    assert "is it the right one" in sentence
    assert "left" not in sentence


def test_a_role_that_may_make_no_tables(server: PostgresServer) -> None:
    url = server.new_database()
    sentence = said(lambda: Database(as_role(url, "guest")))
    assert "permission denied for schema public (the role should own the database" in sentence
    append(url, 1)
    assert written(url) == [1]


@pytest.mark.parametrize(
    ("setting", "statement", "says"),
    [
        ("default_transaction_read_only = on", "", "takes no writes: name the primary"),
        ("statement_timeout = '100ms'", "SELECT pg_sleep(60)", "inv doctor --only database"),
        ("idle_in_transaction_session_timeout = '100ms'", "SELECT 1", "inv doctor --only database"),
        ("work_mem = '1MB'", "SELECT pg_terminate_backend(pg_backend_pid())", "the next run goes on"),
        ("work_mem = '1MB'", "DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$", "try again"),
        ("work_mem = '1MB'", "DO $$ BEGIN RAISE SQLSTATE '53200'; END $$", "out of memory"),
    ],
)
def test_a_transaction_that_is_ended(server: PostgresServer, setting: str, statement: str, says: str) -> None:
    url = server.new_database()
    append(url, 1)
    name = url.rpartition("/")[2]
    ask(server.url("postgres"), f'ALTER DATABASE "{name}" SET {setting}')

    def attempt() -> None:
        # of another name, so the process makes a new connection, which has the setting
        with Database(f"{url}?application_name=x") as database, database.begin() as connection:
            BranchStore(connection, "stable").append([JournalEntry("item", data={"n": 2})], RUN)
            if setting.startswith("idle"):
                (pid,) = connection.exec_driver_sql("SELECT pg_backend_pid()").one()
                until(lambda: not lives(server, pid))
            connection.exec_driver_sql(statement)

    assert says in said(attempt)
    ask(server.url("postgres"), f'ALTER DATABASE "{name}" RESET ALL')
    append(url, 3)
    assert written(url) == [1, 3]


def lives(server: PostgresServer, pid: int) -> bool:
    with psycopg.connect(server.url("postgres")) as connection:
        found = connection.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid])
        return found.fetchone() is not None


@pytest.mark.real
def test_a_server_that_crashes_in_the_midst() -> None:
    with running_server() as server:
        url = server.new_database()
        append(url, 1)

        def attempt() -> None:
            with Database(url) as database, database.begin() as connection:
                BranchStore(connection, "stable").append([JournalEntry("item", data={"n": 2})], RUN)
                server.stop("immediate")
                connection.exec_driver_sql("SELECT 1")

        assert "nothing was half-written, and the next run goes on" in said(attempt)
        assert "is the server running" in said(lambda: append(url, 3))
        server.start()
        append(url, 4)
        assert written(url) == [1, 4]


def test_a_writer_that_waits_for_too_long(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaching, "BUSY_SECONDS", 0.1)
    url = server.new_database()
    append(url, 1)
    holder = Session(url, "", "working")
    assert holder.take(postgresql.WRITING)
    assert "another program holds it" in said(lambda: append(url, 2))
    holder.close()
    append(url, 3)
    assert written(url) == [1, 3]


@pytest.mark.real
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk wants root")
def test_a_server_whose_disk_is_full() -> None:
    with ExitStack() as undo:
        server = undo.enter_context(running_server())
        disk = server.folder / "disk"
        disk.mkdir()
        options = f"size=1m,mode=700,uid={pwd.getpwnam('postgres').pw_uid}"
        if mount("-t", "tmpfs", "-o", options, "none", disk):
            pytest.skip("nothing can be mounted here")
        # the server has files open there
        undo.callback(lambda: subprocess.run(["umount", "--lazy", disk], check=True))
        ask(server.url("postgres"), f"CREATE TABLESPACE small LOCATION '{disk}'")
        url = server.new_database()
        name = url.rpartition("/")[2]
        ask(url, f'ALTER DATABASE "{name}" SET default_tablespace = small')
        append(url, 1)
        entries = [JournalEntry("item", why="x" * 1000, data={"n": number}) for number in range(2000)]
        with Database(url) as database:
            sentence = said(lambda: database.append("stable", entries, RUN))
        assert "make room on the server's disk: nothing was half-written" in sentence
        assert written(url) == [1]
        assert mount("-o", "remount,size=50m", disk) == 0
        append(url, 3)
        assert written(url) == [1, 3]


def mount(*arguments: object) -> int:
    return subprocess.run(["mount", *map(str, arguments)], capture_output=True, check=False).returncode


def test_an_empty_database_has_no_answer_yet(server: PostgresServer) -> None:
    with Database(server.new_database(), read_only=True) as database:
        assert database.is_empty()
        says = r"is empty, so nothing was read yet: inv find$"
        with pytest.raises(NoAnswerError, match=says), database.branch("stable") as store:
            store.journal.last("item")
