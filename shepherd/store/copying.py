"""A whole journal from one database into another, row by row (docs/backups.md#to-another-database).

The target has all of it or nothing: on PostgreSQL the rows come in one transaction, a file of SQLite gets its
name at the end. Before that each row is read back, and compared with one that is read from the source again:
what the disk or a driver changed is seen, and so is what somebody wrote into the source meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, String, func, insert, inspect, select, text
from sqlalchemy.dialects.postgresql.base import PGDialect

from shepherd.errors import StoreError
from shepherd.store.database import Database
from shepherd.store.tables import cache_tables, journal, journal_tables, shared, shared_tables

AT_ONCE = 5000
"""Rows that are written by one statement."""
SET_ASIDE = "journal_before_restore_"
"""What the tables begin with in which `inv restore` keeps a journal that it replaced."""

_SERVER = PGDialect()  # type: ignore[no-untyped-call]
_COLUMNS = tuple(journal.columns.keys())
_ROWS = select(journal).order_by(journal.c.seq)
_KNOWN = {*journal_tables.tables, *cache_tables.tables, *shared_tables.tables}

Progress = Callable[[int], None]
"""Called with how many rows are done."""
Row = tuple[Any, ...]


class CopySource(Struct, frozen=True):
    """What there is to copy."""

    entries: int
    unfit: tuple[str, ...] = ()
    """What PostgreSQL cannot hold, a sentence for each entry."""


def look(source: Database) -> CopySource:
    """Read all of a journal once. Raises StoreError: it has none, or what is in it cannot be read."""
    entries, unfit = 0, list[str]()
    with source.begin() as connection:
        if journal.name not in inspect(connection).get_table_names():
            raise StoreError(f"{source.name}: there is no journal in it, so there is nothing to copy")
        for row in rows(connection):
            entries += 1
            unfit += _unfit(row)
    if not entries:
        raise StoreError(f"{source.name}: its journal is empty, so there is nothing to copy")
    return CopySource(entries, tuple(unfit))


def obstacle(source: Database, target: Database) -> str | None:
    """Why the target cannot be copied into, as it is now.

    Returns:
        None: it is empty. An empty text: it has all that the source has already. Else a sentence.
    """
    with source.begin() as reading, target.begin() as there:
        return _obstacle(reading, there, target.name)


def _obstacle(reading: Connection, there: Connection, name: str) -> str | None:
    tables = set(inspect(there).get_table_names())
    if why := foreign(tables, name):
        return why
    if journal.name not in tables:
        return None
    if {each["name"] for each in inspect(there).get_columns(journal.name)} != set(_COLUMNS):
        return f"{name}: its journal has columns that this release does not know: name an empty database"
    entries = there.scalar(select(func.count()).select_from(journal)) or 0
    if not entries:
        return None
    place = first_difference(rows(reading), rows(there))
    if place is None:
        return ""
    last = there.scalar(select(func.max(journal.c.seq))) or 0
    if place > last:
        return (
            f"{name}: holds an earlier copy, which ends at entry {last}, and the source has gone on: remove"
            " that copy, if nobody has worked with it, and copy again"
        )
    return (
        f"{name}: holds another journal ({entries} entries, the first that differs is {place}): name an empty"
        " database"
    )


def foreign(tables: Iterable[str], name: str) -> str | None:
    """Why a database with these tables cannot be copied into, if one of them is not ours."""
    others = sorted(each for each in {*tables} - _KNOWN if not each.startswith(SET_ASIDE))
    return f"{name}: holds something else (table {others[0]}): name an empty database" if others else None


def fill(source: Database, target: Database, progress: Progress) -> int:
    """Copy all rows into an empty target, in one transaction, and compare each; how many there are.

    Raises:
        StoreError: nothing was copied, and the sentence says why.
    """
    with target.begin() as writing:
        with source.begin() as reading:
            if why := _obstacle(reading, writing, target.name):
                raise StoreError(why)
            entries = put(writing, rows(reading), progress)
            if {source.engine_name, target.engine_name} == {"postgresql"}:
                _copy_shared(reading, writing)
        # in a transaction of its own, which sees what was written since
        compare(source, writing, target.name)
    return entries


def put(writing: Connection, rows: Iterable[Row], progress: Progress = lambda _done: None) -> int:
    """Insert rows as they are, with their places, and let the next entry come after them; how many."""
    entries = last = 0
    for part in _parts(rows):
        writing.execute(insert(journal), [dict(zip(_COLUMNS, row, strict=True)) for row in part])
        entries, last = entries + len(part), part[-1][0]
        progress(entries)
    if entries and writing.dialect.name == "postgresql":
        statement = text("SELECT setval(pg_get_serial_sequence('journal', 'seq'), :last)")
        writing.execute(statement, {"last": last})
    return entries


def compare(source: Database, target: Connection, name: str) -> None:
    """Raises StoreError: some row of the target is not that of the source."""
    with source.begin() as reading:
        place = first_difference(rows(reading), rows(target))
    if place is not None:
        raise StoreError(
            f"{name}: entry {place} is not that of {source.name}, so nothing was copied: somebody wrote there"
            " meanwhile, or a disk is damaged; stop what works there (inv maintenance.on), and copy again"
        )


def rows(connection: Connection) -> Iterator[Row]:
    """All rows of the journal, in their order, a part of them at a time."""
    for row in connection.execute(_ROWS, execution_options={"yield_per": AT_ONCE}):
        yield tuple(row)


def _parts(rows: Iterable[Row]) -> Iterator[Sequence[Row]]:
    part: list[Row] = []
    for row in rows:
        part.append(row)
        if len(part) == AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def first_difference(ours: Iterable[Row], theirs: Iterable[Row]) -> int | None:
    """The place of the first row that is not the same in both."""
    for one, other in zip_longest(ours, theirs):
        if one != other:
            return min(int(row[0]) for row in (one, other) if row is not None)
    return None


def _copy_shared(reading: Connection, writing: Connection) -> None:
    """What the hosts of one server told each other, to another server; files of state_dir hold it else."""
    if shared.name in inspect(reading).get_table_names():
        writing.execute(shared.delete())
        if rows := [row._asdict() for row in reading.execute(select(shared))]:
            writing.execute(insert(shared), rows)


def _longest(kind: String) -> int | None:
    there = kind.dialect_impl(_SERVER)
    return there.length if isinstance(there, String) else None


def _unfit(row: Row) -> Iterator[str]:
    """What PostgreSQL takes differently than SQLite, which looks neither at types nor at lengths."""
    for column, value in zip(journal.columns, row, strict=True):
        if not isinstance(column.type, String):
            continue
        why = ""
        if not isinstance(value, str):
            why = "no text"
        elif "\0" in value:
            why = "a NUL character"
        elif (most := _longest(column.type)) and len(value) > most:
            why = f"{len(value)} characters, and {most} is the most"
        if why:
            yield f"entry {row[0]} ({row[_COLUMNS.index('kind')]!r}) has {why} in its column {column.name}"
