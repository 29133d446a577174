"""Landings by the numbers that people call them by, for hints alone: bugs, requests, reviews, revisions of
Subversion (docs/rules.md#hints)."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from functools import cached_property

from shepherd.git.first_parents import FirstParents
from shepherd.git.repository import Git
from shepherd.landing import Landing
from shepherd.marks.reverts import numbers_in, takes_back
from shepherd.values import DIGITS

_REVIEW = re.compile(rf"/D({DIGITS})\Z")
_SVN_ID = re.compile(rb"^[ \t]*+git-svn-id: [^\s@]++@([0-9]{1,10})(?![0-9])", re.MULTILINE)
_MOST_SVN = 200
"""Revisions of Subversion that are looked for at once: what names more is no person's sentence."""


class Numbers:
    """Landings after D by what their titles and marks call them; not those that take something back."""

    def __init__(self, landings: Mapping[int, Landing], deployed: int) -> None:
        """`landings`: by revno."""
        self._landings = landings
        self._deployed = deployed

    @cached_property
    def _by_number(self) -> dict[str, list[int]]:
        by_number: dict[str, list[int]] = {}
        for revno in sorted(self._landings):
            landing = self._landings[revno]
            if revno > self._deployed and not takes_back(landing.title):
                for number in dict.fromkeys(_numbers_of(landing)):
                    by_number.setdefault(number, []).append(revno)
        return by_number

    def before(self, revno: int, number: str) -> tuple[int, ...]:
        """The landings before a revno that have this number ("bug 12", "#12", "D12"), newest first."""
        same = self._by_number.get(number, [])
        return tuple(reversed(same[: bisect_left(same, revno)]))


def _numbers_of(landing: Landing) -> Iterable[str]:
    yield from numbers_in(landing.title)
    yield from landing.requests
    yield from (f"bug {bug}" for bug in landing.own_bugs)
    if review := _REVIEW.search(landing.url):
        yield f"D{review[1]}"


def by_svn_revision(git: Git, mainline: FirstParents, revisions: Iterable[int]) -> dict[int, int] | None:
    """The newest landing for each of these revisions of the Subversion repository that git-svn mirrored the
    mainline from; None if it did not, so that `r12` is a landing. Raises SourceError."""
    wanted = sorted(revisions, reverse=True)[:_MOST_SVN]
    line = (
        "-c",
        "log.showSignature=false",
        "log",
        "-z",
        "--no-color",
        "--no-notes",
        "--first-parent",
        "--extended-regexp",
    )
    of_these = f"--grep=^[[:space:]]*git-svn-id: [^ @]+@({'|'.join(map(str, wanted))})"
    tip = mainline.ids[-1]
    parts = git.out(*line, of_these, "--format=%H%x00%B", tip).split(b"\0")
    by_revision: dict[int, int] = {}
    for sha, message in zip(parts[::2], parts[1::2], strict=False):
        for revision in _SVN_ID.findall(message):
            by_revision.setdefault(int(revision), mainline.revno(sha.decode()) or 0)
    if by_revision:
        return by_revision
    mirrored = git.out(*line, "-1", "--grep=^[[:space:]]*git-svn-id: ", "--format=%H", tip)
    return {} if mirrored.strip() else None
