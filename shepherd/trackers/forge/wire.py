"""The way from `requests`, which both libraries use, to the shared line: counted, limited, tried again.

Left to themselves the libraries sleep until a rate limit resets, follow redirects, read answers of any size,
and say what the server said.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import exceptions
from urllib3.exceptions import HTTPError

from shepherd.trackers import http as network
from shepherd.trackers.http import Garbled, Line, Reply

Meaning = Callable[[int, Mapping[str, str], bytes], tuple[int, Mapping[str, str]]]
"""What an answer amounts to, by its status, headers (names in small letters) and body: a forge says "too many
requests" in several ways."""

_PIECE = 65_536
_CAUSES = (
    ssl.SSLCertVerificationError,
    socket.gaierror,
    TimeoutError,
    ConnectionError,
    http.client.HTTPException,
)


class LineAdapter(HTTPAdapter):
    """Sends what a session of `requests` has to send, through `line`.

    Args:
        meaning: see Meaning.
    """

    def __init__(self, line: Line, meaning: Meaning) -> None:
        super().__init__(max_retries=0)
        self._line = line
        self._meaning = meaning

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """The answer, read to its end. Raises RequestError."""
        method, url = request.method or "", request.url or ""
        request.headers["Accept-Encoding"] = "gzip, deflate"
        send = super().send

        def attempt() -> tuple[Reply, requests.Response]:
            try:
                response = send(request, True, network.LIMIT, verify, cert, proxies)
                with response:
                    size = _read(response)
            except (requests.RequestException, HTTPError) as error:
                cause = _cause(error)
            else:
                status, headers = self._look(url, response)
                return Reply(status, headers, size), response
            raise cause from None

        return self._line.send(method, url, attempt, repeatable=_is_repeatable(method, url))

    def _look(self, url: str, response: requests.Response) -> tuple[int, Mapping[str, str]]:
        """What the answer means. Raises Garbled if it is not of the kind that was asked for."""
        status = response.status_code
        headers = {name.lower(): value for name, value in response.headers.items()}
        if status == 202 or 300 <= status < 400:
            self._line.check(urljoin(url, headers.get("location", "")))
            raise Garbled(f"answered {status}: a redirect, which is not followed; is tracker.project right?")
        if status < 300 and response.content:
            if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
                raise Garbled("answered with something else than was asked for (a page to log in?)")
            network.check_json(response.content)
        return self._meaning(status, headers, response.content)


def until_reset(headers: Mapping[str, str], name: str) -> str:
    """Seconds until the time that a header tells (since 1970), by the server's own clock where that is told;
    empty: it tells none."""
    reset = headers.get(name, "").partition(".")[0]
    if not reset.isdecimal() or len(reset) > 12:
        return ""
    try:
        now = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        now = datetime.now(UTC)
    return str(max(0, int(reset) - int(now.timestamp())))


def _is_repeatable(method: str, url: str) -> bool:
    """All that is written is a label, which is there or not, and comments, which are looked for first."""
    return not (method == "POST" and urlsplit(url).path.endswith(("/comments", "/notes")))


def _read(response: requests.Response) -> int:
    """Read the body, but no more than anybody needs; how many bytes came over the network."""
    parts, size = [], 0
    while part := response.raw.read1(_PIECE, decode_content=False):
        parts.append(part)
        size += len(part)
        if size > network.LARGEST:
            raise network.too_large()
    response._content = network.unpacked(b"".join(parts), response.headers.get("content-encoding", ""))
    # JSON is UTF-8, whatever else its header says
    response.encoding = "utf-8"
    return int(response.raw.tell())


def _cause(error: Exception) -> Exception:
    """The error behind it that the line knows, without what it holds: there is a header with a token."""
    if isinstance(error, requests.Timeout | exceptions.TimeoutError):
        return TimeoutError()
    if isinstance(error, exceptions.DecodeError):
        return Garbled("gave an answer that cannot be unpacked")
    if isinstance(error, exceptions.IncompleteRead):
        return http.client.IncompleteRead(b"")
    for behind in _behind(error, set()):
        if isinstance(behind, _CAUSES):
            return type(behind)() if isinstance(behind, ConnectionError) else behind
    return ConnectionError()


def _behind(error: object, met: set[int]) -> Iterator[BaseException]:
    """Everything that an error was made of, outermost first."""
    if not isinstance(error, BaseException) or id(error) in met:
        return
    met.add(id(error))
    yield error
    for inner in (getattr(error, "reason", None), error.__cause__, error.__context__, *error.args):
        yield from _behind(inner, met)
