"""The journal of a PostgreSQL server as a part of a backup, by the server's own programs
(docs/backups.md#on-postgresql).

`pg_dump` writes it, as it was at one moment. What it wrote is not put onto a server to be looked at:
`pg_restore` turns it back into text, and the rows come into a database of SQLite in memory, which the rest of
these modules reads.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.schema import CreateIndex, CreateTable

from shepherd import children
from shepherd.errors import SourceError, StoreError
from shepherd.running.backup import manifest
from shepherd.settings import Settings
from shepherd.store.reaching import for_programs
from shepherd.store.tables import journal

LIMIT = 3600.0
"""Seconds that one of these programs may take; `run.deadline` ends a run before that."""
BUSY_MILLISECONDS = 10_000
DEBIAN = "/usr/lib/postgresql"
"""Where Debian keeps the programs of each version."""
REMEDY = "install PostgreSQL's client programs, no older than the server (apt-get install postgresql-client)"

_NEWER = ("server version mismatch", "unsupported version")
"""What a program says that is older than the server, or than the one that made a dump."""
_COPY = re.compile(rb"COPY \S+ \(([^)]*)\) FROM stdin;")
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_MEANS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_LIMITED = (
    "import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2);"
    " os.execvp(sys.argv[2], sys.argv[2:])"
)
"""A program that may write only so many bytes into a file: a small dump may hold any number of rows."""


def dump(settings: Settings, file: Path) -> None:
    """Write the journal into a file that is there.

    Raises:
        StoreError: the program is missing or too old, or could not; the sentence says which.
    """
    url = for_programs(settings.database_url)
    options = [
        *("--format=custom", f"--table={journal.name}", "--no-owner", "--no-privileges", "--no-password"),
        *(f"--lock-wait-timeout={BUSY_MILLISECONDS}", f"--file={file}", f"--dbname={url}"),
    ]
    with _password_file(settings.database_password) as named:
        _run("pg_dump", options, extra=named)


def journal_in(dump: IO[bytes]) -> sqlite3.Connection:
    """The journal in a dump, in a new database in memory.

    Raises:
        ValueError: it is not the dump of a journal. StoreError: `pg_restore` is missing, or too old.
    """
    with tempfile.TemporaryFile() as text:
        _run("pg_restore", ["--data-only", f"--table={journal.name}", "--file=-"], input=dump, into=text)
        text.seek(0)
        # also used by the thread of a pool
        connection = sqlite3.connect(":memory:", check_same_thread=False)
        try:
            dialect = SQLiteDialect()
            connection.execute(str(CreateTable(journal).compile(dialect=dialect)))
            for index in journal.indexes:
                connection.execute(str(CreateIndex(index).compile(dialect=dialect)))
            places = ", ".join("?" * len(journal.columns))
            with connection:
                insert = f"INSERT INTO journal VALUES ({places})"  # noqa: S608  # question marks alone
                connection.executemany(insert, _rows(text))
        except BaseException:
            connection.close()
            raise
    return connection


def programs(name: str) -> list[str]:
    """Where a program is: the one on PATH, then those of Debian's folders, the newest first."""
    found = [each for each in [shutil.which(name)] if each]
    versions = {each.parent.parent.name: str(each) for each in Path(DEBIAN).glob(f"*/bin/{name}")}
    newest = sorted(filter(str.isdigit, versions), key=int, reverse=True)
    return [*found, *(versions[each] for each in newest)]


def version_of(program: str) -> int:
    """The major version of one of them, 0 if it does not say."""
    try:
        _, said, _ = children.finish(
            [program, "--version"], name=program, env=children.environment({}), limit=10
        )
    except SourceError:
        return 0
    match = re.search(rb"\b(\d+)[.\w]*", said)
    return int(match[1]) if match else 0


def _run(
    name: str,
    options: Sequence[str],
    *,
    input: IO[bytes] | bytes = b"",
    into: IO[bytes] | None = None,
    extra: Mapping[str, str] = {},
) -> None:
    env = children.environment(extra, (each for each in os.environ if each.startswith("PG")))
    env |= {
        "LC_ALL": "C.UTF-8",
        "PGCONNECT_TIMEOUT": env.get("PGCONNECT_TIMEOUT", "10"),
        "PGCLIENTENCODING": "UTF8",
    }
    why = f"{name} is not there: {REMEDY}"
    limited = [sys.executable, "-I", "-S", "-c", _LIMITED, str(manifest.largest(manifest.DUMP))]
    for program in programs(name):
        if not isinstance(input, bytes):
            input.seek(0)
        try:
            code, _, errors = children.finish(
                [*limited, program, *options], name=name, env=env, limit=LIMIT, input=input, into=into
            )
        except SourceError as error:
            raise StoreError(str(error)) from None
        if not code:
            return
        said = errors.decode(errors="replace")
        why = f"{name}: {_cause(name, said, code)}"
        if not any(each in said for each in _NEWER):
            raise StoreError(why) if name == "pg_dump" else ValueError(why)
        # another one may be newer
        why += f": {REMEDY}"
    raise StoreError(why)


def _cause(name: str, said: str, code: int) -> str:
    lines = [
        line.removeprefix(f"{name}: ").removeprefix("error: ") for line in said.splitlines() if line.strip()
    ]
    mismatch = [line for line in lines if any(each in line for each in _NEWER)]
    details = [line.removeprefix("detail: ") for line in lines if line.startswith("detail: ")]
    if mismatch:
        return "; ".join([*mismatch, *details])[:300]
    return lines[0][:300] if lines else f"ended with {code}"


@contextmanager
def _password_file(password: str) -> Iterator[dict[str, str]]:
    """A file for libpq with the password, in memory alone: nothing of it is left if we are killed, and no
    list of processes shows it."""
    if not password:
        yield {}
        return
    handle = os.memfd_create("pgpass")
    try:
        # libpq believes no file that others may read
        os.fchmod(handle, 0o600)
        escaped = password.replace("\\", "\\\\").replace(":", "\\:")
        os.write(handle, f"*:*:*:*:{escaped}\n".encode())
        yield {"PGPASSFILE": f"/proc/{os.getpid()}/fd/{handle}"}
    finally:
        os.close(handle)


def _rows(text: Iterable[bytes]) -> Iterator[list[str | int]]:
    """The rows in what `pg_restore` writes. Raises ValueError: they are not those of a journal."""
    lines, tables = iter(text), 0
    for line in lines:
        if not (match := _COPY.match(line)):
            continue
        tables += 1
        columns = [each.strip().strip('"') for each in match[1].decode().split(",")]
        if columns != list(journal.columns.keys()) or tables > 1:
            raise ValueError("its journal has columns that this release does not know")
        for row in lines:
            if row == b"\\.\n":
                break
            seq, *values = row.removesuffix(b"\n").split(b"\t")
            yield [int(seq), *(_value(each) for each in values)]
        else:
            raise ValueError("its journal was cut short")
    if not tables:
        raise ValueError("there is no journal in it")


def _value(field: bytes) -> str:
    """A field as PostgreSQL's text format of COPY has it, without its escapes."""
    if field == b"\\N":
        raise ValueError("an entry of its journal lacks something")
    return _ESCAPED.sub(lambda match: _MEANS.get(match[1], match[1]), field).decode()
