"""What results of checks on GitLab and Gitea have in common: times, links, one result for each name."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from shepherd.conditions import CheckResult, CheckWord
from shepherd.values import clean

LONGEST_NAME = 255
"""Characters: as many as a name may have on GitLab."""
LONGEST_URL = 2_000


def check_result(name: str, word: CheckWord, since: datetime | None = None, url: str = "") -> CheckResult:
    """What a forge said of one check; what cannot be shown is left out."""
    seconds = int(since.timestamp()) if since is not None else None
    return CheckResult(clean(name, LONGEST_NAME), word, seconds, web_url(url))


def newest_of_each(results: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """The first of each name.

    Args:
        results: the newest first.
    """
    by_name: dict[str, CheckResult] = {}
    for each in results:
        by_name.setdefault(each.name, each)
    return tuple(by_name.values())


def web_url(url: str) -> str:
    """The address if a person may follow it: http or https, a host, visible ASCII alone; else empty."""
    if len(url) > LONGEST_URL or any(not "!" <= sign <= "~" for sign in url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname and not parts.username else ""
