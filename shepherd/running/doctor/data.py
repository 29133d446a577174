"""Whether the database is sound; and how checks read it: without making any file next to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from shepherd import plainfile
from shepherd.running.doctor import server
from shepherd.running.doctor.checking import OFFLINE, CheckContext, Finding, fail, ok, warn
from shepherd.settings import Settings

BUSY_SECONDS = 10
_WAL_AT, _WAL = 18, 2
"""Where the file format of SQLite says that it is in WAL mode, and how."""


def database(context: CheckContext) -> Iterator[Finding]:
    if (path := sqlite_path(context.settings)) is not None:
        yield _sound(path)
    elif context.offline:
        yield ok("database", OFFLINE)
    else:
        yield from server.server(context.settings)


def sqlite_path(settings: Settings) -> Path | None:
    """Where the database is, if it is a file of SQLite."""
    from shepherd.store import sqlite

    return sqlite.path_of(settings.database_url)


def rows(settings: Settings, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """What the database answers; nothing where it is a file that is not there yet.

    Raises:
        StoreError, sqlite3.Error: it cannot be read.
    """
    path = sqlite_path(settings)
    if path is not None:
        return _ask(path, statement, values) if path.exists() and not plainfile.odd_for_sqlite(path) else []
    from sqlalchemy import text

    from shepherd.store import Database

    with Database.of(settings, read_only=True) as database, database.begin() as connection:
        return [tuple(row) for row in connection.execute(text(statement), values)]


def _sound(path: Path) -> Finding:
    if not path.exists():
        return warn("database", f"{path} is not there yet", "inv find makes it")
    if odd := plainfile.odd_for_sqlite(path):
        return fail("database", f"{odd} is not a regular file", "move it away")
    try:
        outcome = str(_ask(path, "PRAGMA quick_check(1)", {})[0][0])
    except sqlite3.Error as error:
        outcome = str(error)
    if outcome != "ok":
        return fail("database", f"{path}: {outcome}", "if it is damaged, move it away and restore a backup")
    with path.open("rb") as file:
        head = file.read(_WAL_AT + 1)
    if head[_WAL_AT:] != bytes([_WAL]):
        return warn("database", f"{path} is not in WAL mode: readers wait for writers", "inv find sets it")
    return ok("database", f"{path} is sound, {path.stat().st_size / 1e6:.1f} MB")


def _ask(path: Path, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """A reader of a database in WAL mode makes `-wal` and `-shm` if nobody has it open. `immutable` does not,
    but is wrong once somebody begins to write meanwhile; then it is asked again, next to the writer."""
    try:
        return _connected(path, statement, values)
    except sqlite3.Error:
        if not _open_elsewhere(path):
            raise
        return _connected(path, statement, values)


def _connected(path: Path, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    options = "mode=ro" if _open_elsewhere(path) else "mode=ro&immutable=1"
    uri = f"{path.absolute().as_uri()}?{options}"
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)) as connection:
        return connection.execute(statement, values).fetchall()


def _open_elsewhere(path: Path) -> bool:
    return path.with_name(f"{path.name}-wal").exists()
