"""When a forge may be asked again, by the time at which its rate limit is reset."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def until_reset(headers: Mapping[str, str], name: str) -> str:
    """Return the seconds until the time in a header (since 1970), by the server's own clock if it gives that;
    empty: there is no such time."""
    reset = headers.get(name, "").partition(".")[0]
    if not reset.isdecimal() or len(reset) > 12:
        return ""
    try:
        now = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        now = datetime.now(UTC)
    return str(max(0, int(reset) - int(now.timestamp())))
