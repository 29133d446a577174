"""Asks one tracker over HTTP, by urllib3: every request through its session, over one kept connection.

Whatever urllib3 would do by itself is left out: no second try, no redirect, no answer of any size.
Certificates are verified by the system's store; no password is looked for anywhere.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode, urljoin, urlsplit

import msgspec
from msgspec import Struct

from shepherd.errors import TrackerError
from shepherd.proxies import proxy_for
from shepherd.trackers import bodies, failures
from shepherd.trackers import http as network
from shepherd.trackers.http import GarbledError, HttpSession, Reply
from shepherd.words import Budget

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

JSON = "application/json"
_PIECE = 65_536
_LARGEST_NUMBER = 10**11
"""Seconds since 1970 in the year 5138."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

Headers = Mapping[str, str]


class Meant(Struct, frozen=True):
    """What an answer amounts to."""

    status: int
    headers: Headers
    """Names in small letters."""
    why: str = ""
    """What a status from 400 on means here, in own words that follow the tracker's name ("wants ..."); empty:
    what it means everywhere."""


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
    moved: bool = False
    """It stands at `location` instead."""


def _as_it_stands(status: int, headers: Headers, _content: bytes) -> Meant:
    return Meant(status, headers)


def _silent(_headers: Headers) -> Budget | None:
    return None


class _Expected(Struct, frozen=True):
    """What an answer may be."""

    accept: str
    see_other: bool
    follow: bool
    """A redirect."""
    reads: bool
    """The request changes nothing."""


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
        budget: BudgetOf = _silent,
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
        one_of_many: bool = False,
    ) -> HttpResponse:
        """What is answered, read to its end; one redirect on the same host is followed for what only reads.

        Args:
            query: a list stands for a parameter that is given several times.
            document: sent as JSON; None: nothing is.
            form: sent instead, as a browser would.
            accept: media type of the answer.
            see_other: a 303 is an answer, too; it is not followed.
            repeatable, writes, one_of_many: see HttpSession.send.

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

        answer = HttpResponse(b"", url)
        for follow in (method in network.READS, False):

            def attempt(url: str = answer.location, follow: bool = follow) -> tuple[Reply, HttpResponse]:
                if not again:
                    # one that was kept open may have been closed meanwhile, and nobody could tell that from a
                    # request that was done and not answered
                    self._pool.clear()
                expected = _Expected(accept, see_other, follow, method in network.READS)
                return self._once(method, url, body, {**fixed, **self._identify()}, expected)

            answer = self.session.send(
                method, answer.location, attempt, repeatable=again, writes=writes, one_of_many=one_of_many
            )
            if not answer.moved:
                break
        return answer

    def _once(
        self, method: str, url: str, body: bytes | None, headers: Headers, expected: _Expected
    ) -> tuple[Reply, HttpResponse]:
        from urllib3.exceptions import HTTPError

        try:
            response = self._pool.request(
                method,
                url,
                body=body,
                headers=headers,
                timeout=network.LIMIT,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            with response:
                packed = _read(response)
        except HTTPError as error:
            failure = failures.known(error)
        else:
            status = response.status
            received = {name.lower(): value for name, value in response.headers.items()}
            budget = self._budget(received)
            # a header may hold any number, and not each is a time or fits into a file
            if budget is not None and max(budget.limit, budget.left, budget.resets) < _LARGEST_NUMBER:
                self.session.budget = budget
            content = bodies.unpacked(packed, received.get("content-encoding", ""))
            if status == 202 or 300 <= status < 400:
                answer = self._elsewhere(url, status, received, expected)
            else:
                if status < 300 and (content or status in (200, 209)):
                    bodies.check_kind(content, received.get("content-type", ""), expected.accept)
                answer = HttpResponse(content)
            meant = self._meaning(status, received, content)
            return Reply(meant.status, meant.headers, len(packed), meant.why), answer
        raise failure from None

    def _elsewhere(self, url: str, status: int, headers: Headers, expected: _Expected) -> HttpResponse:
        """What stands elsewhere. Raises GarbledError: that is not followed."""
        if status not in _REDIRECTS or "location" not in headers:
            raise GarbledError(f"answered {status}, which is no answer to this")
        place = urljoin(url, headers["location"])
        self.session.check(place)
        if status == 303 and expected.see_other:
            return HttpResponse(b"", place)
        if expected.follow:
            return HttpResponse(b"", place, moved=True)
        raise GarbledError(failures.redirected(status, reads=expected.reads))


def _read(response: BaseHTTPResponse) -> bytes:
    """The body as it came, but no more than anybody needs. Raises GarbledError."""
    pieces, size = [], 0
    while piece := response.read1(_PIECE, decode_content=False):
        pieces.append(piece)
        size += len(piece)
        if size > network.LARGEST:
            raise bodies.too_large()
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
