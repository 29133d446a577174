"""A way to a real Redmine on which requests are counted, and go wrong when they are told to.

with running_redmine() as site, at_work(RedmineProxy(site.port)) as way:
    way.fail(503, on="PUT", times=2)    # see Fault; "lose": Redmine does it, and nobody hears of it
    …                                   # a client, against way.root
    way.asked                           # ["GET /issues.json?…", …]
"""

from __future__ import annotations

import http.client
from urllib.parse import unquote

from tests.trackers.faulty import FaultyHandler, FaultyServer

_OURS = ("connection", "transfer-encoding", "keep-alive")
"""Headers of an answer that concern one connection alone."""


class RedmineProxy(FaultyServer):
    """One request after the other: what began is over before the next one is passed on, also where the
    asker is dead. `tell` is called with each before it is passed on.

    Args:
        port: Redmine's, of 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        super().__init__(_Passing)
        self.port = port
        self.asked: list[str] = []
        """"METHOD /path?query", unquoted."""
        self.bodies: list[str] = []

    @property
    def root(self) -> str:
        """What `tracker.service_root` is to be."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def writes(self) -> int:
        return sum(not each.startswith("GET") for each in self.asked)


class _Passing(FaultyHandler):
    server: RedmineProxy

    def _attend(self) -> None:
        proxy, told = self.server, f"{self.command} {unquote(self.path)}"
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        if len(content) < length:  # the asker was killed in the middle of it
            self.close_connection = True
            return
        with proxy.lock:
            proxy.tell(told)
            proxy.asked.append(told)
            proxy.bodies.append(content.decode())
            fault = proxy.fault(f"{told} {content.decode()}")
            if fault is None or fault.what == "lose":
                status, headers, body = self._passed_on(content)
        if fault is None:
            self._answer(status, headers, body)
        elif fault.what in ("lose", "reset"):
            self._reset()
        elif fault.what == "hang":
            self._hang()
        elif fault.what == "html":
            page = b"<html><body>Please log in to the hotel's network</body></html>"
            self._answer(200, [("Content-Type", "text/html"), *fault.headers.items()], page)
        else:
            assert isinstance(fault.what, int), fault
            self._answer(fault.what, list(fault.headers.items()), fault.body or b"")

    def _passed_on(self, content: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OURS}
            connection.request(self.command, self.path, content or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in (*_OURS, "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.server.sent += len(body)
        self.wfile.write(body)
