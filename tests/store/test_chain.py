"""The journal's hash chain in a database, as runs of this and older releases write it
(docs/audit.md#the-chain)."""

from __future__ import annotations

import json
import multiprocessing
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, update

from shepherd.run import Run, no_telling
from shepherd.store import Database, Journal, JournalEntry, chain
from shepherd.store.chain_findings import ChainFinding, findings_of
from shepherd.store.chain_heads import KnownHead, compared
from shepherd.store.chain_reading import entries_of, read_chain
from shepherd.store.tables import journal
from tests.store.chains import AT

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
RUN = Run("r1", NOW, "ann", no_telling)
OLD = {
    "at": AT,
    "run_id": "r",
    "branch": "b",
    "kind": "item",
    "subject": "s",
    "who": "",
    "why": "",
    "data": "{}",
}

SLOW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, *HealthCheck]
)
# what PostgreSQL takes, too
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
ENTRIES = st.lists(
    st.tuples(st.sampled_from(["stable", "devel"]), TEXT, TEXT, st.dictionaries(TEXT, TEXT, max_size=3)),
    min_size=3,
    max_size=20,
)
PLACES = st.integers(0, 10**6)


def plainly(rows: list[Any]) -> str:
    """The head of these rows, stated a second time."""
    before = "0" * 64
    for _, *content in rows:
        text = json.dumps([before, *content], ensure_ascii=False, separators=(",", ":"))
        before = sha256(text.encode()).hexdigest()
    return before


def rows_of(connection: Connection) -> list[Any]:
    return [tuple(row) for row in connection.execute(chain.ENTRIES.order_by(journal.c.seq))]


@contextmanager
def written(url: str, entries: list[tuple[str, str, str, dict[str, str]]]) -> Iterator[Connection]:
    """A journal of these, and nothing else."""
    with Database(url) as database, database.begin() as connection:
        connection.execute(delete(journal))
        for branch, subject, why, data in entries:
            Journal(connection, branch).append(
                [JournalEntry("item", subject, dict(data), "ann", why)], run_id="r1", at=NOW
            )
        yield connection


def verified(connection: Connection, *heads: KnownHead) -> list[ChainFinding]:
    reading = read_chain(partial(entries_of, connection), [each.hash for each in heads])
    found = findings_of(reading)
    return [*found, *compared(reading, heads, found).findings]


@SLOW
@given(ENTRIES)
def test_the_head_is_what_anybody_can_compute_of_the_rows(database_url: str, entries: list[Any]) -> None:
    with written(database_url, entries) as connection:
        rows = rows_of(connection)
        assert chain.head(connection) == plainly(rows)
        assert json.loads(rows[-1][-1])["prev"] == plainly(rows[:-1])
        assert verified(connection, KnownHead(plainly(rows), rows[-1][0])) == []
        place = Journal(connection, entries[0][0]).last_seq()
        assert Journal(connection, entries[0][0]).head_at(place) == plainly(
            [row for row in rows if row[0] <= place]
        )


@SLOW
@given(ENTRIES, PLACES, st.sampled_from(chain.COLUMNS), st.integers(0, 10**6))
def test_one_byte_changed_is_found(
    database_url: str, entries: list[Any], spot: int, column: str, byte: int
) -> None:
    with written(database_url, entries) as connection:
        rows = rows_of(connection)
        number, *content = rows[spot % len(rows)]
        before = content[chain.COLUMNS.index(column)]
        at = byte % (len(before) + 1)
        after = before[:at] + ("x" if before[at : at + 1] != "x" else "y") + before[at + 1 :]
        connection.execute(update(journal).where(journal.c.seq == number).values({column: after}))
        findings = verified(connection, KnownHead(plainly(rows), rows[-1][0]))
        assert any(each.first <= number <= each.last for each in findings)


@SLOW
@given(ENTRIES, PLACES)
def test_one_entry_removed_is_found(database_url: str, entries: list[Any], spot: int) -> None:
    with written(database_url, entries) as connection:
        rows = rows_of(connection)
        number = rows[spot % len(rows)][0]
        connection.execute(delete(journal).where(journal.c.seq == number))
        (finding,) = verified(connection, KnownHead(plainly(rows), rows[-1][0]))
        assert finding.what == ("cut" if number == rows[-1][0] else "lost")
        assert finding.last == number


@SLOW
@given(ENTRIES, PLACES, st.booleans())
def test_one_entry_inserted_is_found(database_url: str, entries: list[Any], spot: int, fits: bool) -> None:
    with written(database_url, entries) as connection:
        rows = rows_of(connection)
        place = spot % len(rows)
        number = rows[place][0]
        # room for it, from the end on: numbers are unique
        for seq, *_ in reversed(rows[place:]):
            connection.execute(update(journal).where(journal.c.seq == seq).values(seq=seq + 1))
        data = json.dumps({"prev": plainly(rows[:place])}) if fits else "{}"
        connection.execute(insert(journal).values(OLD | {"seq": number, "data": data}))
        (finding,) = verified(connection)
        assert (finding.what, finding.first, finding.last) == ("inserted", number, number)


@SLOW
@given(ENTRIES, PLACES, PLACES)
def test_two_entries_swapped_are_found(database_url: str, entries: list[Any], one: int, other: int) -> None:
    with written(database_url, entries) as connection:
        rows = rows_of(connection)
        first, second = sorted((rows[one % len(rows)][0], rows[other % len(rows)][0]))
        for seq, new in ((first, -1), (second, first), (-1, second)):
            connection.execute(update(journal).where(journal.c.seq == seq).values(seq=new))
        expected = [("swapped", first, second)] if first != second else []
        assert [(each.what, each.first, each.last) for each in verified(connection)] == expected


@SLOW
@given(ENTRIES, PLACES)
def test_the_tail_cut_is_found_by_the_head_that_was_kept(
    database_url: str, entries: list[Any], spot: int
) -> None:
    with written(database_url, entries) as connection:
        rows = rows_of(connection)
        kept = rows[spot % len(rows)][0]
        connection.execute(delete(journal).where(journal.c.seq > kept))
        found = verified(connection, KnownHead(plainly(rows), rows[-1][0]))
        expected = [("cut", kept + 1, rows[-1][0])] if kept < rows[-1][0] else []
        assert [(each.what, each.first, each.last) for each in found] == expected
        assert verified(connection) == []


def test_older_releases_write_in_between(database_url: str) -> None:
    with Database(database_url) as database, database.begin() as connection:
        connection.execute(insert(journal), [OLD | {"subject": f"old {number}"} for number in range(3)])
        assert chain.head(connection) == plainly(rows_of(connection))
        own = Journal(connection, "b")
        assert own.head_at(own.last_seq()) == ""
        own.append([JournalEntry("item", "new")], run_id="r1", at=NOW)
        connection.execute(insert(journal), [OLD | {"data": '{"x":{"a":1,"prev":"no hash"}}'}, OLD])
        own.append([JournalEntry("item", "newer")], run_id="r1", at=NOW)
        assert chain.head(connection) == plainly(rows_of(connection))
        reading = read_chain(partial(entries_of, connection))
        assert (reading.entries, reading.unchained, reading.breaks) == (7, 2, ())
        assert [entry.data for entry in own.entries("item") if entry.subject.startswith("new")] == [{}, {}]


def test_damaged_data_keep_nobody_from_appending(database_url: str) -> None:
    with Database(database_url) as database, database.begin() as connection:
        own = Journal(connection, "b")
        own.append([JournalEntry("item", "one")], run_id="r1", at=NOW)
        connection.execute(insert(journal).values(OLD | {"data": '{"prev": 5, "a'}))
        own.append([JournalEntry("item", "two")], run_id="r1", at=NOW)
        assert [each.what for each in verified(connection)] == ["unreadable"]


def _append(url: str, name: str, barrier: Any) -> None:
    with Database(url) as database:
        for number in range(20):
            barrier.wait()
            database.append(name, [JournalEntry("item", f"{name} {number} {each}") for each in "ab"], RUN)


def test_processes_that_write_at_once_write_one_chain(database_url: str) -> None:
    with Database(database_url):
        pass
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(3)
    writers = [context.Process(target=_append, args=(database_url, name, barrier)) for name in "xyz"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
        assert writer.exitcode == 0
    with Database(database_url, read_only=True) as database, database.begin() as connection:
        rows = rows_of(connection)
        # each began before the others had ended
        turns = sum(one[3] != other[3] for one, other in pairwise(rows))
        assert (len(rows), turns >= 40) == (120, True)
        assert chain.head(connection) == plainly(rows)
        assert verified(connection) == []


def test_the_first_append_to_a_long_journal_does_not_hold_it_in_memory(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shepherd.db'}"
    with Database(url) as database, database.begin() as connection:
        connection.execute(insert(journal), [OLD | {"why": f"{number:0500}"} for number in range(20_000)])
    with Database(url) as database:
        tracemalloc.start()
        try:
            database.append("b", [JournalEntry("item")], RUN)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        with database.begin() as connection:
            assert connection.scalar(select(journal.c.data).order_by(journal.c.seq.desc()).limit(1)) == (
                json.dumps({"prev": plainly(rows_of(connection)[:-1])}, separators=(",", ":"))
            )
    assert peak < 6_000_000
