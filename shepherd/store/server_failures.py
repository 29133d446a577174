"""What a PostgreSQL server, or the way to it, has wrong: one sentence, and what to do
(docs/postgresql.md#when-it-fails).

A failed statement has a code, whatever language the server speaks; a failed connection has only its text.
"""

from __future__ import annotations

from collections.abc import Mapping

from shepherd.values import clean

_LONGEST = 400
"""Characters of what a server says that are repeated."""
_NOTHING = "nothing was half-written, and the next run goes on"
_RIGHTS = "the role should own the database: docs/postgresql.md#setting-up"
_LIMIT = f"{_NOTHING}; a limit of the server or the role is too low for us: inv doctor --only database"

NO_TABLE = "42P01"
BY_CODE: Mapping[str, str] = {
    "25006": "the server takes no writes: name the primary, see docs/postgresql.md#failover",
    "25P03": _LIMIT,
    "25P04": _LIMIT,
    "40P01": f"{_NOTHING}: try again",
    "42501": _RIGHTS,
    "3F000": "no schema of search_path is there: inv doctor --only database",
    "53100": f"make room on the server's disk: {_NOTHING}",
    "53200": f"the server is out of memory: {_NOTHING}",
    "55P03": "another program holds it; try again, and see `inv lock.status`",
    "57014": _LIMIT,
    "57P01": _NOTHING,
    "57P02": _NOTHING,
    "57P05": _NOTHING,
}
"""By SQLSTATE (PostgreSQL's manual, appendix A)."""
BY_TEXT: Mapping[str, str] = {
    "No space left on device": BY_CODE["53100"],
    "Connection refused": "is the server running, and does it listen there? listen_addresses, a firewall",
    "No such file or directory": "is the server running, and is its socket in that folder?",
    "failed to resolve host": "is the name right, and does this host know it?",
    "timeout expired": "is the server up, and lets a firewall us through to it?",
    "no password supplied": "name its file in database_password_file, or in PGPASSFILE",
    "password authentication failed": "is it the right one in database_password_file, or in PGPASSFILE?",
    "pg_hba.conf": "the server does not let this host in: docs/postgresql.md#setting-up",
    "does not support SSL": "switch ssl on there, or leave out sslmode",
    "certificate verify failed": "name the file with its authority: sslrootcert=/PATH",
    "too many clients": "max_connections of the server is used up",
    "too many connections": "the limit of the role or database is used up",
    "remaining connection slots are reserved": "max_connections of the server is used up",
    "permission denied for database": _RIGHTS,
    "unsupported startup parameter": "that is a connection pooler: name the server itself",
    "the database system is": f"{_NOTHING} when it is up",
    "read-only": BY_CODE["25006"],
    "NUL": "PostgreSQL keeps no such text: take the character out of it",
    "server closed the connection": _NOTHING,
    "connection is closed": _NOTHING,
    "connection is lost": _NOTHING,
    "could not receive data": _NOTHING,
    "consuming input failed": _NOTHING,
}
"""By what libpq, or the server while we connect, says; the first that fits."""


def sentence(name: str, error: BaseException) -> str:
    """Args: name: of the database, without any password."""
    # a connection that failed at several hosts says more below, host by host
    cause = clean(str(error).strip().split("\n", 1)[0], _LONGEST)
    if remedy := _remedy(error, cause):
        return f"{name}: {cause} ({remedy})"
    return f"{name}: {cause}"


def _remedy(error: BaseException, cause: str) -> str:
    if remedy := BY_CODE.get(getattr(error, "sqlstate", None) or ""):
        return remedy
    if 'role "' in cause and cause.endswith("does not exist"):
        return "createuser makes it: docs/postgresql.md#setting-up"
    if 'database "' in cause and cause.endswith("does not exist"):
        return "createdb makes it: docs/postgresql.md#setting-up"
    return next((remedy for sign, remedy in BY_TEXT.items() if sign in cause), "")
