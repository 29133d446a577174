"""Sessions on a PostgreSQL server, and the locks that all hosts see
(docs/running.md#two-hosts).

Every writing transaction takes `WRITING` first, so that writers come one after the other, on all hosts, as
they do with SQLite. A run holds `WORK` in a session of its own; a transaction of its process looks
first whether this is still so: a host that was cut off writes nothing after another one has taken over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from shepherd import holding
from shepherd.errors import LostLockError, StoreError
from shepherd.store import reaching
from shepherd.store.reaching import connect, name_of, parameters
from shepherd.store.server_failures import sentence

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

WORK, WRITING, FREEZE, SAYING = 0x5148_0001, 0x5148_0002, 0x5148_0003, 0x5148_0005
"""The advisory locks, one set in each database. WORK: who works. WRITING: one transaction at a time. FREEZE:
between a promotion's last look and the end of its move. SAYING: who says what is said once."""

_POLL = 0.1


def make_engine(url: str, password: str, *, read_only: bool = False) -> Engine:
    """The engine for this database, by psycopg. Raises StoreError."""
    from sqlalchemy import create_engine, event

    engine = create_engine(
        # libpq reads the URL: SQLAlchemy knows others, and some of its forms not
        "postgresql+psycopg://",
        connect_args=parameters(url, password, "reading" if read_only else "writing"),
        isolation_level="REPEATABLE READ" if read_only else "READ COMMITTED",
        pool_pre_ping=True,
        execution_options={"postgresql_readonly": True} if read_only else {},
    )
    if not read_only:
        event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (WRITING,))
    if _held is not None and not _held.stands(connection):
        raise LostLockError(f"{_held.name}: {LOST}")


_HOLDERS = (
    "SELECT application_name, pid, backend_start FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = %s AND objsubid = 1"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
"""Who holds an advisory lock of this database."""

LOST = (
    "the work lock was lost with the connection that held it, and another host may work by now; nothing more"
    " is written or sent, the next run goes on"
)
POOLED = (
    "between here and the server stands a connection pooler, which may give our session, with its locks, to"
    " somebody else: name the server itself in `database`, by its own host and port"
)
STANDBY = (
    "the server is a standby, which takes no writes: name the primary in `database`, or all of them with"
    " target_session_attrs=read-write behind it (docs/postgresql.md#failover)"
)


class Session:
    """A session of one process, the locks it holds, and what all hosts are told (docs/running.md#two-hosts).

    Closing it, or its end, frees the locks.
    """

    def __init__(self, url: str, password: str, purpose: str, connect_seconds: int = 0) -> None:
        self.name = name_of(url)
        self._connection = connect(url, password, purpose, connect_seconds)
        self._pid = self._connection.info.backend_pid
        self._maker = self._user = os.getpid()
        self._reconnect = partial(connect, url, password, purpose)
        # a number alone may be another session's after the server was started again
        self._began = self.ask("SELECT backend_start FROM pg_stat_get_activity(pg_backend_pid())")[0][0]

    @property
    def handle(self) -> int:
        """The descriptor of its connection: the server knows the session while a process has it open."""
        return self._connection.fileno()

    def take(self, key: int, wait: float = 0.0) -> bool:
        """Take an advisory lock until the session ends; whether it was free within `wait` seconds."""
        end = monotonic() + wait
        while True:
            statement = "SELECT pg_try_advisory_lock(%s), pg_backend_pid(), pg_is_in_recovery()"
            ((taken, pid, standby),) = self.ask(statement, key)
            if pid != self.server_process:
                # pgbouncer says a number of its own; in its mode "transaction" the lock would be another's
                raise StoreError(f"{self.name}: {POOLED}")
            if standby:
                # its locks are its own: the other host, at the other server, would work as well
                raise StoreError(f"{self.name}: {STANDBY}")
            if taken:
                return True
            if monotonic() >= end:
                return False
            sleep(_POLL)

    @property
    def server_process(self) -> int:
        """The number of the server's process for this session, as the connection was told."""
        return self._connection.info.backend_pid

    def free(self, key: int) -> None:
        self.ask("SELECT pg_advisory_unlock(%s)", key)

    def stands(self, connection: Connection) -> bool:
        """Whether this session still holds WORK, asked within a transaction of another one."""
        rows = connection.exec_driver_sql(_HOLDERS, (WORK,)).all()
        return any((pid, began) == (self._pid, self._began) for _, pid, began in rows)

    def confirm(self) -> None:
        """Look whether the server still knows this session: then it holds what it took.

        Raises:
            LostLockError: it does not, or cannot be asked.
        """
        try:
            self.ask("SELECT 1")
        except StoreError:
            raise LostLockError(f"{self.name}: {LOST}") from None

    def holder(self) -> str:
        """The name (`session_name`) of the session that holds WORK; empty: nobody does. Raises StoreError."""
        rows = self.ask(_HOLDERS, WORK)
        return str(rows[0][0] or "?") if rows else ""

    def end_holder(self, name: str) -> int:
        """End all sessions of the process whose session has this name, which frees what it holds; how many
        there were.

        Raises:
            StoreError: this user may not.
        """
        statement = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND application_name = ANY(%s)"
        )
        names = [name, *(name.replace(" working ", f" {purpose} ", 1) for purpose in ("writing", "reading"))]
        return len(self.ask(statement, names))

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What one statement gives. Raises StoreError."""
        import psycopg

        if os.getpid() != self._user:
            # forked: the connection stays that of the process which holds the locks by it
            self._connection, self._user = self._reconnect(), os.getpid()
        try:
            cursor = self._connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            raise StoreError(sentence(self.name, error)) from None

    # what all hosts are told: a document for each name

    def told(self, beginning: str) -> dict[str, bytes]:
        """The documents whose names begin so."""
        rows = self.ask("SELECT name, document FROM shared WHERE starts_with(name, %s)", beginning)
        return {name: bytes(document) for name, document in rows}

    def tell(self, name: str, document: bytes) -> None:
        self.ask(
            "INSERT INTO shared (name, document) VALUES (%s, %s)"
            " ON CONFLICT (name) DO UPDATE SET document = EXCLUDED.document",
            *(name, document),
        )

    def tell_if(self, name: str, document: bytes, before: bytes | None) -> bool:
        """Replace a document, unless it is another one than `before` by now (None: there is none)."""
        if before is None:
            statement = "INSERT INTO shared VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING 1"
            return bool(self.ask(statement, name, document))
        statement = "UPDATE shared SET document = %s WHERE name = %s AND document = %s RETURNING 1"
        return bool(self.ask(statement, document, name, before))

    def tell_news(self, name: str, document: bytes) -> bool:
        """Let this be the document. Whether it was another; of several who say the same, one is told so."""
        return bool(
            self.ask(
                "INSERT INTO shared AS old (name, document) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE"
                " SET document = EXCLUDED.document WHERE old.document <> EXCLUDED.document RETURNING 1",
                *(name, document),
            )
        )

    def forget(self, name: str) -> None:
        self.ask("DELETE FROM shared WHERE name = %s", name)

    def close(self) -> None:
        if os.getpid() == self._maker:
            self._connection.close()


_held: Session | None = None
"""The session that holds WORK in this process."""


@contextmanager
def working(session: Session) -> Iterator[None]:
    """Let every writing transaction of this process look whether the session still holds WORK."""
    global _held
    _held = session
    try:
        with holding.confirmed_by(session.confirm, session.handle, reaching.SERVER_PATIENCE * 2 / 3):
            yield
    finally:
        _held = None


@contextmanager
def no_freeze(url: str, password: str, wait: float) -> Iterator[bool]:
    """Hold FREEZE for all hosts: in the session that works, else in one of its own. Yields whether it was
    free within `wait` seconds. Raises StoreError."""
    session = _held or Session(url, password, "freezing")
    try:
        taken = session.take(FREEZE, wait)
        try:
            yield taken
        finally:
            if taken and session is _held:
                with suppress(StoreError):
                    # it is free already where the session was lost
                    session.free(FREEZE)
    finally:
        if session is not _held:
            session.close()
