"""Asks one tracker over HTTP, by urllib3: every request through its session, over one kept connection.

Whatever urllib3 would do by itself is left out: no second try, no answer of any size, no redirect but one on
the same host. Certificates are verified by the system's store; no password is looked for anywhere.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode, urljoin, urlsplit

import msgspec
from msgspec import Struct

from shepherd.errors import TrackerError
from shepherd.trackers import http as network
from shepherd.trackers.failures import known
from shepherd.trackers.http import GarbledError, HttpSession, MisplacedError, Reply
from shepherd.trackers.proxies import proxy_for
from shepherd.words import Budget

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

JSON = "application/json"
_PIECE = 65_536

Headers = Mapping[str, str]
_GOES_ON = frozenset({301, 302, 307, 308})
"""Statuses that say: the same thing is elsewhere."""


class Meant(Struct, frozen=True):
    """What an answer amounts to."""

    status: int
    headers: Headers
    why: str = ""
    """Why it was refused, in words of our own; empty: what the status says."""


Meaning = Callable[[int, Headers, bytes], Meant]
"""What an answer amounts to, by its status, headers (names in small letters) and body: a forge says "too many
requests" in several ways."""
BudgetOf = Callable[[Headers], Budget | None]
"""What the rate limit still has, by the headers of an answer; None: they do not say."""


class HttpResponse(Struct, frozen=True):
    """One that came, and is what was asked for."""

    content: bytes
    location: str = ""
    """Where a 303 refers to, on the same host."""


def _as_it_stands(status: int, headers: Headers, _content: bytes) -> Meant:
    return Meant(status, headers)


def _no_budget(_headers: Headers) -> None:
    return None


class Client:
    """One session with a tracker.

    Args:
        session: counts, limits and repeats the requests.
        identify: headers that say who asks, made for each attempt.
        meaning: see Meaning.
        budget: see BudgetOf.

    Raises:
        TrackerError: the environment names a proxy of a kind that is not supported.
    """

    def __init__(
        self,
        session: HttpSession,
        identify: Callable[[], Headers],
        meaning: Meaning = _as_it_stands,
        budget: BudgetOf = _no_budget,
    ) -> None:
        self.session = session
        self._identify = identify
        self._meaning = meaning
        self._budget = budget
        self._pool = _pool_to(session)

    def send(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, Any] | None = None,
        document: object = None,
        form: Mapping[str, str] | None = None,
        headers: Headers | None = None,
        accept: str = JSON,
        see_other: bool = False,
        repeatable: bool | None = None,
        writes: bool | None = None,
    ) -> HttpResponse:
        """What is answered, read to its end. What only reads follows one redirect on the same host.

        Args:
            query: a list stands for a parameter that is given several times.
            document: sent as JSON; None: nothing is.
            form: sent instead, as a browser would.
            accept: media type of the answer.
            see_other: a 303 is an answer, too; it is not followed.
            repeatable, writes: see HttpSession.send.

        Raises:
            RequestError: it came to nothing.
        """
        if query:
            url = f"{url}?{urlencode(query, doseq=True)}"
        fixed = {"Accept": accept, "Accept-Encoding": "gzip, deflate", "User-Agent": "qa-shepherd"}
        body = None
        if document is not None:
            body, fixed["Content-Type"] = msgspec.json.encode(document), JSON
        elif form is not None:
            body, fixed["Content-Type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
        fixed |= headers or {}
        again = method in ("GET", "HEAD") if repeatable is None else repeatable

        def attempt() -> tuple[Reply, HttpResponse]:
            if not again:
                # one that was kept open may have been closed meanwhile, and nobody could tell that from a
                # request that was done and not answered
                self._pool.clear()
            place = url
            reply, response = self._once(method, place, body, fixed, accept, see_other)
            if reply.status in _GOES_ON and method in ("GET", "HEAD"):
                place = response.location
                self.session.requests += 1
                reply, response = self._once(method, place, body, fixed, accept, see_other)
            if reply.status in _GOES_ON:
                raise MisplacedError(
                    f"answered {reply.status}: a redirect{' to a redirect' if place != url else ''}, which is"
                    " not followed; are tracker.project and tracker.service_root right?"
                )
            return reply, response

        return self.session.send(method, url, attempt, repeatable=again, writes=writes)

    def _once(
        self, method: str, url: str, body: bytes | None, fixed: Headers, accept: str, see_other: bool
    ) -> tuple[Reply, HttpResponse]:
        from urllib3.exceptions import HTTPError

        try:
            response = self._pool.request(
                method,
                url,
                body=body,
                headers={**fixed, **self._identify()},
                timeout=network.LIMIT,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            with response:
                packed = _read(response)
        except HTTPError as error:
            failure = known(error)
        else:
            status = response.status
            received = {name.lower(): value for name, value in response.headers.items()}
            content = network.unpacked(packed, received.get("content-encoding", ""))
            location = self._check(url, status, received, content, accept, see_other)
            self.session.budget = self._budget(received) or self.session.budget
            meant = self._meaning(status, received, content)
            return Reply(meant.status, meant.headers, len(packed), meant.why), HttpResponse(content, location)
        raise failure from None

    def _check(
        self, url: str, status: int, headers: Headers, content: bytes, accept: str, see_other: bool
    ) -> str:
        """Where the answer refers to. Raises GarbledError if it is not of the kind that was asked for,
        RequestError if it refers to another host."""
        if status == 202 or 300 <= status < 400:
            place = urljoin(url, headers.get("location", ""))
            self.session.check(place)
            if status in _GOES_ON or (status == 303 and see_other):
                return place
            raise MisplacedError(
                f"answered {status}, which is no answer to such a question; is tracker.service_root right?"
            )
        if status < 300 and (content or status in (200, 209)):
            if not content:
                raise GarbledError("answered 200 with nothing in it")
            kind = headers.get("content-type", "").partition(";")[0].strip()
            if kind == "text/html":
                raise GarbledError(
                    "answered with a web page: a log-in page, or a proxy, stands before it;"
                    " is tracker.service_root right?"
                )
            if kind != accept:
                raise GarbledError("answered with something other than what was asked for")
            if accept == JSON:
                network.check_json(content)
        return ""


def _read(response: BaseHTTPResponse) -> bytes:
    """The body as it came, but no more than anybody needs. Raises GarbledError."""
    pieces, size = [], 0
    while piece := response.read1(_PIECE, decode_content=False):
        pieces.append(piece)
        size += len(piece)
        if size > network.LARGEST:
            raise network.too_large()
    return b"".join(pieces)


def _pool_to(session: HttpSession) -> PoolManager:
    import urllib3

    proxy = proxy_for(session.root)
    if not proxy:
        return urllib3.PoolManager(cert_reqs="CERT_REQUIRED")
    parts = urlsplit(proxy)
    headers = {}
    if parts.username:
        account = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Proxy-Authorization"] = f"Basic {b64encode(account.encode()).decode()}"
    try:
        return urllib3.ProxyManager(proxy, proxy_headers=headers, cert_reqs="CERT_REQUIRED")
    except (urllib3.exceptions.HTTPError, ValueError):
        raise TrackerError(
            f"{session.name} at {session.host} cannot be reached: HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names"
            " no proxy whose URL begins with http:// or https://"
        ) from None
