"""What the local GitHub, GitLab, Gitea, Jira and Redmine have in common. Beside the faults of all (faulty.py)
there are "broken" (no JSON) and "huge" (3 MB).

with at_work(GitHub("group/project")) as forge:
    forge.requests_[1] = …          # see each
    forge.fail(503, on="graphql", times=2)
    …                               # a client, against forge.root
    forge.asked                     # ["POST /graphql", …]
"""

from __future__ import annotations

import json
import time
from email.utils import format_datetime
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from tests.trackers.faulty import Fault, FaultyHandler, FaultyServer


class Answer(Exception):
    """Raised by a forge to answer with this."""

    def __init__(self, status: int, document: object, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.document = document
        self.headers = headers or {}


class Forge(FaultyServer):
    """Everything that a test may set or ask of any forge."""

    kind: Literal["github", "gitlab", "gitea", "jira", "redmine"]

    def __init__(self, project: str) -> None:
        super().__init__(_Handler)
        self.project = project
        self.asked: list[str] = []
        """"METHOD /path?query", unquoted."""
        self.bodies: list[str] = []
        self.secrets: list[str] = []
        """What each request bore to say who asks."""

    @property
    def root(self) -> str:
        """What `tracker.service_root` is to be."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def count(self, part: str = "") -> int:
        """How many requests held `part`, in their first line or in their body."""
        return sum(part in f"{line} {body}" for line, body in zip(self.asked, self.bodies, strict=True))

    def lets_in(self, secret: str) -> bool:
        return not self.token or secret == self.token

    def secret_of(self, headers: Any) -> str:
        raise NotImplementedError

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        """What is there, as a document of JSON; or raises Answer. `path` is unquoted part by part."""
        raise NotImplementedError

    def headers(self) -> dict[str, str]:
        """Beside each answer."""
        return {}


class _Handler(FaultyHandler):
    server: Forge

    def _attend(self) -> None:
        forge, told = self.server, f"{self.command} {unquote(self.path)}"
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        if len(content) < length:  # the client was killed in the middle of it
            self.close_connection = True
            return
        raw = content.decode()
        forge.tell(f"{told} {raw}")
        with forge.lock:
            forge.asked.append(told)
            forge.bodies.append(raw)
            forge.secrets.append(forge.secret_of(self.headers))
            fault = forge.fault(f"{told} {raw}")
        self._lost = fault is not None and fault.what == "lose"
        if fault is not None and not self._lost:
            self._go_wrong(fault)
            return
        parts = urlsplit(self.path)
        try:
            with forge.lock:
                if not forge.lets_in(forge.secrets[-1]):
                    raise Answer(401, {"message": "Bad credentials"})
                document = forge.answer(
                    self.command, parts.path, parse_qs(parts.query), json.loads(raw) if raw else None
                )
                body = json.dumps(document).encode()
            self._send(200, body, forge.headers())
        except Answer as other:
            self._send(other.status, _encoded(other.document), {**forge.headers(), **other.headers})

    def _send(self, status: int, body: bytes, headers: dict[str, str], short: int = 0) -> None:
        if self._lost:
            self._reset()
            return
        self.send_response_only(status)
        self.send_header("Date", format_datetime(self.server.clock(), usegmt=True))
        for name, value in {"Content-Type": "application/json; charset=utf-8", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + short))
        self.end_headers()
        self.server.sent += len(body)
        self.wfile.write(body)

    def _go_wrong(self, fault: Fault) -> None:
        match fault.what:
            case "reset":
                self._reset()
            case "hang":
                self._hang()
            case "truncate":
                self._send(200, b'{"data": {"repos', {}, short=500)
                self.close_connection = True
            case "broken":
                self._send(200, b'{"data": {"repos', {})
            case "html":
                page = b"<html><body>Please log in to the hotel's network</body></html>"
                self._send(200, page, {"Content-Type": "text/html", **fault.headers})
            case "redirect":
                self._send(301, b"", {"Location": self.server.elsewhere, **fault.headers})
            case "drip":
                self._send(200, b"[", {}, short=500)
                self.wfile.flush()
                for _ in range(100):
                    time.sleep(0.02)
                    self.wfile.write(b" ")
                    self.wfile.flush()
            case "say":
                self._send(200, fault.body, fault.headers)
            case "huge":
                self._send(200, b" " * 3_000_000 + b"{}", {})
            case int(status):
                said = {"message": "refused on purpose"} if fault.body is None else fault.body
                self._send(status, _encoded(said), fault.headers)
            case other:
                raise AssertionError(other)


def _encoded(document: object) -> bytes:
    """None is an empty answer."""
    if document is None or isinstance(document, bytes):
        return document or b""
    return json.dumps(document).encode()
