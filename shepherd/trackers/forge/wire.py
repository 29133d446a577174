"""When a forge wants to be asked again, as it tells by the time at which a limit is reset."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


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
