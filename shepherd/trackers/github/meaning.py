"""What an answer of GitHub amounts to (see client.Meaning), and what its limit still has."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from shepherd.trackers import failures
from shepherd.trackers.client import Meant
from shepherd.trackers.forge.wire import A_MINUTE, budget_of, until_reset
from shepherd.trackers.github.questions import ErrorExtensions
from shepherd.trackers.github.refusals import NOT_ACCEPTED, SAML, reason
from shepherd.words import Budget

TOO_MUCH = frozenset({413, 502, 504})
"""What a question that is too large may be answered by; 413 is what `meaning` makes of the others, where a
smaller one is better than the same again."""
_NULL = msgspec.Raw(b"null")
_LIMITED = frozenset({"RATE_LIMITED", "RATE_LIMIT", "graphql_rate_limit"})
"""Types and codes of an error of GraphQL: before 2026 the first, since then the others."""


class _Refusal(Struct, frozen=True):
    type: str | None = None
    code: str | None = None
    message: str | None = None
    extensions: ErrorExtensions | None = None

    @property
    def limits(self) -> bool:
        said = (self.message or "").lower()
        return not _LIMITED.isdisjoint((self.type, self.code)) or "secondary rate limit" in said

    @property
    def passes(self) -> bool:
        """It gives no reason: a time-out, or trouble within."""
        return not self.type and not (self.extensions and self.extensions.code)


class _Refusals(Struct, frozen=True):
    errors: tuple[_Refusal, ...] = ()
    data: msgspec.Raw = _NULL
    """Not looked at. (In a union Raw takes null only.)"""
    message: str | None = None
    """Of REST."""


def meaning(status: int, headers: Mapping[str, str], body: bytes, *, divisible: bool = False) -> Meant:
    """GitHub says "too many requests" by 403 or 429, or by 200 and an error of GraphQL; when to come back, by
    Retry-After, by the time at which the limit is reset, or not at all: then in a minute.

    Args:
        divisible: the question can be asked in parts.
    """
    why = ""
    if status == 200 and b'"errors"' in body:
        refusals = _refusals(body)
        if any(error.limits for error in refusals.errors):
            status = 429
        elif refusals.errors and refusals.data == _NULL and all(error.passes for error in refusals.errors):
            status = 502
    exhausted = headers.get("x-ratelimit-remaining") == "0"
    if status == 403 and (exhausted or "retry-after" in headers or b"rate limit" in body[:2000].lower()):
        status = 429
    if status == 429 and "retry-after" not in headers:
        wait = until_reset(headers, "x-ratelimit-reset") if exhausted else ""
        return Meant(status, {**headers, "retry-after": wait or A_MINUTE})
    sign_on = headers.get("x-github-sso", "")
    if status == 200 and sign_on.startswith("partial-results") and _refusals(body).data != _NULL:
        # what is left out looks as if it were not there
        return Meant(403, headers, f"left things out of its answer: {SAML}")
    if status == 401:
        why = f"answered 401: {NOT_ACCEPTED}"
    elif status in (403, 404):
        saml = sign_on.startswith("required")
        known = reason(_refusals(body).message or "", saml=saml)
        why = f"answered {status}: {known}" if known else ""
    elif status in TOO_MUCH and divisible:
        return Meant(413, headers, failures.refused(status, 0))
    return Meant(status, headers, why)


def budget(headers: Mapping[str, str]) -> Budget | None:
    """See client.BudgetOf (docs.github.com, "Rate limits for the REST API")."""
    name = headers.get("x-ratelimit-resource", "")
    return budget_of(headers, "x-ratelimit-", name if name in ("core", "graphql") else "")


def _refusals(body: bytes) -> _Refusals:
    try:
        return msgspec.json.decode(body, type=_Refusals)
    except msgspec.MsgspecError:
        return _Refusals()
