"""What the local trackers have in common: they are on this machine, and go wrong when they are told to."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar


@dataclass
class Fault:
    """What goes wrong with the next requests that hold `on`."""

    what: int | str
    """A status, or: "reset", "hang", "truncate", "html", "redirect", "lose" (done, but never answered),
    "drip" (a byte now and then), "say" (`body` as it is), and what each server knows beside."""
    on: str = ""
    times: int = 1
    after: int = 0
    """So many matching requests go well first."""
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    """Of a status; None: what the server says then."""


class FaultyServer(ThreadingHTTPServer):
    """On a free port; gone with `serving`."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.sent = 0
        """Bytes of all bodies."""
        self.token = ""
        """The one that is accepted; empty: any."""
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.tell: Callable[[str], None] = lambda request: None
        """Called with each request before it is answered, with nothing locked."""
        self.elsewhere = "http://127.0.0.2:9/"
        """Where "redirect" leads to."""
        self.lock = threading.RLock()
        self._faults: list[Fault] = []

    def fail(self, what: int | str, on: str = "", times: int = 1, **more: Any) -> None:
        """See Fault. Several are tried in the order in which they were given."""
        self._faults.append(Fault(what, on, times, **more))

    def repair(self) -> None:
        """Nothing fails any more."""
        self._faults.clear()

    def fault(self, request: str) -> Fault | None:
        """What goes wrong with this request."""
        for fault in self._faults:
            if fault.on in request and fault.times:
                if fault.after:
                    fault.after -= 1
                    continue
                fault.times -= 1
                return fault
        return None

    def verify(self) -> None:
        """Called when its work is over. Raises AssertionError: it was asked for what the real one does not
        know."""

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is what tests do all the time."""


class FaultyHandler(BaseHTTPRequestHandler):
    """Answers in one write; its subclasses answer in `_attend`."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._attend()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def _attend(self) -> None:
        raise AssertionError

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
        self.close_connection = True

    def _hang(self) -> None:
        """Until the client has had enough."""
        self.connection.settimeout(60)
        self.connection.recv(1)
        self.close_connection = True


_S = TypeVar("_S", bound=FaultyServer)


@contextmanager
def at_work(server: _S) -> Iterator[_S]:
    """The server serves, in a thread of its own, until the end."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
        server.verify()
