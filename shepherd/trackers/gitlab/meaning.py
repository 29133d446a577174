"""What GitLab says of itself: too many requests, what the limit still has, and why a token does not do."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from shepherd.trackers.client import Meant
from shepherd.trackers.forge.wire import A_MINUTE, budget_of, until_reset
from shepherd.words import Budget

_LARGEST = 2_000
"""Bytes of a refusal that is looked into."""
_SCOPES = {
    "read_api": "the token lacks the scope read_api",
    "api": "the token lacks the scope api, which changes want",
}


class _TokenRefusal(Struct, frozen=True):
    """What a token is refused by (docs.gitlab.com/api/rest/authentication; RFC 6750, 3.1)."""

    error: str = ""
    error_description: str = ""
    scope: str = ""
    message: msgspec.Raw = msgspec.Raw()


def meaning(status: int, headers: Mapping[str, str], body: bytes) -> Meant:
    """See Meaning. When to come back, GitLab says by Retry-After, or by the time when the limit is reset
    (docs.gitlab.com/administration/settings/user_and_ip_rate_limits), or not at all: its limits of single
    actions count by the minute (docs.gitlab.com/administration/settings/rate_limit_on_notes_creation)."""
    if status == 429 and "retry-after" not in headers:
        wait = until_reset(headers, "ratelimit-reset") or A_MINUTE
        return Meant(status, {**headers, "retry-after": wait})
    return Meant(status, headers, _why(status, body) if status in (401, 403, 404) else "")


def budget(headers: Mapping[str, str]) -> Budget | None:
    """See BudgetOf (docs.gitlab.com/administration/settings/user_and_ip_rate_limits, "Response headers")."""
    return budget_of(headers, "ratelimit-")


def _why(status: int, body: bytes) -> str:
    """Why, in our own words; empty: what the status says."""
    try:
        refusal = msgspec.json.decode(body[:_LARGEST], type=_TokenRefusal)
    except msgspec.MsgspecError:
        return ""
    if status == 404:
        if b"Project Not Found" not in bytes(refusal.message):
            return ""
        return (
            "answered 404: it has no such project, or shows it neither to this token nor to this address;"
            " is tracker.project right?"
        )
    if refusal.error == "insufficient_scope":
        wanted = refusal.scope.split()
        lacking = next((why for scope, why in _SCOPES.items() if scope in wanted), "the token lacks a scope")
        return f"answered {status}: {lacking}"
    if refusal.error == "invalid_token":
        said = refusal.error_description.lower()
        if "expired" in said:
            return f"answered {status}: the token has expired; a new one is wanted"
        if "revoked" in said:
            return f"answered {status}: the token was revoked; a new one is wanted"
    return ""
