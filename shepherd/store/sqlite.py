"""What is particular to a database that is a file of SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import make_url


def path_of(url: str) -> Path | None:
    """Where a database is, if it is a file of SQLite."""
    return Path(make_url(url).database or "").absolute() if url.startswith("sqlite") else None


def prepare(connection: Any, _record: object) -> None:
    """WAL and full synchronisation: what the journal took is kept."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def begin(connection: Connection) -> None:
    """The driver alone would leave reads, and changes of tables, outside the transaction."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def stale_log(path: Path, timeout: float) -> str:
    """Why the write-ahead log next to a database is not its own, empty if it is or there is none.

    A killed run leaves a `-wal` file. A backup that is put in place of the database next to it is then taken
    for its beginning: pages of two histories are mixed, without an error, and entries in the midst are gone.
    This looks at the mixture before it is written down, and leaves it as it is.

    Args:
        timeout: seconds to wait for a writer.

    Raises:
        sqlite3.Error: it cannot be read at all.
    """
    log = path.with_name(f"{path.name}-wal")
    if not path.is_file() or not log.is_file() or not log.stat().st_size:
        return ""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=timeout)) as connection:
        result = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    return "" if result == "ok" else result
