"""A PostgreSQL server of our own: in a folder of its own, on a free port of 127.0.0.1, ended by its pid."""

from __future__ import annotations

import gc
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest

_numbers = count(1)
COLLECTED_AFTER = 25
"""Databases. What a test leaves open is closed when Python collects it, which it does the less often the more
its memory holds: one worker reached the server's 500 connections."""


class PostgresServer:
    """A server with one superuser, `shepherd`, without a password from this machine.

    Args:
        folder: empty, and the server's user may pass to it.
    """

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        self.folder, self.host = folder, host
        self.port = _free_port()
        self._as_user: list[str] = []
        if os.geteuid() == 0:
            # it refuses root
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
            self._as_user = [
                "setpriv",
                f"--reuid={account.pw_uid}",
                f"--regid={account.pw_gid}",
                "--clear-groups",
            ]
        self._run(
            *(_program("initdb"), "-D", str(self.data), "-U", "shepherd", "-E", "UTF8", "--locale=C.UTF-8"),
            *("--auth=trust", "--no-sync", "--no-instructions"),
        )

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def start(self, **settings: str) -> None:
        """Args: settings: of postgresql.conf."""
        given = {"listen_addresses": self.host, "unix_socket_directories": "", "fsync": "off"}
        given |= {"max_connections": "500", **settings}
        options = " ".join(f"-c {name}={value!r}" for name, value in given.items())
        self._run(
            *(_program("pg_ctl"), "-D", str(self.data), "-w", "-l", str(self.folder / "log")),
            *("-o", f"-p {self.port} {options}", "start"),
        )

    def stop(self, mode: str = "fast") -> None:
        """Args: mode: immediate: as if it had crashed."""
        self._run(_program("pg_ctl"), "-D", str(self.data), "-m", mode, "-w", "stop")

    def new_database(self) -> str:
        """Make an empty database; its URL."""
        number = next(_numbers)
        if number % COLLECTED_AFTER == 0:
            gc.collect()
        name = f"shepherd{number}_{os.getpid()}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def url(self, database: str) -> str:
        return f"postgresql://shepherd@{self.host}:{self.port}/{database}"

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            [*self._as_user, *command], cwd="/", capture_output=True, text=True, check=False, timeout=60
        )
        if done.returncode:
            raise AssertionError(f"{command[0]}: {done.stdout}{done.stderr}")


@contextmanager
def running_server(**settings: str) -> Iterator[PostgresServer]:
    """A server for the block."""
    folder = Path(tempfile.mkdtemp(prefix="shepherd-pg-"))
    try:
        server = PostgresServer(folder)
        server.start(**settings)
        try:
            yield server
        finally:
            if (server.data / "postmaster.pid").exists():
                server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for all tests of a process; each takes a database of its own (`new_database`)."""
    with running_server() as server:
        yield server


def _program(name: str) -> str:
    """Debian keeps them in a folder of their version."""
    places = [Path(found).parent for found in [shutil.which(name)] if found]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / name).exists():
            return str(place / name)
    raise AssertionError(f"{name} is not installed: apt-get install postgresql")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """The tests of the module run once with each; a `Project` that they make has a database of that kind."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "postgresql":
            server: PostgresServer = request.getfixturevalue("postgres")
            patch.setattr("tests.project.new_database", server.new_database)
        yield request.param


@pytest.fixture
def database_url(engine: str, tmp_path: Path) -> str:
    """Of an empty database of either kind."""
    from tests import project

    return project.new_database() if project.new_database else f"sqlite:///{tmp_path / 'shepherd.db'}"
