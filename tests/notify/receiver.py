"""A webhook on loopback that keeps what it was told, or fails in every way."""

from __future__ import annotations

import json
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal

Trick = Literal[
    "",
    "close",  # before it has read anything
    "hang",  # it reads, and never answers: nothing was kept
    "500",  # whether it kept it is not known
    "503",
    "429",
    "take it and reset",  # kept, and the connection is reset without an answer
    "take it and hang",
]
TRICKS: tuple[Trick, ...] = (
    *("close", "hang", "500", "503", "429"),
    *("take it and reset", "take it and hang"),
)
PATIENCE = 0.15
"""Seconds for which tests wait for an answer."""


class Chat(socketserver.ThreadingTCPServer):
    """Attributes: trick: what goes wrong now. told: the documents that it kept. wait: seconds that it asks to
    be left alone."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.trick: Trick = ""
        self.wait = 0
        self.told: list[dict[str, Any]] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return "http://{}:{}/".format(*self.server_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is nothing to be said."""


class _Session(socketserver.StreamRequestHandler):
    server: Chat

    def handle(self) -> None:
        trick = self.server.trick
        if trick == "close":
            return self._reset()
        length = 0
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode().partition(":")
            length = int(value) if name.lower() == "content-length" else length
        body = self.rfile.read(length)
        if not length or len(body) < length:
            return None
        if trick in ("", "take it and reset", "take it and hang"):
            self.server.told.append(json.loads(body))
        if trick.endswith("hang"):
            self.server.closing.wait(5)
        if trick == "take it and reset":
            return self._reset()
        status = {"500": "500 Oh", "503": "503 Wait", "429": "429 Later"}.get(trick, "200 Yes")
        wait = f"Retry-After: {self.server.wait}\r\n" if self.server.wait else ""
        with suppress(OSError):
            self.wfile.write(f"HTTP/1.1 {status}\r\n{wait}Content-Length: 0\r\n\r\n".encode())
        return None

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


@contextmanager
def chatting() -> Iterator[Chat]:
    with Chat() as chat:
        thread = threading.Thread(target=chat.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield chat
        finally:
            chat.closing.set()
            chat.shutdown()
            thread.join()
