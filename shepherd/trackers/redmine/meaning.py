"""Why Redmine refuses something, in our own words: its refusals have no text."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from shepherd.trackers import failures
from shepherd.trackers.client import Meant


class _Refusal(Struct, frozen=True):
    errors: tuple[str, ...]


DIVISIBLE = frozenset({413, 500, 502, 504})
"""What a question that is too large, or holds an issue that cannot be shown, may be answered by; 413 is what
`meaning` makes of the others."""
_WHY = {
    401: "answered 401: the API key is missing or not accepted: it was reset, or its account is locked",
    404: "answered 404: there is no such thing, or no Redmine; is tracker.service_root right?",
    406: "answered 406: it does not speak JSON here; is tracker.service_root right?",
    412: "answered 412: it does not know the account that another one is asked to act for",
    422: "answered 422: it does not accept this",
}


def meaning(status: int, headers: Mapping[str, str], body: bytes, *, divisible: bool = False) -> Meant:
    """See Meaning. An answer of 401 or 403 has no body at all (ApplicationController#require_login); that
    somebody was quicker is a refusal without a reason (IssuesController#update), here 409.

    Args:
        divisible: where the question was too large, or about something that Redmine stumbles over, a smaller
            one is better than the same again.
    """
    if status == 422 and _is_conflict(body):
        return Meant(409, headers, "answered 422: somebody else changed it in the same moment")
    if status in DIVISIBLE and divisible:
        return Meant(413, headers, failures.refused(status, 0))
    return Meant(status, headers, _WHY.get(status, ""))


def _is_conflict(body: bytes) -> bool:
    try:
        return not msgspec.json.decode(body, type=_Refusal).errors
    except msgspec.MsgspecError:
        return False
