"""What sources call the results of checks, and what of them is kept (docs/rules.md#checks)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import get_args
from urllib.parse import urlsplit

from shepherd.conditions import CheckResult, CheckWord
from shepherd.values import clean

LONGEST_NAME = 255
"""Characters of a check's name that are kept: GitHub and GitLab allow no more of a status."""
LONGEST_URL = 2000
_LATEST = 4_102_444_800
"""Seconds from 1970 to 2100; some sources write the year 1 for a time that they do not know."""
_SYNONYMS: Mapping[str, CheckWord] = {
    **{word: word for word in get_args(CheckWord)},
    "failure": "failed",
    "error": "failed",
    "canceled": "cancelled",
    "timed_out": "timed-out",
    "in_progress": "pending",
    "running": "pending",
    "queued": "pending",
}


def check_word(text: str) -> CheckWord | None:
    """The result that a file or a note means, upper or lower case; None: it means none that we know."""
    return _SYNONYMS.get(text.lower())


def known_words() -> str:
    """The words themselves, for a sentence that says what was expected."""
    return ", ".join(get_args(CheckWord))


def check_name(text: str) -> str:
    """The name of a check on one line, without what may not be shown; empty: it has none."""
    return clean(text, LONGEST_NAME)


def check_result(name: str, word: CheckWord, since: datetime | None = None, url: str = "") -> CheckResult:
    """What a source said of one check; what cannot be shown, or cannot be true, is left out."""
    seconds = int(since.timestamp()) if since is not None else 0
    return CheckResult(
        check_name(name),
        word,
        seconds if 0 < seconds < _LATEST else None,
        url if is_check_url(url) else "",
    )


def is_check_url(url: str) -> bool:
    """Whether a person may be sent there: http or https, a host, no user, visible ASCII alone."""
    if len(url) > LONGEST_URL or any(not "!" <= sign <= "~" for sign in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
