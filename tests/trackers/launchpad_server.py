"""A bug tracker on this machine that speaks the wire format of Launchpad's web service 1.0, and its failures.

    with serving() as lp:
        lp.bugs[1] = Bug(tags=["qa-needstesting"])
        lp.fail(503, on="searchTasks", times=2)
        …                               # a client, against lp.root
        lp.change(1, tags=["qa-ok"])    # a person
        lp.requests                     # ["GET /1.0/launchpad?ws.op=searchTasks…", …]

What it holds and what a search finds stands in launchpad_bugs.py.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from email.utils import format_datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.trackers.faulty import Fault, FaultyHandler, FaultyServer, at_work
from tests.trackers.launchpad_bugs import Bug, Bugs, NotThereError, RefusedError

__all__ = ["Bug", "Server", "credentials", "serving"]

WADL = "application/vnd.sun.wadl+xml"
_ELSEWHERE = "https://api.launchpad.test/1.0/"


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
        """Whether that token sees private bugs; else they are as if they were not there, or answered 401."""
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
        """The service's description with our own address; gzipped."""
        if not self._wadl:
            text = self.described.decode() or (_whole_wadl() if self.whole else _short_wadl())
            self._wadl = gzip.compress(text.replace(_ELSEWHERE, self.api).encode(), 1)
        return self._wadl


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
        try:
            with lp.lock:
                self._answer(body)
        except NotThereError:
            self._send(404, b"Object: <launchpad>, name: 'it'", "text/plain")
        except RefusedError as refused:
            self._send(refused.status, str(refused).encode(), "text/plain")

    def _answer(self, body: bytes) -> None:
        lp = self.server
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        sees_private = bool(self._caller()) and lp.sees_private
        path = parts.path.removeprefix("/1.0/").strip("/")
        if self.command != "GET" and not self._caller():
            raise RefusedError(401, "Anonymous access cannot write")
        if not path:
            self._root()
        elif query.get("ws.op") == "searchTasks" and path == lp.project:
            if lp.pages:
                self._send(200, lp.pages, "application/json")
            else:
                self._collection(lp.bugs.search(query, sees_private), query)
        elif path == "people/+me":
            if not self._caller():
                raise RefusedError(401, "Anonymous access has no name")
            self._send(303, b"", "text/plain", {"Location": f"{lp.api}~shepherd"})
        elif path == "~shepherd":
            link = f"{lp.api}~shepherd"
            self._json(200, {"self_link": link, "resource_type_link": f"{lp.api}#person", "name": "shepherd"})
        elif path in lp.bugs.targets():
            self._entry(lp.bugs.target(path))
        elif found := re.fullmatch(r"bugs/(\d+)(?:/(messages|bug_tasks|comments/\d+))?", path):
            self._bug(int(found[1]), found[2] or "", query, body, sees_private)
        elif found := re.fullmatch(r"(.+)/\+bug/(\d+)", path):
            bug = lp.bugs.see(int(found[2]), sees_private)
            if found[1] not in bug.status:
                raise NotThereError
            if self.command == "PATCH":
                self._check_etag(lp.bugs.task(int(found[2]), found[1]))
                lp.bugs.change(int(found[2]), status={found[1]: json.loads(body)["status"]})
            self._entry(lp.bugs.task(int(found[2]), found[1]), 209 if self.command == "PATCH" else 200)
        else:
            raise NotThereError

    def _bug(self, number: int, part: str, query: dict[str, str], body: bytes, sees_private: bool) -> None:
        lp = self.server
        bug = lp.bugs.see(number, sees_private)
        if part == "bug_tasks":
            tasks = [partial(lp.bugs.task, number, target) for target in bug.status]
            self._collection(tasks, query, "bug_task")
        elif part == "messages":
            places = range(len(bug.comments) + 1)
            messages = [partial(lp.bugs.message, number, place) for place in places]
            self._collection(messages, query, "message")
        elif part:
            self._entry(lp.bugs.message(number, int(part.split("/")[1])))
        elif self.command == "POST":
            form = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
            if form.get("ws.op") != "newMessage":
                raise RefusedError(400, f"No such operation: {form.get('ws.op')}")
            lp.bugs.change(number, comment=json.loads(form["content"]))
            location = lp.bugs.message(number, len(bug.comments))["self_link"]
            self._send(201, b"", "text/plain", {"Location": location})
        elif self.command == "PATCH":
            self._check_etag(lp.bugs.bug(number))
            lp.bugs.change(number, **json.loads(body))
            self._entry(lp.bugs.bug(number), 209)
        else:
            self._entry(lp.bugs.bug(number))

    def _caller(self) -> str:
        """The access token of a signed request; "" is anonymous."""
        found = re.search(r'oauth_token="([^"]*)"', self.headers.get("Authorization", ""))
        token = found[1] if found else ""
        if token and self.server.token and token != self.server.token:
            raise RefusedError(401, f"Unknown access token ({token}).")
        return token

    def _check_etag(self, entry: dict[str, Any]) -> None:
        """As the real one does: only the half that stands for what can be written has to agree."""
        given = self.headers.get("If-Match", "").strip('"').partition("-")[2]
        if given and given != entry["http_etag"].strip('"').partition("-")[2]:
            raise RefusedError(412, "")

    def _root(self) -> None:
        lasting = {"Cache-Control": "max-age=604800", "Vary": "Accept"}
        if self.headers.get("Accept") == WADL:
            self._send(200, self.server.wadl(), WADL, {"Content-Encoding": "gzip", **lasting})
        else:
            names = ("bugs", "projects", "people", "project_groups", "distributions")
            links = {f"{name}_collection_link": f"{self.server.api}{name}" for name in names}
            document = {"resource_type_link": f"{self.server.api}#service-root", **links}
            self._json(200, document, lasting)

    def _collection(
        self, makers: Sequence[Callable[[], dict[str, Any]]], query: dict[str, str], of: str = ""
    ) -> None:
        """`of`: what a collection that has an address of its own holds; what a search finds has none."""
        start, size = int(query.get("ws.start", 0)), int(query.get("ws.size", 75))
        if size > 300:
            raise RefusedError(400, 'Maximum for "ws.size" parameter is 300.')
        stop = start + min(size, self.server.largest_batch)
        page: dict[str, Any] = {"start": start, "total_size": len(makers)}
        if of:
            page["resource_type_link"] = f"{self.server.api}#{of}-page-resource"
        page["entries"] = [make() for make in makers[start:stop]]
        if stop < len(makers) or self.server.endless:
            rest = self.path.split("?")[0], f"ws.start={stop}&ws.size={size}"
            others = re.sub(r"&?ws\.(?:start|size)=\d+", "", self.path.partition("?")[2])
            page["next_collection_link"] = f"{self.server.root[:-1]}{rest[0]}?{others}&{rest[1]}"
        self._json(200, page)

    def _entry(self, entry: dict[str, Any], status: int = 200) -> None:
        if status == 200 and self.headers.get("If-None-Match") == entry["http_etag"]:
            self._send(304, b"", "application/json", {"ETag": entry["http_etag"]})
            return
        self._json(status, entry, {"ETag": entry["http_etag"]})

    def _json(self, status: int, document: object, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(document).encode(), "application/json", headers)

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


@cache
def _whole_wadl() -> str:
    """The description of the real service that launchpadlib carries."""
    import launchpadlib

    return (Path(launchpadlib.__file__).parent / "testing" / "launchpad-wadl.xml").read_text()


@cache
def _short_wadl() -> str:
    """The part of it that has to do with bugs and projects."""
    ours = r'id="(?!(?:bug|bugs|bug_task|message|project|projects)(?:-[a-z-]+)?")'
    others = rf"\n    <wadl:(resource_type|representation) [^\n]*?{ours}[^\n]*\n.*?\n {{2,4}}</wadl:\1>"
    return re.sub(others, "", _whole_wadl(), flags=re.DOTALL)


def credentials(token: str = "its-token", secret: str = "its-secret") -> str:
    """As launchpadlib saves them."""
    return (
        "[1]\nconsumer_key = qa-shepherd\nconsumer_secret = \n"
        f"access_token = {token}\naccess_secret = {secret}\n\n"
    )


def serving(project: str = "launchpad") -> AbstractContextManager[Server]:
    """A server on a free port of this machine, gone at the end."""
    return at_work(Server(project))
