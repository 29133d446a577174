"""What `inv doctor` says of a PostgreSQL server (docs/postgresql.md#what-doctor-looks-at)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from shepherd.running.doctor.checking import Finding
from shepherd.running.doctor.server import server as look
from shepherd.settings import Settings
from shepherd.store import Database
from tests.postgres import PostgresServer, running_server

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def synced() -> Iterator[PostgresServer]:
    """One that is as it should be."""
    with running_server(fsync="on", max_connections="50") as server:
        yield server


def looked(url: str, tmp_path: Path) -> list[Finding]:
    return list(look(Settings(branches={}, database=url, file=tmp_path / "shepherd.toml")))


def ask(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_all_is_well(synced: PostgresServer, tmp_path: Path) -> None:
    url = synced.new_database()
    with Database(url):
        pass
    (finding,) = looked(url, tmp_path)
    assert (finding.level, finding.name) == ("ok", "database")
    assert finding.what.startswith("PostgreSQL 1"), finding.what
    assert finding.what.partition(", ")[2].startswith(f"database {url.rpartition('/')[2]} as shepherd, ")


def test_an_empty_database_is_a_warning(synced: PostgresServer, tmp_path: Path) -> None:
    (finding,) = looked(synced.new_database(), tmp_path)
    assert (finding.level, finding.remedy) == ("warn", "inv find makes them")


@pytest.mark.parametrize(
    ("statement", "level", "says"),
    [
        ("CREATE TABLE shepherd.x (y int)", "fail", "may not create tables in schema public"),
        ("ALTER ROLE {role} SET search_path = nowhere", "fail", "no schema of search_path is there"),
        ("ALTER ROLE {role} SET statement_timeout = '5s'", "warn", "statement_timeout is 5 s here"),
        (
            "ALTER ROLE {role} SET idle_in_transaction_session_timeout = '30s'",
            "warn",
            "idle_in_transaction_session_timeout is 30 s here",
        ),
        ("ALTER ROLE {role} SET default_transaction_read_only = on", "fail", "the server takes no writes"),
        ("ALTER ROLE {role} SET synchronous_commit = off", "warn", "synchronous_commit is off"),
        ("ALTER ROLE {role} CONNECTION LIMIT 3", "warn", "3 more connections are possible"),
        ("CREATE TABLE public.journal (seq int)", "fail", "does not own journal"),
    ],
)
def test_what_is_not_well_with_a_role(
    synced: PostgresServer, tmp_path: Path, statement: str, level: str, says: str
) -> None:
    url = synced.new_database()
    name = url.rpartition("/")[2]
    role = f"r_{name}"
    ask(url, f"CREATE ROLE {role} LOGIN", "CREATE SCHEMA shepherd", statement.format(role=role))
    if "may not create" not in says:
        ask(url, f"GRANT CREATE ON SCHEMA public TO {role}")
    found = looked(url.replace("shepherd@", f"{role}@"), tmp_path)
    assert [(each.level, says in each.what) for each in found if "no table in" not in each.what] == [
        (level, True)
    ], found


def test_a_database_of_another_encoding(synced: PostgresServer, tmp_path: Path) -> None:
    name = "narrow"
    ask(
        synced.url("postgres"),
        f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
    )
    first, *_ = looked(synced.url(name), tmp_path)
    assert (first.level, "has encoding LATIN1" in first.what) == ("fail", True)


def test_fsync_off(postgres: PostgresServer, tmp_path: Path) -> None:
    first, *_ = looked(postgres.new_database(), tmp_path)
    assert (first.level, first.remedy) == ("warn", "fsync = on in postgresql.conf")


def test_a_server_that_is_not_there(tmp_path: Path, postgres: PostgresServer) -> None:
    (finding,) = looked(postgres.url("nobody"), tmp_path)
    assert finding.level == "fail"
    assert "nobody" in finding.what


def test_a_password_file_that_others_can_read(postgres: PostgresServer, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o644)
    settings = Settings(
        branches={},
        database=postgres.new_database(),
        database_password_file="password",
        file=tmp_path / "shepherd.toml",
    )
    (finding,) = look(settings)
    assert finding.level == "fail"
    assert "database_password_file" in finding.what
    assert "secret\n" not in finding.what
