"""A chat on loopback that keeps what it was told, or fails in every way; and what brings a notice there."""

from __future__ import annotations

import http.client
import json
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal

from shepherd.act.notice import NoticeError
from shepherd.errors import UnsureError
from shepherd.plans.notices import Notice
from shepherd.settings import Settings
from shepherd.settings.model import NotifySettings

Trick = Literal[
    "",
    "close",  # before it has read anything
    "hang",  # it reads, and never answers: nothing was kept
    "500",
    "429",
    "take it and reset",  # kept, and the connection is reset without an answer
    "take it and hang",
]
TRICKS: tuple[Trick, ...] = ("close", "hang", "500", "429", "take it and reset", "take it and hang")
PATIENCE = 0.15
"""Seconds that whoever brings a notice waits for an answer."""


class Chat(socketserver.ThreadingTCPServer):
    """Attributes: trick: what goes wrong now. told: the documents that it kept."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.trick: Trick = ""
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
        status = {"500": "500 Oh", "429": "429 Later"}.get(trick, "204 Yes")
        with suppress(OSError):
            self.wfile.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
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


def bring(notice: Notice, place: NotifySettings, settings: Settings) -> None:
    """In place of `shepherd.act.notice.deliver`: with little patience."""
    address = (settings.file.parent / place.url_file).read_text().strip().partition("//")[2].rstrip("/")
    host, _, port = address.partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
    document = {
        "id": notice.id,
        "branch": notice.branch,
        "answer": notice.answer,
        "left_out": notice.left_out,
        "changes": [
            {"kind": each.kind, "key": each.key, "text": each.text, "again": each.again}
            for each in notice.changes
        ],
    }
    try:
        connection.connect()
    except OSError as error:
        raise NoticeError(f"{place.name}: {error}") from None
    try:
        connection.request("POST", "/", json.dumps(document))
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise UnsureError(f"{place.name}: no answer ({error!r})") from None
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise NoticeError(f"{place.name}: it answers {status}")
