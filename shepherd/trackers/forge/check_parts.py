"""What results of checks on GitLab and Gitea have in common: times, links, one result for each name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta

from shepherd.conditions import STATE_OF, CheckResult, CheckWord, ConditionState
from shepherd.values import clean

Moment = Annotated[datetime, Meta(tz=True)]
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


def worst_of_each(results: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """One of each name: where there are several, one that does not hold, or at least not yet."""
    by_name: dict[str, CheckResult] = {}
    for each in results:
        other = by_name.setdefault(each.name, each)
        if _BADNESS[STATE_OF[each.word]] > _BADNESS[STATE_OF[other.word]]:
            by_name[each.name] = each
    return tuple(by_name.values())


_BADNESS: Mapping[ConditionState, int] = {"holds": 0, "not-yet": 1, "unknown": 2, "no": 3}
