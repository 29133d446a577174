"""What sources call the results of checks, and what of them is kept (docs/rules.md#checks)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, get_args

from msgspec import Meta

from shepherd.conditions import STATE_OF, WORST_FIRST, CheckResult, CheckWord, CommitChecks
from shepherd.errors import WrongValueError
from shepherd.urls import check_http
from shepherd.values import clean

LONGEST_NAME = 255
"""Characters of a check's name that are kept: GitHub allows no more of a status."""
LONGEST_URL = 2000
Moment = Annotated[datetime, Meta(tz=True)]
"""As JSON has it."""
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


def seconds_of(moment: datetime | None) -> int | None:
    """Since 1970; None: nobody says when. Some programs send the year 1 in place of none."""
    return None if moment is None or moment.year == 1 else int(moment.timestamp())


def is_check_url(url: str) -> bool:
    """Whether a person may be sent there: a URL of the web in visible ASCII, without user and password."""
    if not url or len(url) > LONGEST_URL or any(not "!" <= sign <= "~" for sign in url):
        return False
    try:
        check_http(url)
    except WrongValueError:
        return False
    return True


def as_kept(checks: CommitChecks) -> CommitChecks:
    """What a source says of one commit, with one result of each name; one without a name may be the one that
    is wanted, so nothing is known then."""
    results = worst_of_each(checks.results)
    if not checks.unreadable and any(not each.name for each in results):
        return CommitChecks(unreadable="one of its checks has no name")
    return CommitChecks(results, checks.unreadable)


def worst_of_each(results: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """One of each name, by name, with no more of what its source sent than can be shown: where there are
    several, one that does not hold, or at least not yet."""
    by_name: dict[str, CheckResult] = {}
    for each in map(_presentable, results):
        other = by_name.setdefault(each.name, each)
        if _badness(each) < _badness(other):
            by_name[each.name] = each
    return tuple(by_name[name] for name in sorted(by_name))


def _presentable(result: CheckResult) -> CheckResult:
    """The result, with no more of what its source sent than can be shown."""
    since = result.since if result.since is not None and 0 < result.since < _LATEST else None
    url = result.url if is_check_url(result.url) else ""
    return CheckResult(check_name(result.name), result.word, since, url)


def _badness(result: CheckResult) -> int:
    return WORST_FIRST.index(STATE_OF[result.word])
