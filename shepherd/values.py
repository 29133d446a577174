"""Values from what people write, and text from values: durations, dates, revisions, ages, names
(docs/interfaces.md#commands).

What is not such a value raises SettingsError (exit code 2): one sentence with an example of a right one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from datetime import date as Date
from typing import Literal, NamedTuple, Self

from shepherd.errors import SettingsError
from shepherd.printable import replaced

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile("".join(rf"(?:([0-9]{{1,10}}){unit})?" for unit in _UNITS))
LONGEST = 100 * 365 * 86_400
"""Seconds of the longest duration that is accepted: a hundred years."""

# Patterns as text: most commands are given no revision, and every one starts up with this module.
MAX_DIGITS = 10
"""Longer numbers are never converted (docs/rules.md#marks)."""
DIGITS = rf"[0-9]{{1,{MAX_DIGITS}}}"
ITEM_NUMBER = rf"[1-9][0-9]{{0,{MAX_DIGITS - 1}}}"
"""A number as a tracker writes it."""
ITEM_KEY = rf"[A-Z][A-Z0-9_]{{0,99}}-{ITEM_NUMBER}"
"""The key of an issue: "ABC-123"."""
SHA = r"[0-9a-f]{40}|[0-9a-f]{64}"
SHA_PREFIX = r"[0-9a-f]{7,64}"
"""A SHA or its beginning; it may be digits alone, and then also a revno."""
SHA_NOT_REVNO = rf"{SHA}|(?=[0-9]*+[a-f]){SHA_PREFIX}"
_NUMBER = r"[0-9]+"
_ITEM = r"(?s)(?P<bug>bug:)(?P<of_bug>.*)|(?P<sign>[#!])(?P<of_request>.*)"

NAME_LENGTH = 80
FIRST_FEW = 10
"""Entries of a long list that people are shown."""

UNKNOWN_PERSON = "an unknown person"
NO_REASON = "no reason given"


class RevName(NamedTuple):
    """What a person calls a revision, not yet looked up."""

    kind: Literal["revno", "sha", "tip", "deployed", "promoted", "branch", "bug", "request"]
    number: int = 0
    """Revno or bug number; 0 for the other kinds, and for a bug that has a key."""
    text: str = ""
    """Lower-case SHA (whole or its beginning), branch name, key of a bug ("ABC-123"), or request with its
    sign ("#12", "!12")."""

    @property
    def item(self) -> str:
        """The name of the bug or request, as landings have it."""
        return self.text or str(self.number)

    @property
    def shown(self) -> str:
        """The revision, for the message that there is none: digits alone may have been meant as a SHA."""
        doubt = (
            " (as the beginning of a SHA it needs a digit that is a letter)" if self.number > 999_999 else ""
        )
        return self.text or (f"r{self.number}{doubt}" if self.number else self.kind)


_NAMED = {"tip": RevName("tip"), "deployed": RevName("deployed"), "promoted": RevName("promoted")}


def quoted(text: str, limit: int = 60) -> str:
    """Return `text` for a sentence: on one line, in quotes, control characters escaped, cut short."""
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")


def clean(text: str, limit: int) -> str:
    """Return `text` on one line, without characters that may not be shown, at most `limit` long."""
    return " ".join(replaced(text, " ").split())[:limit].rstrip()


class Duration(int):
    """Seconds, written as "90d", "2h", "15m", "30s" or "1h30m", and shown so; above 0, at most 100 years."""

    def __new__(cls, text: str) -> Self:
        match = _DURATION.fullmatch(text)
        if not text or not match:
            unit = " without its unit" if re.fullmatch(_NUMBER, text) else ""
            raise SettingsError(f"{quoted(text)} is not a duration{unit}: write 30s, 15m, 2h, 90d or 1h30m")
        counts = zip(match.groups("0"), _UNITS.values(), strict=True)
        seconds = sum(int(count) * unit for count, unit in counts)
        if not 0 < seconds <= LONGEST:
            raise SettingsError(
                f"{quoted(text)} is out of range: a duration is above 0 and at most 100 years"
            )
        self = super().__new__(cls, seconds)
        self.text = text
        return self

    text: str

    def __str__(self) -> str:
        return self.text


def date(text: str) -> Date:
    """Return the day that "2026-11-30" names."""
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return Date.fromisoformat(text)
        except ValueError:
            raise SettingsError(f"{quoted(text)} is not a day of the calendar") from None
    raise SettingsError(f"{quoted(text)} is not a date: write year-month-day, as in 2026-11-30")


def number(digits: str, what: str) -> int:
    """Return the number that `digits` write, if a person can mean it: 1 to 9,999,999,999
    (docs/rules.md#marks)."""
    if not re.fullmatch(_NUMBER, digits):
        raise SettingsError(f"{quoted(digits)} is not a {what}: expected digits")
    if len(digits) > MAX_DIGITS:
        raise SettingsError(f"{quoted(digits)} is not a {what}: it has more than {MAX_DIGITS} digits")
    if not int(digits):
        raise SettingsError(f"{quoted(digits)} is not a {what}: they begin at 1")
    return int(digits)


def written_as_key(text: str) -> bool:
    """Whether it is written as the key of an issue, in any case."""
    return re.fullmatch(ITEM_KEY, text.upper()) is not None


def _key(text: str) -> str:
    if not written_as_key(text):
        raise SettingsError(f"{quoted(text)} is not the key of an issue: write it as in bug:ABC-123")
    return text.upper()


def parse_rev(text: str, wide: bool = False) -> RevName:
    """Return the REV that `text` is (docs/interfaces.md#revisions).

    Args:
        wide: also take a branch name, `bug:824435`, `bug:ABC-123`, `#12` or `!12` (explain, landings).
    """
    if named := _NAMED.get(text):
        return named
    if re.fullmatch(SHA_NOT_REVNO, text.lower()):
        return RevName("sha", text=text.lower())
    if revno := re.fullmatch(r"r?([0-9]+)", text):
        return RevName("revno", number(revno[1], "revision number"))
    if not wide:
        key = text.removeprefix("bug:")
        led = f"; which landings name it: inv landings --of bug:{key}" if written_as_key(key) else ""
        raise SettingsError(
            f"{quoted(text)} is not a revision: write r123, 123, tip, deployed, promoted, "
            f"or 7 or more digits of a SHA{led}"
        )
    if item := re.fullmatch(_ITEM, text):
        if item["bug"]:
            if "-" in item["of_bug"]:
                return RevName("bug", text=_key(item["of_bug"]))
            return RevName("bug", number(item["of_bug"], "bug number"))
        return RevName("request", text=f"{item['sign']}{number(item['of_request'], 'request number')}")
    if text.strip() and text.isprintable() and not text.startswith("-") and len(text) <= 255:
        return RevName("branch", text=text)
    raise SettingsError(
        f"{quoted(text)} is neither a revision nor a branch: "
        "write r123, a SHA, tip, a branch, bug:824435, bug:ABC-123 or #12"
    )


def age(seconds: float) -> str:
    """Return a span of time in plain words, rounded down: "3 minutes", "2 days"; at least zero."""
    whole = max(0, int(seconds))
    for size, unit, at_least in (
        (365 * 86_400, "year", 730 * 86_400),
        (86_400, "day", 48 * 3_600),
        (3_600, "hour", 3_600),
        (60, "minute", 60),
        (1, "second", 0),
    ):
        if whole >= at_least:
            count = whole // size
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    raise AssertionError("seconds always fit")


def utc(moment: datetime) -> str:
    """Return a time that is the same for every reader: `2011-08-24 10:15 UTC`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def relative(moment: datetime, now: datetime) -> str:
    """Return `3 hours ago` or `in 3 hours`."""
    seconds = (now - moment).total_seconds()
    return f"{age(seconds)} ago" if seconds >= 0 else f"in {age(-seconds)}"


def ago(moment: datetime, now: datetime | None) -> str:
    """Return the same to follow a time: ` (3 hours ago)`; empty if `now` is not known."""
    return f" ({relative(moment, now)})" if now is not None else ""


def when(moment: datetime, now: datetime | None) -> str:
    """Return a time as every command shows it: `2011-08-24 10:15 UTC (3 hours ago)`."""
    return f"{utc(moment)}{ago(moment, now)}"


def count(number: int, noun: str) -> str:
    """Return `1 landing`, `2 landings`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def some(items: Sequence[str], shown: int, total: int | None = None) -> str:
    """Return the first few of a list, and how many more there are."""
    more = (len(items) if total is None else total) - min(shown, len(items))
    return ", ".join(items[:shown]) + (f" and {more} more" if more > 0 else "")


def first_few(lines: Sequence[str], where: str = "all in the log", shown: int = FIRST_FEW) -> list[str]:
    """Return a long list as people read it: the first ones, and `and 83 more, all in the log`.

    Args:
        where: all of them can be read.
    """
    more = len(lines) - shown
    return [*lines[:shown], *([f"and {more} more, {where}"] if more > 0 else [])]


def iso(moment: datetime) -> str:
    """Return `moment` as ISO 8601, UTC, to the second: "2011-08-24T10:15:00Z". Without a zone: ValueError."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone names no moment")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def who(as_name: str | None, environ: Mapping[str, str], login: str) -> str:
    """Return WHO (docs/interfaces.md#who): the first of `--as`, SUDO_USER, SHEPHERD_WHO and the login name
    that is not empty.

    It is one line, at most 80 characters, without control characters.
    """
    for name in (as_name, environ.get("SUDO_USER"), environ.get("SHEPHERD_WHO"), login):
        if name and (cleaned := clean(name, NAME_LENGTH)):
            return cleaned
    raise SettingsError("it is not known who says this: give --as NAME")
