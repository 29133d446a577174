"""What the answers of all forges have in common: JSON of a known shape, and headers about a rate limit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import msgspec

from shepherd.errors import TrackerError
from shepherd.trackers.http import HttpSession
from shepherd.words import Budget

A_MINUTE = "60"
"""Seconds to wait after "too many requests", where the forge does not say how long."""

_T = TypeVar("_T")


def decoded_as(kind: type[_T], content: bytes, session: HttpSession) -> _T:
    """What was answered. Raises TrackerError: it has another shape, so it is perhaps no such forge."""
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.MsgspecError as error:
        raise TrackerError(
            f"what answers at {session.host} is not {session.name} ({error}); is tracker.service_root right?"
        ) from None


def budget_of(headers: Mapping[str, str], prefix: str, name: str = "") -> Budget | None:
    """What the rate limit still has, by the headers limit, remaining and reset; None: they do not say.

    Args:
        prefix: of the names of these headers, "ratelimit-".
        name: of that limit, where the forge has several.
    """
    limit, left, resets = (headers.get(f"{prefix}{each}", "") for each in ("limit", "remaining", "reset"))
    if not (_is_count(limit) and _is_count(left)):
        return None
    return Budget(name, int(limit), int(left), int(resets) if _is_count(resets) else 0)


def until_reset(headers: Mapping[str, str], name: str) -> str:
    """Return the seconds until the time in a header (since 1970), by the server's own clock if it gives that;
    empty: there is no such time."""
    reset = headers.get(name, "").partition(".")[0]
    if not _is_count(reset):
        return ""
    try:
        now = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        now = datetime.now(UTC)
    return str(max(0, int(reset) - int(now.timestamp())))


def _is_count(text: str) -> bool:
    """A header may hold anything."""
    return text.isascii() and text.isdecimal() and len(text) <= 12
