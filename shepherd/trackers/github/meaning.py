"""How GitHub says "too many requests" (see client.Meaning)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from shepherd.trackers.client import Meant
from shepherd.trackers.forge.wire import until_reset

A_MINUTE = "60"
"""Seconds to wait after "too many requests", where GitHub does not say how long."""
_LIMITED = frozenset({"RATE_LIMITED", "RATE_LIMIT", "graphql_rate_limit"})
"""Types and codes of an error of GraphQL: before 2026 the first, since then the others."""


class _Refusal(Struct, frozen=True):
    type: str = ""
    code: str = ""
    message: str = ""

    @property
    def limits(self) -> bool:
        return (
            not _LIMITED.isdisjoint((self.type, self.code)) or "secondary rate limit" in self.message.lower()
        )


class _Refusals(Struct, frozen=True):
    errors: tuple[_Refusal, ...] = ()
    data: msgspec.Raw | None = None


def meaning(status: int, headers: Mapping[str, str], body: bytes) -> Meant:
    """GitHub says it by 403 or 429, or by 200 and an error of GraphQL; when to come back, by Retry-After, by
    the time at which the limit is reset, or not at all: then in a minute."""
    if status == 200 and b'"errors"' in body[:2000]:
        refusals = _refusals(body)
        if any(error.limits for error in refusals.errors):
            status = 429
        elif refusals.errors and refusals.data is None and not any(error.type for error in refusals.errors):
            status = 502
    exhausted = headers.get("x-ratelimit-remaining") == "0"
    if status == 403 and (exhausted or "retry-after" in headers or b"rate limit" in body[:2000].lower()):
        status = 429
    if status == 429 and "retry-after" not in headers:
        wait = until_reset(headers, "x-ratelimit-reset") if exhausted else ""
        return Meant(status, {**headers, "retry-after": wait or A_MINUTE})
    return Meant(status, headers)


def _refusals(body: bytes) -> _Refusals:
    try:
        return msgspec.json.decode(body, type=_Refusals)
    except msgspec.MsgspecError:
        return _Refusals()
