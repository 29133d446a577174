"""PyGithub, made fit for cron: one line for all requests, no sleeping, no redirects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
from github import Auth
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, Requester
from msgspec import Struct

from shepherd.trackers.forge.wire import LineAdapter, until_reset
from shepherd.trackers.http import Line

_Connection = HTTPRequestsConnectionClass | HTTPSRequestsConnectionClass


def open_requester(line: Line, token: str) -> Requester:
    """PyGithub's own way to ask and to be answered, without its waits: those are the line's matter."""
    return _Requester(line, token)


class _Requester(Requester):
    def __init__(self, line: Line, token: str) -> None:
        super().__init__(
            auth=Auth.Token(token),
            base_url=line.root.rstrip("/"),
            timeout=60,
            user_agent="qa-shepherd",
            per_page=100,
            verify=True,
            retry=None,
            pool_size=None,
        )
        parts = urlsplit(line.root)
        kind = HTTPSRequestsConnectionClass if parts.scheme == "https" else HTTPRequestsConnectionClass
        self._connection: _Connection = kind(parts.hostname or "", parts.port)
        self._connection.session.mount(f"{parts.scheme}://", LineAdapter(line, meaning))

    def requestJson(
        self,
        verb: str,
        url: str,
        parameters: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        input: Any | None = None,
        cnx: _Connection | None = None,
        follow_302_redirect: bool = False,
    ) -> tuple[int, dict[str, Any], str]:
        """What PyGithub asks, over our own connection. Raises RequestError."""
        return super().requestJson(verb, url, parameters, headers, input, self._connection)


A_MINUTE = "60"
"""Seconds that GitHub wants to be left alone after "too many requests", where it does not say how long."""
_LIMITED = frozenset({"RATE_LIMITED", "RATE_LIMIT", "graphql_rate_limit"})
"""Types and codes of an error of GraphQL: before 2026 the first, since then the others."""


class _Error(Struct, frozen=True):
    type: str = ""
    code: str = ""
    message: str = ""

    @property
    def limits(self) -> bool:
        return (
            not _LIMITED.isdisjoint((self.type, self.code)) or "secondary rate limit" in self.message.lower()
        )


class _Errors(Struct, frozen=True):
    errors: tuple[_Error, ...] = ()
    data: msgspec.Raw | None = None


def meaning(status: int, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, str]]:
    """See Meaning. GitHub says "too many requests" by 403 or 429, or by 200 and an error of GraphQL; when to
    come back, by Retry-After, by the time at which the limit is reset, or not at all: then in a minute."""
    if status == 200 and b'"errors"' in body[:2000]:
        said = _errors(body)
        if any(error.limits for error in said.errors):
            status = 429
        elif said.errors and said.data is None and not any(error.type for error in said.errors):
            status = 502
    exhausted = headers.get("x-ratelimit-remaining") == "0"
    if status == 403 and (exhausted or "retry-after" in headers or b"rate limit" in body[:2000].lower()):
        status = 429
    if status == 429 and "retry-after" not in headers:
        wait = until_reset(headers, "x-ratelimit-reset") if exhausted else ""
        return status, {**headers, "retry-after": wait or A_MINUTE}
    return status, headers


def _errors(body: bytes) -> _Errors:
    try:
        return msgspec.json.decode(body, type=_Errors)
    except msgspec.MsgspecError:
        return _Errors()
