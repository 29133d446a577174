"""launchpadlib, made fit for cron: one line for all requests, no redirects, nothing private on disk.

Left to itself the library follows redirects with the token in hand, repeats a POST whose answer got lost,
waits half a minute at 503, and keeps whatever it reads in its cache.
"""

from __future__ import annotations

import http.client
import shutil
import socket
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httplib2
from launchpadlib.credentials import AnonymousAccessToken, Credentials
from launchpadlib.launchpad import Launchpad, LaunchpadOAuthAwareHttp
from lazr.restfulclient._browser import MultipleRepresentationCache

from shepherd.errors import TrackerError
from shepherd.trackers import http as network
from shepherd.trackers.http import Garbled, Line, Reply

VERSION = "1.0"
APPLICATION = "qa-shepherd"
_JSON = "application/json"


def open_launchpad(line: Line, credentials: str, folder: Path, *, keep: bool) -> Any:
    """A session of launchpadlib whose every request goes through `line`.

    Args:
        credentials: as `Credentials.save` writes them; empty: anonymous.
        folder: where the description of the service is kept until it changes, and nothing else.
        keep: False: nothing is written there.

    Raises:
        TrackerError: the service does not answer, or is no Launchpad.
        ValueError: the credentials are malformed.
    """
    signer = _signer(credentials)
    kept = _Kept(folder, f"{line.root}{VERSION}/", keep)
    try:
        return _Launchpad(line, signer, kept)
    except TrackerError:
        raise
    except Exception:
        # what was kept may be damaged, or the description of a service that has since become another one
        kept.forget()
    try:
        return _Launchpad(line, signer, kept)
    except TrackerError:
        raise
    except Exception as error:
        raise TrackerError(
            f"what answers at {line.host} is no Launchpad web service ({type(error).__name__});"
            " is tracker.service_root right?"
        ) from None


def _signer(credentials: str) -> Any:
    if not credentials:
        return Credentials(APPLICATION, access_token=AnonymousAccessToken())
    try:
        return Credentials.from_string(credentials)
    except Exception:
        # the library's own message repeats lines of the file
        raise ValueError("are no credentials as launchpadlib writes them") from None


class _Launchpad(Launchpad):  # type: ignore[misc]  # the library has no types
    def __init__(self, line: Line, signer: Any, kept: _Kept) -> None:
        self.shepherds_line = line
        super().__init__(
            signer, None, None, service_root=line.root, cache=kept, timeout=network.LIMIT, version=VERSION
        )

    def httpFactory(self, credentials: Any, cache: Any, timeout: Any, proxy_info: Any) -> Any:
        return _Http(self.shepherds_line, self, None, credentials, cache, timeout, proxy_info)


class _Http(LaunchpadOAuthAwareHttp):  # type: ignore[misc]  # the library has no types
    def __init__(self, line: Line, *args: Any) -> None:
        super().__init__(*args)
        self._line = line

    def request(self, uri: str, *args: Any, **kwargs: Any) -> Any:
        """What is asked for, from the cache or over the network. Raises RequestError."""
        self._line.check(uri)
        return super().request(uri, *args, **kwargs)

    def _conn_request(self, conn: Any, request_uri: str, method: str, body: Any, headers: Any) -> Any:
        """One request over the network: where httplib2 would begin its own silent second try."""
        url = urljoin(self._line.root, request_uri)
        # a PATCH bears the ETag of what it changes: a second one finds it changed
        repeatable = method in ("GET", "HEAD", "PATCH")
        tally: list[int] = []
        conn.response_class = partial(_Answer, tally)
        send = super()._conn_request

        def attempt() -> tuple[Reply, Any]:
            if not repeatable:
                # one that was kept open may have been closed meanwhile, and nobody could tell that from a
                # request that was done and not answered
                conn.close()
            if self.authorizer is not None:
                self.authorizer.authorizeRequest(url, method, body, headers)
            tally.clear()
            try:
                response, content = send(_Once(conn), request_uri, method, body, headers)
            except _Unanswered as unanswered:
                conn.close()
                raise unanswered.error from None
            except httplib2.ServerNotFoundError:
                raise socket.gaierror from None
            except httplib2.HttpLib2Error:
                conn.close()
                raise Garbled("gave an answer that cannot be unpacked") from None
            except BaseException:
                # a limit that passed: what is still to come belongs to no other request
                conn.close()
                raise
            self._look(url, response, content, headers)
            return Reply(response.status, response, sum(tally)), (response, content)

        return self._line.send(method, url, attempt, repeatable=repeatable)

    def _look(self, url: str, response: Any, content: bytes, headers: Any) -> None:
        """Raises Garbled for an answer that is not of the kind that was asked for."""
        status = response.status
        if 300 <= status < 400 and status != 304:
            self._line.check(urljoin(url, response.get("location", "")))
            raise Garbled(f"answered {status}: a redirect, which is not followed")
        if status not in (200, 209):
            return
        wanted = headers.get("accept", _JSON)
        kind = response.get("content-type", "").partition(";")[0].strip()
        if kind != wanted:
            raise Garbled("answered with something else than was asked for (a page to log in?)")
        if wanted == _JSON:
            network.check_json(content)


class _Unanswered(Exception):
    """Stands for an error that httplib2 would take as a reason to send the request again."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class _Once:
    """A connection over which nothing is sent twice."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def getresponse(self) -> Any:
        try:
            return self._connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise _Unanswered(error) from None


class _Answer(http.client.HTTPResponse):
    """Counts what comes, takes no more than anybody needs, and unpacks it."""

    def __init__(self, tally: list[int], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tally = tally

    def read(self, amt: int | None = None) -> bytes:
        if amt is not None:
            return super().read(amt)
        parts: list[bytes] = []
        while part := self.read1(65_536):
            parts.append(part)
            self._tally.append(len(part))
            if sum(self._tally) > network.LARGEST:
                raise network.too_large()
        if self.length:
            raise http.client.IncompleteRead(b"", self.length)
        # frees the connection for the next request
        super().read()
        content = network.unpacked(b"".join(parts), self.headers.get("content-encoding", ""))
        del self.headers["content-encoding"]
        return content


class _Kept(MultipleRepresentationCache):  # type: ignore[misc]  # the library has no types
    """The library's cache, of the service's own description alone: bugs may be private."""

    def __init__(self, folder: Path, service: str, keep: bool) -> None:
        self._folder = folder
        self._service = service
        self._keep = keep
        if keep:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.is_dir():
            super().__init__(str(folder))
        self._usable = folder.is_dir()
        self.request_media_type = None

    def get(self, key: str) -> bytes | None:
        if not self._usable or key != self._service:
            return None
        found: bytes | None = super().get(key)
        return found

    def set(self, key: str, value: bytes) -> None:
        if self._usable and self._keep and key == self._service:
            super().set(key, value)

    def delete(self, key: str) -> None:
        if self._usable and self._keep and key == self._service:
            super().delete(key)

    def forget(self) -> None:
        """Read all of it anew."""
        self._usable = False
        if self._keep:
            shutil.rmtree(self._folder, ignore_errors=True)
