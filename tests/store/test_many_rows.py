"""Many rows at once are what as many single ones would be, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shepherd.errors import StoreError
from shepherd.run import Run, no_telling
from shepherd.store import Database, JournalEntry
from tests.postgres import PostgresServer

RUN = Run("r1", datetime(2026, 11, 29, tzinfo=UTC), "ann", no_telling)
STRANGE = (
    "tab\tnewline\nreturn\r",
    "\\N",
    "\\.",
    "back\\slash",
    "ünï ☃ \U0001f411",
    "",
    '"quoted", {braces}',
)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(
    request: pytest.FixtureRequest, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> str:
    if request.param == "postgresql":
        return postgres.new_database()
    return f"sqlite:///{tmp_path_factory.mktemp('state') / 'shepherd.db'}"


@pytest.mark.parametrize("count", [7, 7000])
def test_texts_come_back_as_they_were_in_order(url: str, count: int) -> None:
    texts = [f"{STRANGE[number % len(STRANGE)]}{number}" for number in range(count)]
    with Database(url) as database:
        database.append("stable", [JournalEntry("item", who=each, why=each) for each in texts], RUN)
        with database.branch("stable") as store:
            entries = store.journal.entries("item")
    assert [(entry.who, entry.why) for entry in entries] == [(each, each) for each in texts]
    assert [entry.seq for entry in entries] == sorted(entry.seq for entry in entries)


@pytest.mark.parametrize("count", [1, 7000])
def test_a_row_that_does_not_fit_is_one_sentence_and_nothing_is_written(
    postgres: PostgresServer, count: int
) -> None:
    entries = [JournalEntry("item", why=f"{number}") for number in range(count)]
    with Database(postgres.new_database()) as database:
        with pytest.raises(StoreError, match=r"NUL .* \(PostgreSQL keeps no such text"):
            database.append("stable", [*entries, JournalEntry("item", subject="a\0b")], RUN)
        with database.branch("stable") as store:
            assert store.journal.entries("item") == []


def test_what_people_write_never_fails_to_fit(url: str) -> None:
    """A git note may hold a NUL, an author may have a very long name and address."""
    long = f"2026-11-29 qa {'x' * 300}@example.org"
    with Database(url) as database:
        database.append("stable", [JournalEntry("item", long, who="y" * 999, why="a\0b")], RUN)
        with database.branch("stable") as store:
            (entry,) = store.journal.entries("item")
    assert (entry.subject, entry.who) == (long, "y" * 200)
    assert entry.why == ("a\0b" if url.startswith("sqlite") else "a\ufffdb")
