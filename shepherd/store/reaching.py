"""How a PostgreSQL server is reached: what the URL in `database` says, and a connection
(docs/postgresql.md#the-url).

No password is ever part of the URL, or of a message.
"""

from __future__ import annotations

import os
import re
import socket
from types import ModuleType
from typing import TYPE_CHECKING, Any

from shepherd.errors import StoreError
from shepherd.store.server_failures import sentence

if TYPE_CHECKING:
    import psycopg

BUSY_SECONDS = 10
"""How long a transaction waits for that of another process."""
CONNECT_SECONDS = 10
CLIENT_PATIENCE = 25
"""Seconds after which a server that cannot be reached any more is given up."""
SERVER_PATIENCE = 90
"""Seconds after which the server gives up a host that cannot be reached any more, and frees its locks. Longer
than the other, and than one act takes: the host has noticed by then that it may not go on."""


def for_programs(url: str) -> str:
    """The same URL for PostgreSQL's own programs, which give up a server that cannot be reached as we do."""
    noticing = "&".join(f"{name}={value}" for name, value in _noticing().items())
    return _as_libpq_has_it(url) + ("&" if "?" in url else "?") + noticing


def name_of(url: str) -> str:
    """The database in messages, without any password. Who only reads does not wait for SQLAlchemy."""
    bare = re.sub(r"(//[^:@/?]*):[^?]*@", r"\1:***@", url)
    return "database " + re.sub(r"([?&](?:ssl)?password=)[^&]*", r"\1***", bare)


def connect(url: str, password: str, purpose: str, connect_seconds: int = 0) -> psycopg.Connection[Any]:
    """A session of its own, in which each statement is a transaction.

    Args:
        url: as libpq has it, with several hosts if need be (docs/postgresql.md#the-url).
        connect_seconds: how long a server that does not answer is waited for; 0: as usual.

    Raises:
        StoreError: there is none to be had.
    """
    driver, values = _driver(url), parameters(url, password, purpose)
    if connect_seconds:
        values["connect_timeout"] = connect_seconds
    try:
        connection: psycopg.Connection[Any] = driver.connect(autocommit=True, **values)
        if connection.info.server_version >= 140000:
            # the holder of a lock asks nothing for as long as a stage takes
            connection.execute("SET idle_session_timeout = 0")
        return connection
    except driver.Error as error:
        raise StoreError(sentence(name_of(url), error)) from None


def parameters(url: str, password: str, purpose: str) -> dict[str, Any]:
    """For libpq: what the URL says, who this is, and how soon either side notices that the other is gone.

    Raises:
        StoreError: libpq does not understand the URL.
    """
    psycopg = _driver(url)
    settings = {
        "lock_timeout": f"{BUSY_SECONDS}s",
        "tcp_keepalives_idle": SERVER_PATIENCE // 3,
        "tcp_keepalives_interval": SERVER_PATIENCE // 6,
        "tcp_keepalives_count": 4,
        "tcp_user_timeout": f"{SERVER_PATIENCE}s",
    }
    ours = {
        "application_name": session_name(purpose, socket.gethostname(), os.getpid()),
        "connect_timeout": CONNECT_SECONDS,
        **_noticing(),
        "client_encoding": "UTF8",
        **({"password": password} if password else {}),
    }
    try:
        theirs = psycopg.conninfo.conninfo_to_dict(_as_libpq_has_it(url))
    except psycopg.Error as error:
        raise StoreError(f"{name_of(url)}: {_first_line(error)} (docs/postgresql.md#the-url)") from None
    options = [f"-c {name}={value}" for name, value in settings.items()]
    return {**theirs, **ours, "options": " ".join([*options, theirs.get("options", "")]).strip()}


def session_name(purpose: str, host: str, process: int) -> str:
    """How a session of ours is called on the server, whose names are of 63 characters."""
    return f"shepherd {purpose} {host[:30]} {process}"


def _as_libpq_has_it(url: str) -> str:
    return re.sub(r"\Apostgresql\+psycopg:", "postgresql:", url)


def _noticing() -> dict[str, int]:
    """For libpq: how a client notices within CLIENT_PATIENCE that the server cannot be reached any more."""
    return {
        "keepalives_idle": max(1, CLIENT_PATIENCE * 2 // 5),
        "keepalives_interval": max(1, CLIENT_PATIENCE // 5),
        "keepalives_count": 3,
        "tcp_user_timeout": CLIENT_PATIENCE * 1000,
    }


def _driver(url: str) -> ModuleType:
    """psycopg. Raises StoreError: it cannot be used."""
    try:
        import psycopg.conninfo
    except ImportError as error:
        from shepherd.extras import how_to_install

        why = "is not installed" if error.name == "psycopg" else f"cannot be used ({_first_line(error)})"
        raise StoreError(
            f"{name_of(url)}: needs psycopg, which {why}: {how_to_install('postgresql')}"
        ) from None
    return psycopg


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
