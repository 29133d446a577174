"""Each way in which a URL names a server and a password is found, on a server that asks for passwords
(docs/postgresql.md#the-url)."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from shepherd.errors import StoreError
from shepherd.store import Database, postgresql, reaching
from shepherd.store.postgresql import Session
from tests.postgres import PostgresServer, running_server

ROLE, PASSWORD = "team@qa", "hunter:2/@%"
_TRUST = "host all shepherd 127.0.0.1/32 trust\nlocal all all scram-sha-256\nhost all all all scram-sha-256\n"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """At 127.0.0.1, ::1 and a socket; ROLE owns the database `shepherd`."""
    with tempfile.TemporaryDirectory(prefix="shepherd-socket-") as folder:
        Path(folder).chmod(0o777)
        with running_server(listen_addresses="127.0.0.1,::1", unix_socket_directories=folder) as server:
            with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
                connection.execute(f"CREATE ROLE \"{ROLE}\" LOGIN PASSWORD '{PASSWORD}'")
                connection.execute(f'CREATE DATABASE shepherd OWNER "{ROLE}"')
                (server.data / "pg_hba.conf").write_text(_TRUST)
                connection.execute("SELECT pg_reload_conf()")
            (server.folder / "sockets").symlink_to(folder)
            yield server


def who(url: str, password: str = PASSWORD) -> str:
    """As whom both a session and the store work by a URL."""
    session = Session(url, password, "reading")
    ((role,),) = session.ask("SELECT current_user")
    session.close()
    with Database(url, password=password) as database, database.begin() as connection:
        assert connection.exec_driver_sql("SELECT current_user").scalar() == role
    return str(role)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://team%40qa@127.0.0.1:{port}/shepherd",
        "postgresql+psycopg://team%40qa@127.0.0.1:{port}/shepherd",
        "postgresql://team%40qa@[::1]:{port}/shepherd",
        "postgresql://team%40qa@:{port}/shepherd?host={sockets}",
        "postgresql:///shepherd?host={sockets}&port={port}&user=team%40qa",
        "postgresql://team%40qa@127.0.0.1:{closed},127.0.0.1:{port}/shepherd?target_session_attrs=read-write",
        "postgresql://team%40qa@127.0.0.1:{port}/shepherd?sslmode=prefer&options=-c%20work_mem%3D8MB",
    ],
)
def test_a_server_is_reached(server: PostgresServer, url: str) -> None:
    sockets = os.path.realpath(server.folder / "sockets")
    with socket.socket() as closed:
        # bound, and nobody listens
        closed.bind(("127.0.0.1", 0))
        full = url.format(port=server.port, sockets=sockets, closed=closed.getsockname()[1])
        assert who(full) == ROLE


def test_a_service_names_a_server(
    server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "services").write_text(
        f"[qa]\nhost=127.0.0.1\nport={server.port}\nuser={ROLE}\ndbname=shepherd\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    assert who("postgresql:///?service=qa") == ROLE


@pytest.mark.parametrize("how", ["PGPASSFILE", "passfile"])
def test_a_password_is_found_where_libpq_looks(
    server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    file = tmp_path / "passwords"
    escaped = PASSWORD.replace(":", "\\:")
    file.write_text(f"127.0.0.1:{server.port}:shepherd:{ROLE}:{escaped}\n")
    file.chmod(0o600)
    url = f"postgresql://team%40qa@127.0.0.1:{server.port}/shepherd"
    if how == "PGPASSFILE":
        monkeypatch.setenv(how, str(file))
    else:
        url += f"?passfile={file}"
    assert who(url, "") == ROLE


def test_a_wrong_password_is_not_repeated(server: PostgresServer) -> None:
    url = f"postgresql://team%40qa@127.0.0.1:{server.port}/shepherd"
    for attempt in (lambda: Session(url, "hunter3", "reading"), lambda: Database(url, password="hunter3")):
        with pytest.raises(StoreError, match="authentication") as caught:
            attempt()
        assert "hunter3" not in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "postgresql://ann:s3/cr@t@db/x?sslmode=require",
            "database postgresql://ann:***@db/x?sslmode=require",
        ),
        ("postgresql://ann@db:1,[::1]:2/x", "database postgresql://ann@db:1,[::1]:2/x"),
        ("postgresql:///x?user=a&password=s3cr@t", "database postgresql:///x?user=a&password=***"),
    ],
)
def test_a_password_shows_nowhere(url: str, shown: str) -> None:
    assert reaching.name_of(url) == shown


@pytest.mark.parametrize("wrong", ["postgresql://db%zz/x", "postgresql://db/x?nonsense=1"])
def test_what_is_no_url_is_one_sentence(wrong: str) -> None:
    for attempt in (lambda: Session(wrong, "", "reading"), lambda: Database(wrong)):
        with pytest.raises(StoreError, match=r"^database \S+: .* \(docs/postgresql.md#the-url\)$"):
            attempt()


def test_a_lock_is_not_taken_through_a_pooler(postgres: PostgresServer) -> None:
    with _pooler(postgres.port) as port:
        url = postgres.new_database().replace(f":{postgres.port}/", f":{port}/")
        session = Session(url, "", "working")
        with pytest.raises(StoreError, match="a connection pooler"):
            session.take(postgresql.WORK)
        session.close()


@pytest.mark.real
def test_a_lock_is_not_taken_on_a_standby() -> None:
    with running_server() as server:
        url = server.new_database()
        server.stop()
        (server.data / "standby.signal").touch()
        server.start()
        session = Session(url, "", "working")
        with pytest.raises(StoreError, match="a standby, which takes no writes"):
            session.take(postgresql.WORK)
        session.close()


@pytest.mark.real
def test_the_server_ends_no_session_because_it_is_idle() -> None:
    with running_server(idle_session_timeout="1h") as server:
        session = Session(server.new_database(), "", "working")
        assert session.ask("SHOW idle_session_timeout") == [("0",)]
        session.close()


@contextmanager
def _pooler(port: int) -> Iterator[int]:
    """Something between us and the server that, as pgbouncer does, gives a number of its own for the
    server's process."""
    number = b"K\0\0\0\x0c"

    def carry(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError), target:
            while data := source.recv(65536):
                if (place := data.find(number)) >= 0:
                    place += len(number)
                    data = data[:place] + b"\0\1\2\3" + data[place + 4 :]
                target.sendall(data)

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", port))
            for pair in ((client, server), (server, client)):
                Thread(target=carry, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("end", ["", "/qa", "/qa?sslmode=require", "/qa?keepalives_idle=7200"])
def test_a_program_of_postgresql_gives_up_a_lost_server_as_we_do(end: str) -> None:
    url = f"postgresql+psycopg://shepherd@db{end}"
    found = conninfo_to_dict(reaching.for_programs(url))
    ours = reaching.parameters(url, "", "writing")
    assert found["host"] == "db" and found["user"] == "shepherd"
    for name in ("keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"):
        assert found[name] == str(ours[name])
    assert found.get("sslmode") == ours.get("sslmode")
