"""A Launchpad on this machine, and its failures: lazr.restful's answers, or what a test makes of them.

    with serving() as lp:
        lp.bugs[1] = Bug(tags=["qa-needstesting"])
        lp.fail(503, on="searchTasks", times=2)
        …                               # a client, against lp.root
        lp.change(1, tags=["qa-ok"])    # a person
        lp.requests                     # ["GET /1.0/launchpad?ws.op=searchTasks…", …]

What it holds and what a search finds stands in launchpad_bugs.py, what it exports in
launchpad_interfaces.py.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import threading
import time
from contextlib import AbstractContextManager
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.trackers.faulty import Fault, FaultyHandler, FaultyServer, at_work
from tests.trackers.launchpad_bugs import Bug, Bugs

__all__ = ["Bug", "Server", "credentials", "serving"]

WADL = "application/vnd.sun.wadl+xml"
_ELSEWHERE = b"https://api.launchpad.test/1.0/"
_LASTING = {"Cache-Control": "max-age=604800", "Vary": "Accept"}
"""As the framework sends them with its root."""
_FIRST = threading.Lock()


class Server(FaultyServer):
    """See the module, and FaultyServer; it can "flood" too. Without a token a caller is anonymous."""

    def __init__(self, project: str = "launchpad") -> None:
        super().__init__(_Handler)
        self.project = project
        self.groups: dict[str, str] = {}
        """Project -> the project group that it belongs to; a search in that finds its bugs too."""
        self.requests: list[str] = []
        self.authorizations: list[str] = []
        self.sees_private = False
        """Whether that token sees private bugs; else they are as if they were not there."""
        self.whole = False
        """Describe the whole service, as the real one does: a tenth of a second of every session."""
        self.largest_batch = 300
        self.short_lived = False
        """Connections are closed after each answer, without a word."""
        self.pages = b""
        """If not empty, the answer to each search."""
        self.described = b""
        """If not empty, the description of the service."""
        self.endless = False
        """Every page names a next one."""
        self.bugs = Bugs(self)
        self._wadl: bytes = b""

    @property
    def root(self) -> str:
        """What `tracker.service_root` is to be."""
        return f"http://127.0.0.1:{self.server_address[1]}/"

    @property
    def api(self) -> str:
        return f"{self.root}1.0/"

    def change(self, number: int, **new: Any) -> None:
        """A person changes a bug: `change(1, tags=["qa-ok"], status="Fix Committed")`."""
        with self.lock:
            self.bugs.change(number, **new)

    def count(self, part: str = "") -> int:
        """How many requests held `part`."""
        return sum(part in request for request in self.requests)

    def wadl(self) -> bytes:
        """The service's description of itself with our own address; gzipped."""
        if self.described:
            return gzip.compress(self.described)
        if not self._wadl:
            if self.whole:
                text = _whole_wadl().replace(_ELSEWHERE, self.api.encode())
            else:
                text = self.ask({"REQUEST_METHOD": "GET", "PATH_INFO": "/1.0/", "HTTP_ACCEPT": WADL}, b"")[2]
            self._wadl = gzip.compress(text, 1)
        return self._wadl

    def ask(self, environment: dict[str, str], body: bytes) -> tuple[str, list[tuple[str, str]], bytes]:
        """What the service answers to a request: status, headers and body."""
        told: list[Any] = []
        whole = {
            "SERVER_PROTOCOL": "HTTP/1.1",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self.server_address[1]),
            "QUERY_STRING": "",
            "SCRIPT_NAME": "",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "http",
            "launchpad": self,
            **environment,
        }
        answer = b"".join(_application()(whole, lambda *heading: told.extend(heading)))
        return told[0], told[1], answer


class _Handler(FaultyHandler):
    server: Server

    def _attend(self) -> None:
        lp, told = self.server, f"{self.command} {self.path}"
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        lp.tell(told)
        with lp.lock:
            lp.requests.append(told)
            lp.authorizations.append(self.headers.get("Authorization", ""))
            fault = lp.fault(told)
        self._lost = fault is not None and fault.what == "lose"
        if fault is not None and not self._lost:
            self._go_wrong(fault)
            return
        self.close_connection = self.close_connection or lp.short_lived
        with lp.lock:
            if self.path == "/1.0/" and self.headers.get("Accept") == WADL:
                self._send(200, lp.wadl(), WADL, {"Content-Encoding": "gzip", **_LASTING})
            elif "ws.op=searchTasks" in self.path and lp.pages:
                self._send(200, lp.pages, "application/json")
            else:
                self._answer(body)

    def _answer(self, body: bytes) -> None:
        """What the framework says, word for word but for what a test wants of the batches."""
        lp, (path, _, query) = self.server, self.path.partition("?")
        if wanted := re.search(r"\bws\.size=(\d+)", query):
            size = int(wanted[1]) if int(wanted[1]) > 300 else min(int(wanted[1]), lp.largest_batch)
            query = query.replace(wanted[0], f"ws.size={size}")
        environment = {"REQUEST_METHOD": self.command, "PATH_INFO": unquote(path), "QUERY_STRING": query}
        for name, value in self.headers.items():
            environment[f"HTTP_{name.upper().replace('-', '_')}"] = value
        environment["CONTENT_TYPE"] = self.headers.get("Content-Type", "")
        status, headers, answer = lp.ask(environment, body)
        known = {name.title(): value for name, value in headers}
        known.pop("Content-Length", None)
        if lp.endless and "ws.op=searchTasks" in query:
            answer = json.dumps({**json.loads(answer), "next_collection_link": lp.api}).encode()
        kind = known.pop("Content-Type", "text/plain")
        self._send(int(status.split()[0]), answer, kind, known)

    def _send(
        self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None, short: int = 0
    ) -> None:
        if self._lost:
            # quietly: some libraries take that for a connection that was idle too long, and ask again
            os.close(self.connection.detach())
            self.close_connection = True
            return
        self.send_response_only(status, {209: "Content Returned"}.get(status))
        self.send_header("Date", format_datetime(self.server.clock(), usegmt=True))
        for name, value in {"Content-Type": kind, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + short))
        self.end_headers()
        self.wfile.write(body)
        self.server.sent += len(body)

    def _go_wrong(self, fault: Fault) -> None:
        match fault.what:
            case "reset":
                self._reset()
            case "hang":
                self._hang()
            case "truncate":
                self._send(200, b'{"start": 0, "total_size": 1, "entr', "application/json", short=500)
                self.close_connection = True
            case "html":
                page = b"<html><body>Please log in to the hotel's network</body></html>"
                self._send(200, page, "text/html", fault.headers)
            case "redirect":
                self._send(302, b"", "text/plain", {"Location": self.server.elsewhere, **fault.headers})
            case "say":
                self._send(200, fault.body, self.headers.get("Accept", "application/json"), fault.headers)
            case "drip" | "flood":
                self._pour(b" " * (1 if fault.what == "drip" else 65_536), fault)
            case int(status):
                self._send(status, fault.body or b"refused on purpose", "text/plain", fault.headers)
            case other:
                raise AssertionError(other)

    def _pour(self, drop: bytes, fault: Fault) -> None:
        """White space, drop by drop, until the client has had enough."""
        self.send_response_only(200)
        headers = {"Content-Type": "application/json", "Content-Length": "900000000", **fault.headers}
        chunked = "Transfer-Encoding" in headers
        for name, value in headers.items():
            if not (chunked and name == "Content-Length"):
                self.send_header(name, value)
        self.end_headers()
        for _ in range(1_000):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(drop), drop) if chunked else drop)
            self.wfile.flush()
            if len(drop) == 1:
                time.sleep(0.02)


def _application() -> Any:
    """The framework's, which is not there in the daily minute: that only has servers that say what they are
    told to."""
    with _FIRST:
        from tests.trackers.launchpad_service import configured

        return configured()


@cache
def _whole_wadl() -> bytes:
    """The description of the real service that launchpadlib carries."""
    import launchpadlib

    return (Path(launchpadlib.__file__).parent / "testing" / "launchpad-wadl.xml").read_bytes()


def credentials(token: str = "its-token", secret: str = "its-secret") -> str:
    """As launchpadlib saves them."""
    return (
        "[1]\nconsumer_key = qa-shepherd\nconsumer_secret = \n"
        f"access_token = {token}\naccess_secret = {secret}\n\n"
    )


def serving(project: str = "launchpad") -> AbstractContextManager[Server]:
    """A server on a free port of this machine, gone at the end."""
    return at_work(Server(project))
