"""Two processes on one server: what one may do while the other works (docs/running.md#two-hosts)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shepherd.errors import StoreError
from shepherd.run import Run, no_telling
from shepherd.store import Database, JournalEntry, postgresql
from tests.postgres import PostgresServer

RUN = Run("r1", datetime(2026, 11, 29, tzinfo=UTC), "ann", no_telling)


def test_one_session_at_a_time_holds_the_work_lock(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    one, other = (postgresql.Session(url, "", "working") for _ in range(2))
    assert one.take(postgresql.WORK)
    assert not other.take(postgresql.WORK)
    one.close()
    assert other.take(postgresql.WORK, 5)
    other.close()


def test_who_lost_the_work_lock_writes_nothing_more(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    session = postgresql.Session(url, "", "working")
    session.take(postgresql.WORK)
    with Database(url) as database, postgresql.working(session):
        database.append("stable", [JournalEntry("item", data={"n": 1})], RUN)
        postgresql.Session(url, "", "other").ask(
            "SELECT pg_terminate_backend(pid, 9000) FROM pg_locks WHERE locktype = 'advisory'"
        )
        with pytest.raises(StoreError, match="the work lock was lost"):
            database.append("stable", [JournalEntry("item", data={"n": 2})], RUN)
    with Database(url) as database, database.branch("stable") as store:
        assert [entry.data for entry in store.journal.entries("item")] == [{"n": 1}]
