"""Why Redmine refuses something, in our own words: its refusals have no text."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from shepherd.trackers import failures
from shepherd.trackers.client import Meant
from shepherd.trackers.forge.wire import A_MINUTE


class _RefusedChange(Struct, frozen=True):
    errors: tuple[str, ...]


DIVISIBLE = frozenset({413, 500, 502, 504})
"""What a question that is too large, or holds an issue that cannot be shown, may be answered by; 413 is what
`meaning` makes of the others."""
_WHY = {
    404: "answered 404: there is no such thing, or no Redmine at all; is tracker.service_root right?",
    406: "answered 406: it does not speak JSON there; is tracker.service_root right?",
    422: "answered 422: it does not accept this",
}
_NO_KEY = "answered 401: it shows nothing without an API key; tracker.credentials_file expected"
_REFUSED_KEY = (
    "answered 401: the API key is not accepted: it was reset, or its account is locked; put the new one where"
    " tracker.credentials_file or tracker.credentials_env says"
)


def meaning(
    status: int, headers: Mapping[str, str], body: bytes, *, anonymous: bool, divisible: bool
) -> Meant:
    """See Meaning. An answer of 401 or 403 has no body at all (ApplicationController#require_login); that
    somebody was quicker is a refusal without a reason (IssuesController#update), here 409.

    Args:
        anonymous: no API key was sent.
        divisible: where the question was too large, or about something that Redmine stumbles over, a smaller
            one is better than the same again.
    """
    if status == 422 and _is_conflict(body):
        return Meant(409, headers, "answered 422: somebody else changed it in the same moment")
    if status in DIVISIBLE and divisible:
        return Meant(413, headers, failures.refused(status, 0))
    if status == 401:
        return Meant(status, headers, _NO_KEY if anonymous else _REFUSED_KEY)
    if status == 429 and "retry-after" not in headers:
        # Redmine has no limit of its own; what stands before it may
        return Meant(status, {**headers, "retry-after": A_MINUTE})
    return Meant(status, headers, _WHY.get(status, ""))


def _is_conflict(body: bytes) -> bool:
    try:
        return not msgspec.json.decode(body, type=_RefusedChange).errors
    except msgspec.MsgspecError:
        return False
