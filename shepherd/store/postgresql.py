"""What is particular to a database of a PostgreSQL server: sessions, and the locks that all hosts see
(docs/running.md#two-hosts).

Every writing transaction takes `WRITING` first, so that writers come one after the other, on all hosts, as
they do with SQLite. Whoever works holds `WORK` in a session of its own; a transaction of that process looks
first whether this is still so: a host that was cut off writes nothing after another one has taken over.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from shepherd.errors import StoreError

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import URL, Connection, Engine

WORK, WRITING, FREEZE = 0x5148_0001, 0x5148_0002, 0x5148_0003
"""The advisory locks, one set in each database. WORK: who works. WRITING: one transaction at a time. FREEZE:
between a promotion's last look and the end of its move."""

BUSY_SECONDS = 10
"""How long a transaction waits for that of another process."""
CONNECT_SECONDS = 10
CLIENT_PATIENCE = 25
"""Seconds after which a server that cannot be reached any more is given up."""
SERVER_PATIENCE = 90
"""Seconds after which the server gives up a host that cannot be reached any more, and frees its locks. Longer
than the other, and than one act takes: the host has noticed by then that it may not go on."""

_POLL = 0.1


def is_postgresql(url: str) -> bool:
    return url.startswith(("postgresql:", "postgresql+"))


def name_of(url: str) -> str:
    """The database in messages, without any password. Who only reads does not wait for SQLAlchemy."""
    return "database " + re.sub(r"(//[^/@]*?):[^/@]*@", r"\1:***@", url)


def connect(url: str, password: str, purpose: str, connect_seconds: int = 0) -> psycopg.Connection[Any]:
    """A session of its own, in which each statement is a transaction.

    Args:
        connect_seconds: how long a server that does not answer is waited for; 0: as usual.

    Raises:
        StoreError: there is none to be had.
    """
    import psycopg

    address = re.sub(r"\Apostgresql\+\w+:", "postgresql:", url)
    parameters = _parameters(password, purpose) | (
        {"connect_timeout": connect_seconds} if connect_seconds else {}
    )
    try:
        return psycopg.connect(address, autocommit=True, **parameters)
    except psycopg.Error as error:
        raise StoreError(f"{name_of(url)}: {_first_line(error)}") from None


def make_engine(url: URL, password: str, *, read_only: bool = False) -> Engine:
    """The engine for this database, by psycopg."""
    from sqlalchemy import create_engine, event

    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args=_parameters(password, "reading" if read_only else "writing"),
        isolation_level="REPEATABLE READ" if read_only else "READ COMMITTED",
        pool_pre_ping=True,
        execution_options={"postgresql_readonly": True} if read_only else {},
    )
    if not read_only:
        event.listen(engine, "begin", _begin)
    return engine


def _parameters(password: str, purpose: str) -> dict[str, Any]:
    """For libpq: who this is, and how soon either side notices that the other is gone."""
    settings = {
        "lock_timeout": f"{BUSY_SECONDS}s",
        "tcp_keepalives_idle": SERVER_PATIENCE // 3,
        "tcp_keepalives_interval": SERVER_PATIENCE // 6,
        "tcp_keepalives_count": 4,
        "tcp_user_timeout": f"{SERVER_PATIENCE}s",
    }
    return {
        **({"password": password} if password else {}),
        "application_name": f"shepherd {purpose} {socket.gethostname()[:30]} {os.getpid()}",
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": CLIENT_PATIENCE * 1000,
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
    }


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (WRITING,))
    if _held is not None and not _held.stands(connection):
        raise StoreError(f"{_held.name}: {LOST}")


LOST = (
    "the work lock was lost with the connection that held it, and another host may work by now; nothing more"
    " is written or sent, the next run goes on"
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

    def take(self, key: int, wait: float = 0.0) -> bool:
        """Take an advisory lock until the session ends; whether it was free within `wait` seconds."""
        end = monotonic() + wait
        while True:
            if self.ask("SELECT pg_try_advisory_lock(%s)", key)[0][0]:
                return True
            if monotonic() >= end:
                return False
            sleep(_POLL)

    def free(self, key: int) -> None:
        self.ask("SELECT pg_advisory_unlock(%s)", key)

    def stands(self, connection: Connection) -> bool:
        """Whether this session still holds WORK, asked within a transaction of another one."""
        statement = (
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = %s"
            " AND classid = 0 AND objid = %s AND database = (SELECT oid FROM pg_database"
            " WHERE datname = current_database())"
        )
        return connection.exec_driver_sql(statement, (self._pid, WORK)).first() is not None

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
            raise StoreError(f"{self.name}: {_first_line(error)}") from None

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
        yield
    finally:
        _held = None


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
