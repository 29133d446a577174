"""Opening the database, and saying in one sentence why it cannot be used."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

from msgspec import MsgspecError
from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from shepherd import plainfile
from shepherd.errors import NoAnswerError, StoreError
from shepherd.run import Run
from shepherd.settings import Settings
from shepherd.settings.kinds import is_postgresql
from shepherd.store import postgresql, reaching, server_failures, several, sqlite
from shepherd.store.cache import Cache
from shepherd.store.journal import Journal, JournalEntry
from shepherd.store.older import OlderLandings
from shepherd.store.tables import (
    CACHE_LAYOUT,
    archives,
    cache_tables,
    facts,
    journal,
    journal_tables,
    landings,
    layout,
    older,
    older_names,
    shared_tables,
)

BUSY_SECONDS = 10
_AT_ONCE = 5000
"""Rows that are copied in one statement."""


class WrittenMeanwhileError(StoreError):
    """A file of SQLite was written to while it was read as one that nobody writes."""


class BranchStore:
    """Journal, cache and archive of one branch, within one transaction."""

    def __init__(self, connection: Connection, branch: str) -> None:
        self.journal = Journal(connection, branch)
        self.cache = Cache(connection, branch)
        self.older = OlderLandings(connection, branch)
        self._connection = connection

    def of(self, branch: str) -> BranchStore:
        """Another branch, in the same transaction."""
        return BranchStore(self._connection, branch)

    def append(self, entries: Iterable[JournalEntry], run: Run) -> None:
        """Write into the journal, in this order, as known to this run."""
        self.journal.append(entries, run_id=run.id, at=run.now)


class Database:
    """One open database; `with` closes it.

    Args:
        read_only: nothing is made or changed; a SQLite file that is not there is an error then.
        url: SQLAlchemy's for SQLite, which gets WAL and full synchronisation: what the journal took is kept.
            PostgreSQL's own for that (docs/postgresql.md#the-url).
        password: for a server; empty: as libpq finds one.

    Raises:
        NoAnswerError: it is to be read only, and is not there.
        StoreError: it cannot be opened, is damaged, or its journal has other columns than this program knows.
    """

    def __init__(self, url: str, *, password: str = "", read_only: bool = False) -> None:
        self._untouched: tuple[Path, object] | None = None
        self.name = "database"
        """In messages, without any password."""
        self._path: Path | None = None
        """Of a file of SQLite."""
        if is_postgresql(url):
            self.name = reaching.name_of(url)
            self._engine = _postgresql_engine(url, password, read_only)
        else:
            try:
                self._engine = self._sqlite_engine(make_url(url), read_only)
            except (ArgumentError, ImportError, SQLAlchemyError) as error:
                raise StoreError(f"{self.name}: not a database that can be opened here ({error})") from None
        if read_only:
            return
        if self._path is not None and several.alone():
            self._check_leftovers(self._path)
        self._prepare()

    def _sqlite_engine(self, url: URL, read_only: bool) -> Engine:
        if url.get_backend_name() != "sqlite":
            raise StoreError(f"{self.name}: neither one of SQLite nor of PostgreSQL")
        self.name, self._path = f"database {url.database}", Path(url.database or "").absolute()
        if odd := plainfile.odd_for_sqlite(self._path):
            raise StoreError(f"{self.name}: {odd} is not a regular file: move it away")
        if not read_only:
            return _writing_engine(url)
        if not self._path.exists():
            raise NoAnswerError(f"{self.name} is not there, so nothing was read yet: inv find")
        how = "mode=ro"
        if not self._path.with_name(f"{self._path.name}-wal").exists():
            # nobody writes: SQLite need not make files next to it, and a dry run makes none
            how += "&immutable=1"
            self._untouched = (self._path, _version(self._path))
        target = f"{self._path.as_uri()}?{how}"
        return create_engine(url, creator=partial(sqlite3.connect, target, uri=True, timeout=BUSY_SECONDS))

    def is_empty(self) -> bool:
        """Whether nothing was ever written: a server has the database before there is anything in it."""
        with self.begin() as connection:
            return not inspect(connection).has_table(journal.name)

    def _check_leftovers(self, path: Path) -> None:
        try:
            wrong = sqlite.stale_log(path, BUSY_SECONDS)
        except sqlite3.Error as error:
            raise StoreError(_sentence(self.name, error)) from None
        if wrong:
            raise StoreError(
                f"{self.name}: does not fit the -wal file next to it, which belongs to another state of"
                f" the database ({wrong.splitlines()[0]}). Restore it from a backup, and remove"
                " the -wal and -shm files next to it or restore them with it"
            )

    @property
    def engine_name(self) -> str:
        """Of SQLAlchemy's: sqlite or postgresql."""
        return self._engine.dialect.name

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction: all of it happens, or nothing."""
        try:
            with several.turn(), self._engine.begin() as connection:
                yield connection
            self._check_untouched()
        except SQLAlchemyError as error:
            self._check_untouched()
            if getattr(getattr(error, "orig", None), "sqlstate", "") == server_failures.NO_TABLE:
                raise NoAnswerError(f"{self.name} is empty, so nothing was read yet: inv find") from error
            raise StoreError(_sentence(self.name, error)) from error
        except MsgspecError as error:
            raise StoreError(
                f"{self.name}: holds what cannot be read ({error}): it is damaged, restore it from a backup"
                " (inv audit --verify says where)"
            ) from error

    def _check_untouched(self) -> None:
        if self._untouched is not None and _version(self._untouched[0]) != self._untouched[1]:
            raise WrittenMeanwhileError(f"{self.name}: was written to while it was being read; try again")

    @contextmanager
    def branch(self, name: str) -> Iterator[BranchStore]:
        """One transaction on one branch."""
        with self.begin() as connection:
            yield BranchStore(connection, name)

    def append(self, branch: str, entries: Iterable[JournalEntry], run: Run) -> None:
        """Write into the journal of a branch, in a transaction of its own."""
        with self.branch(branch) as store:
            store.append(entries, run)

    @classmethod
    def of(cls, settings: Settings, *, read_only: bool = False) -> Database:
        """The database of these settings. Raises SettingsError, too: its password cannot be read."""
        return cls(settings.database_url, password=settings.database_password, read_only=read_only)

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._path is not None:
            self._engine.dispose()

    @classmethod
    def copy(cls, source: str, target: str, *, password: str = "") -> None:
        """Make a new database at `target` with all that the one at `source` holds, which is only read; but
        for the archive, which is read from git again where somebody asks.

        Args:
            password: of the source.

        Raises:
            NoAnswerError, StoreError: see above.
        """
        with (
            cls(source, password=password, read_only=True) as old,
            cls(target) as new,
            old.begin() as reading,
            new.begin() as writing,
        ):
            tables = set(inspect(reading).get_table_names())
            fits = layout.name in tables and reading.scalar(select(layout.c.layout)) == CACHE_LAYOUT
            for table in (journal, landings, facts) if fits else (journal,):
                rows = reading.execute(select(table)) if table.name in tables else None
                while rows is not None and (part := rows.fetchmany(_AT_ONCE)):
                    writing.execute(insert(table), [row._asdict() for row in part])

    def drop_cache(self) -> None:
        """Forget everything that can be read again. The journal stays."""
        with self.begin() as connection:
            _make_cache(connection)

    def _prepare(self) -> None:
        with self.begin() as connection:
            tables = set(inspect(connection).get_table_names())
            if journal.name in tables:
                known = {column["name"] for column in inspect(connection).get_columns(journal.name)}
                if known != set(journal.columns.keys()):
                    raise StoreError(
                        f"{self.name}: its journal has columns that this release does not know;"
                        " use the release that wrote it, or another database"
                    )
            else:
                journal_tables.create_all(connection)
            fits = layout.name in tables and connection.scalar(select(layout.c.layout)) == CACHE_LAYOUT
            if self._engine.dialect.name == "postgresql":
                shared_tables.create_all(connection)
            if not (fits and {landings.name, facts.name} <= tables):
                _make_cache(connection)
            elif not {archives.name, older.name, older_names.name} <= tables:
                # an earlier release made this cache: what it holds stays right
                cache_tables.create_all(connection)


@cache
def _postgresql_engine(url: str, password: str, read_only: bool) -> Engine:
    """One in a process for each: its connections are used again."""
    engine = postgresql.make_engine(url, password, read_only=read_only)
    os.register_at_fork(after_in_child=partial(engine.dispose, close=False))
    return engine


@cache
def _writing_engine(url: URL) -> Engine:
    """The engine for writing to a database, one in a process: it keeps the statements that were compiled."""
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", sqlite.prepare)
    event.listen(engine, "begin", sqlite.begin)
    return engine


def _make_cache(connection: Connection) -> None:
    """Make an empty cache in place of any that is there."""
    cache_tables.drop_all(connection)
    cache_tables.create_all(connection)
    connection.execute(insert(layout).values(layout=CACHE_LAYOUT))


@contextmanager
def open_branch(settings: Settings, branch: str, *, read_only: bool = False) -> Iterator[BranchStore]:
    """The database, opened for one transaction on one branch. Raises what `Database` does."""
    with Database.of(settings, read_only=read_only) as database, database.branch(branch) as store:
        yield store


def _version(path: Path) -> object:
    """What differs once a file was written to."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _sentence(name: str, error: SQLAlchemyError | sqlite3.Error) -> str:
    if isinstance(error, DBAPIError) and error.orig is not None and not isinstance(error.orig, sqlite3.Error):
        return server_failures.sentence(name, error.orig)
    cause = str(getattr(error, "orig", None) or error).split("\n", 1)[0]
    advice = {
        "locked": "another program holds it; try again, and see `inv lock.status`",
        "disk is full": "free some space and run it again: nothing was half-written",
        "disk I/O": "look at the disk: is it full? Nothing was half-written",
        "readonly": "run it as the owner of state_dir",
        "unable to open": "is state_dir there and writable for you?",
        "not a database": "it is damaged: move it away and restore the journal from a backup",
        "malformed": "it is damaged: move it away and restore the journal from a backup",
    }
    for sign, what in advice.items():
        if sign in cause:
            return f"{name}: {cause} ({what})"
    return f"{name}: {cause}"
