"""A receiver of messages on this machine: it keeps what arrives, and goes wrong in every way that one can."""

from __future__ import annotations

import itertools
import socket
import socketserver
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from msgspec import Struct

EVERY = 0.02
"""Seconds between two bytes of a server that sends one now and then."""
LOGIN_PAGE = b"<!DOCTYPE html>\n<html><title>Please log in</title><form action='/login'></form></html>"


class Received(Struct, frozen=True):
    """One message that arrived whole."""

    target: str
    headers: Message
    body: bytes


class Behaviour(Struct, frozen=True):
    """What it does with each connection."""

    what: str = "answer"
    status: int = 200
    headers: dict[str, str] = {}
    body: bytes = b"ok"


class Receiver(socketserver.ThreadingTCPServer):
    """On a free port."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, host: str) -> None:
        super().__init__((host, 0), _Connection)
        self.behaviour = Behaviour()
        self.tls: ssl.SSLContext | None = None
        self.received: list[Received] = []
        self.on_message: Callable[[], object] = lambda: None
        """Called while the sender of one waits for the answer."""
        self.closing = threading.Event()

    @property
    def place(self) -> str:
        return "{}:{}".format(*self.server_address)


class _Connection(socketserver.BaseRequestHandler):
    server: Receiver

    def handle(self) -> None:
        behaviour = self.server.behaviour
        connection: socket.socket = self.request
        with suppress(OSError):
            if behaviour.what == "mute":
                # no TLS either: the connection is there, and nothing comes of it
                self.server.closing.wait(60)
            if behaviour.what == "reset unread":
                # once something has come, so that it is always after the connection
                connection.recv(1, socket.MSG_PEEK)
                _reset(connection)
                return
            if self.server.tls:
                connection = self.server.tls.wrap_socket(connection, server_side=True)
            if behaviour.what == "not http":
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
            self.server.received.append(_read(connection))
            self.server.on_message()
            self._answer(connection, behaviour)
        with suppress(OSError):
            connection.close()

    def _answer(self, connection: socket.socket, behaviour: Behaviour) -> None:
        closing = self.server.closing
        match behaviour.what:
            case "silence":
                closing.wait(60)
            case "reset":
                _reset(connection)
            case "half a status":
                connection.sendall(b"HTTP/1.1 20")
            case "drip":
                for byte in itertools.cycle(b"HTTP/1.1 200 OK\r\nX: y\r\n"):
                    connection.sendall(bytes([byte]))
                    if closing.wait(EVERY):
                        return
            case "half an answer":
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\no")
            case "drip behind the status":
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 99999\r\n\r\n"
                )
                while not closing.wait(EVERY):
                    connection.sendall(b"o")
            case "endless":
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
                while not closing.is_set():
                    connection.sendall(b"o" * 65_536)
            case "answer":
                lines = [f"HTTP/1.1 {behaviour.status} Whatever", f"Content-Length: {len(behaviour.body)}"]
                lines += [f"{name}: {value}" for name, value in behaviour.headers.items()]
                connection.sendall("\r\n".join([*lines, "", ""]).encode() + behaviour.body)


def _read(connection: socket.socket) -> Received:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65_536)
        if not piece:
            raise OSError("broken off")
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, _, rest = head.partition(b"\r\n")
    headers = message_from_bytes(rest + b"\r\n\r\n")
    while len(body) < int(headers["content-length"] or 0):
        piece = connection.recv(65_536)
        if not piece:
            raise OSError("broken off")
        body += piece
    return Received(first.decode().split(" ")[1], headers, body)


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@contextmanager
def receiving(host: str = "127.0.0.1") -> Iterator[Receiver]:
    """One that takes everything, until the end."""
    with Receiver(host) as receiver:
        thread = threading.Thread(target=receiver.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield receiver
        finally:
            receiver.closing.set()
            receiver.shutdown()
            thread.join()


def certificate(folder: Path, name: str = "127.0.0.1") -> Path:
    """A certificate that it signed itself, with its key, in one file."""
    file, key = folder / "cert.pem", folder / "key.pem"
    alternative = f"IP:{name}" if name[0].isdigit() else f"DNS:{name}"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", f"/CN={name}", "-addext", f"subjectAltName={alternative}"),
            *("-keyout", key, "-out", file),
        ],
        check=True,
        capture_output=True,
    )
    file.write_bytes(file.read_bytes() + key.read_bytes())
    return file


def context_of(file: Path) -> ssl.SSLContext:
    """A server's, with the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def closed_port() -> str:
    """A place where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"
