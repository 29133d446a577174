"""A server that answers properly up to some step, and from there on a byte now and then, without an end."""

from __future__ import annotations

import itertools
import socketserver
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

EVERY = 0.02
"""Seconds between two bytes."""


@dataclass(frozen=True)
class Drip:
    """What every connection gets."""

    drop: bytes
    """Sent byte by byte, over and over; empty: silence."""
    start: bytes = b""
    """Sent at once before it."""
    replies: Sequence[bytes] = ()
    """Before all that: one for each thing that the client says."""
    speaks_first: bool = False
    """The first reply does not wait for the client."""


class DrippingServer(socketserver.ThreadingTCPServer):
    """On a free port of this machine."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 50

    def __init__(self, drip: Drip) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.drip = drip
        self.closing = threading.Event()
        self.connections = 0

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Session(socketserver.BaseRequestHandler):
    server: DrippingServer

    def handle(self) -> None:
        self.server.connections += 1
        drip = self.server.drip
        with suppress(OSError):
            if not drip.speaks_first:
                self.request.recv(65_536)
            for reply in drip.replies:
                self.request.sendall(reply)
                self.request.recv(65_536)
            self.request.sendall(drip.start)
            if not drip.drop:
                self.server.closing.wait(60)
            for byte in itertools.cycle(drip.drop):
                self.request.sendall(bytes([byte]))
                if self.server.closing.wait(EVERY):
                    return


@contextmanager
def dripping(drip: Drip) -> Iterator[DrippingServer]:
    """The server, until the end."""
    with DrippingServer(drip) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()


_OK = b"HTTP/1.1 200 OK\r\n"
_JSON = _OK + b"Content-Type: application/json\r\n"
HTTP: dict[str, Drip] = {
    "status line": Drip(b"O", b"HTTP/1.1 200 "),
    "name of a header": Drip(b"X", _OK),
    "value of a header": Drip(b"x", _OK + b"X-Y: "),
    "headers": Drip(b"A: b\r\n", _OK),
    "interim answers": Drip(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body of a length": Drip(b" ", _JSON + b"Content-Length: 900000\r\n\r\n"),
    "body without a length": Drip(b" ", _JSON + b"Connection: close\r\n\r\n"),
    "size of a chunk": Drip(b"0", _JSON + b"Transfer-Encoding: chunked\r\n\r\n"),
    "extension of a chunk": Drip(b"x", _JSON + b"Transfer-Encoding: chunked\r\n\r\n5;"),
    "chunk": Drip(b" ", _JSON + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n"),
    "trailers": Drip(b"A: b\r\n", _JSON + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"),
    "packed body": Drip(b"\0", _JSON + b"Content-Encoding: gzip\r\nContent-Length: 900000\r\n\r\n"),
    "body of an error": Drip(b" ", b"HTTP/1.1 500 Trouble\r\nContent-Length: 900000\r\n\r\n"),
}
"""By the step at which it drips."""

HANDSHAKE = Drip(b"\x02", b"\x16\x03\x03\x40\x00")
"""The first record of TLS, which never ends."""
