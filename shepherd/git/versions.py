"""What version the name of a tag writes, and which of two is the newer one (docs/settings.md#releases).

A name is read as a prefix, numbers, and an ending: `project-` `1.10.2` `-rc1`. Versions are compared where
the prefix is the same; across prefixes they say nothing about each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from shepherd.people import matches

LONGEST_NAME = 200
"""Longer names are no versions."""
_SMALL, _FIRST_YEAR = 1000, 1900
"""First numbers below and from which on they are versions and years."""

_NUMBERS = re.compile(
    # a day: 2026-11-30, 20261130, with a time or a count behind it
    r"(?<![0-9])(?:(?:(?:19|20)[0-9]{2}(?:[-._][0-9]{1,2}(?![0-9])){1,2}+|(?:19|20)[0-9]{6})"
    r"(?:[-._T]?[0-9]{1,6}){0,3}+(?![0-9]|\.[0-9])"
    r"|[0-9]{1,18}+(?:[._][0-9]{1,18}+)*+(?![0-9]))"
)
_DIGITS = re.compile("[0-9]+")
_DATE = re.compile("(?:19|20)[0-9]{2}(?:[0-9]{4}(?:[0-9]{2}){0,3})?")
_ENDING = re.compile(r"(?:[-._~]?(?:[0-9]{1,18}|[A-Za-z]++))*+")
_PART = re.compile(r"[0-9]+|[a-z]+")
_UNRELEASED = {
    **dict.fromkeys(("archive", "backup", "canary", "daily", "dev", "edge", "nightly", "old", "snapshot"), 0),
    **dict.fromkeys(("test", "unstable", "wip"), 0),
    **dict.fromkeys(("alpha", "a"), 1),
    **dict.fromkeys(("beta", "b"), 2),
    **dict.fromkeys(("m", "milestone", "ea", "pre", "preview", "next", "qa", "staging", "tp"), 3),
    **dict.fromkeys(("rc", "c", "cr", "candidate"), 4),
}
"""Words of what has not been released yet, and which of them come later."""
_RELEASED = ("final", "ga", "release", "stable", "lts")
_AFTERWARDS = ("post", "p", "pl", "patch", "sp", "r", "rev", "u", "hotfix", "fix", "update")
"""Words of what is released once more."""
_NUMBERED = ("hotfix", "fix", "update")
"""Those that need a number: `-fix2` is released, `-fix-login` is a fix that somebody tries out."""


class UnorderedError(Exception):
    """Two tags, a date and a small version, of which nobody can tell the newer one."""

    def __init__(self, dated: TagVersion, small: TagVersion, pattern: str) -> None:
        super().__init__(dated.name, small.name)
        tail = _parts_of(pattern)[1]
        self.dated = dated.name + tail
        self.small = small.name + tail
        line = small.line
        self.narrower = f"{dated.century if line[-1:].isdigit() else line}*{tail}"
        """A pattern that names one kind only."""


class TagVersion(Struct, frozen=True, order=True):
    """The version that a tag's name writes. Those of one family are ordered: the later version is greater."""

    numbers: tuple[int, ...]
    """Without zeros at the end: 1.0 is 1."""
    rank: int
    """-1 for a pre-release, 0 for a final version, 1 for one that is released once more (1.0-post1)."""
    ending: tuple[tuple[int, str], ...]
    """What orders versions with the same numbers, `rc2` before `rc10`."""
    name: str
    """The tag; it settles what is equal otherwise (1.0 and 1.0.0)."""
    prefix: str
    """What stands before the numbers, as it is written."""
    variant: str = ""
    """An ending that says nothing of the order, as it is written: `-ee`."""

    @property
    def final(self) -> bool:
        """Whether it is released: no pre-release, and no variant, of which nothing is known."""
        return self.rank >= 0 and not self.variant

    @property
    def early(self) -> bool:
        """Whether its prefix says that nothing of the kind is released: `nightly-1.2`."""
        return _is_early(self.prefix)

    @property
    def dated(self) -> bool:
        """Whether its first number looks like a year or a day."""
        return bool(_DATE.fullmatch(str(self.numbers[0])))

    @property
    def century(self) -> str:
        """What the dates of this series begin with: `v20` of v2026.11."""
        return self.name[: len(self.prefix) + 2]

    @property
    def line(self) -> str:
        """What the versions of its first number begin with: `v8.` of v8.1.3, `v8` where nothing follows."""
        text = self.name[len(self.prefix) :]
        end = re.match(r"[0-9]+[._-]?", text)
        return self.prefix + (end[0] if end else "")


def version_of(name: str) -> TagVersion | None:
    """The version that a tag's name writes; None if it writes none.

    The first number with which all that follows can be read begins it (`log4j-2.17`), else the first
    that has a second number. A number after a hyphen (`1.2-3`) makes a pre-release, as Semantic
    Versioning has it.
    """
    if len(name) > LONGEST_NAME:
        return None
    variant: TagVersion | None = None
    for found in _NUMBERS.finditer(name, name.rfind("/") + 1):
        version = _read(name, found)
        if version and not version.variant:
            return version
        variant = variant or version
        if not found[0].isdigit():
            break
    return variant


def _read(name: str, found: re.Match[str]) -> TagVersion | None:
    start, end = found.span()
    prefix, text = name[:start], name[end:].partition("+")[0]
    numbers = [int(number) for number in _DIGITS.findall(found[0])]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    rank: int | None = 0
    ending: tuple[tuple[int, str], ...] = ()
    if text:
        if not _ENDING.fullmatch(text):
            return None
        parts = _PART.findall(text.lower())
        rank = _rank(text.lower(), parts)
        if rank is None and (len(numbers) == 1 or _DIGITS.search(text)):
            return None
        ending = tuple(
            (int(part), "") if part.isdigit() else (_UNRELEASED.get(part, 9), part) for part in parts
        )
    variant = text if rank is None else ""
    return TagVersion(tuple(numbers), rank or 0, ending, name, prefix, variant)


@lru_cache(maxsize=256)
def _is_early(prefix: str) -> bool:
    """Whether there is a word of a pre-release in what stands before the numbers."""
    return any(len(word) > 1 and word in _UNRELEASED for word in _PART.findall(prefix.lower()))


def _rank(text: str, ending: list[str]) -> int | None:
    """The rank of a version with this ending, which is not empty; None if it says nothing of it.

    `ending` are the words and numbers of `text`.
    """
    if re.fullmatch("[c-z]", text):
        return 1
    words = [word for word in ending if not word.isdigit()]
    if any(word in _UNRELEASED for word in words) or (len(ending) == 1 and not words):
        return -1
    if not words:
        return None
    if all(word in _RELEASED for word in words):
        return 0
    if any(word not in _AFTERWARDS and word not in _RELEASED for word in words):
        return None
    behind = [*ending[1:], ""]
    numbered = all(after.isdigit() for word, after in zip(ending, behind, strict=True) if word in _NUMBERED)
    return 1 if numbered else None


def _parts_of(pattern: str) -> tuple[str, str]:
    """What stands before its first star, and behind the last wildcard."""
    return pattern.partition("*")[0], re.split(r"[*?]", pattern)[-1]


def newest_release(names: Iterable[str], pattern: str) -> str | None:
    """The tag of the newest final version among those that match `pattern`; None if there is none.

    The version begins where the first `*` of the pattern stands, or before: `v*` names v1.2 and not
    vendor-9.9, `v1.*` those that begin with 1, `*` names 1.2 and not v1.2. What stands behind the last one
    is no part of the version: `v*-ee` names v1.2-ee. Case counts, as in all names of refs.

    Raises:
        UnorderedError: some are dates, others small versions.
    """
    head, tail = _parts_of(pattern)
    finals: list[TagVersion] = []
    for name in names:
        if not matches((pattern,), name, case=True):
            continue
        version = version_of(name[: len(name) - len(tail)])
        if version and version.final and len(version.prefix) <= len(head):
            finals.append(version)
    if not finals:
        return None
    newest = max(finals)
    small = [version for version in finals if version.numbers[0] < _SMALL]
    # with numbers between them it is a count that has come as far as the years
    counted = any(_SMALL <= version.numbers[0] < _FIRST_YEAR for version in finals)
    if newest.dated and small and not counted:
        raise UnorderedError(newest, max(small), pattern)
    return newest.name + tail
