"""A host in strange hands: it speaks ssh as it should, and says whatever it likes."""

from __future__ import annotations

import socketserver
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import paramiko

from ops.deploy.host import Host
from ops.deploy.openssh import Route
from shepherd.settings import DeploySettings


class Says(NamedTuple):
    """What it does where it is asked to run a command."""

    out: bytes = b""
    err: bytes = b""
    code: int | None = 0
    """None: it never ends."""
    again: bool = False
    """It says so for ever."""
    every: float = 0.0
    """Seconds between two bytes."""


def key(folder: Path, kind: str = "ed25519", name: str = "host_key") -> Path:
    """A new pair of keys; the file of the private one."""
    file = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", file], check=True)
    return file


@contextmanager
def listening(serve: Callable[[Any], None]) -> Iterator[int]:
    """A port on loopback; `serve` is given each connection, in a thread of its own."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError, EOFError, paramiko.SSHException):
                serve(self.request)

        def finish(self) -> None:
            over.wait(60)  # else the connection is closed

    over = threading.Event()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            over.set()
            server.shutdown()


class _Server(paramiko.ServerInterface):  # type: ignore[misc]  # paramiko has no types
    def __init__(self, says: Says, over: threading.Event) -> None:
        self._says, self._over = says, over

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_auth_password(self, username: str, password: str) -> int:
        return int(paramiko.common.AUTH_SUCCESSFUL)

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.common.OPEN_SUCCEEDED)

    def check_channel_exec_request(self, channel: Any, command: bytes) -> bool:
        threading.Thread(target=self._say, args=(channel,), daemon=True).start()
        return True

    def _say(self, channel: Any) -> None:
        says = self._says
        try:
            channel.recv(1)  # until it is asked, or there is nothing to ask
            while not self._over.is_set():
                channel.sendall_stderr(says.err)
                for piece in [bytes([each]) for each in says.out] if says.every else [says.out]:
                    channel.sendall(piece)
                    time.sleep(says.every)
                if not says.again:
                    break
            if says.code is not None:
                channel.send_exit_status(says.code)
                channel.close()
        except (OSError, EOFError, paramiko.SSHException):
            pass  # who asked has gone


@contextmanager
def fake_host(folder: Path, says: Says) -> Iterator[Host]:
    """The host, not opened yet, with its key known."""
    folder.mkdir(parents=True, exist_ok=True)
    private = key(folder)
    over = threading.Event()
    transports: list[paramiko.Transport] = []

    def serve(connection: Any) -> None:
        transport = paramiko.Transport(connection)
        transports.append(transport)
        transport.add_server_key(paramiko.Ed25519Key.from_private_key_file(str(private)))
        transport.start_server(server=_Server(says, over))

    with listening(serve) as port:
        try:
            yield host_at(folder, port, private)
        finally:
            over.set()
            for each in transports:
                each.close()


def host_at(folder: Path, port: int, *keys: Path, proxy: str = "", names: Sequence[str] = ()) -> Host:
    """A host on loopback whose keys are known under these names (its own)."""
    known = folder / "known_hosts"
    lines = [
        f"{name} {each.with_suffix('.pub').read_text()}"
        for each in keys
        for name in (names or [f"[127.0.0.1]:{port}"])
    ]
    known.write_text("".join(lines))
    route = Route(
        name=f"127.0.0.1:{port}",
        host="127.0.0.1",
        port=port,
        user="lpqateam",
        identities=(),
        proxy=proxy,
        known_as=f"[127.0.0.1]:{port}",
        known_hosts=(known,),
        revoked="",
        algorithms=(),
        patience=5,
    )
    return Host(route, DeploySettings(), {"password": "x", "allow_agent": False})
