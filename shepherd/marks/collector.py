"""Collects what the grammars find in one message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import TypeVar

from shepherd.landing import Marks
from shepherd.marks.text import clean, quoted
from shepherd.values import MAX_DIGITS

_T = TypeVar("_T")

MAX_TARGETS = 100_000
"""Revisions that one message may roll back: beyond any mainline, and short of what ranges make of 10 MB."""
MAX_WARNINGS = 20
"""Warnings of one message that are given one by one; the rest is counted."""


@dataclass
class MarkCollector:
    """Filled by the grammars, in any order; `marks` gives the result."""

    bugs: list[tuple[int, Sequence[int | str]]] = field(default_factory=list)
    """Where in the body (-1: before it), and the numbers or keys named there."""
    requests: list[str] = field(default_factory=list)
    closes: list[int] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    rollback: dict[int, None] = field(default_factory=dict)
    rollback_ids: list[str] = field(default_factory=list)
    reverts_ids: list[str] = field(default_factory=list)
    reverts_requests: list[str] = field(default_factory=list)
    quoted_reverts: list[str] = field(default_factory=list)
    reverts_title: str = ""
    hints: list[int] = field(default_factory=list)
    branch: str = ""
    url: str = ""
    _doubts: dict[tuple[str, str], None] = field(default_factory=dict)
    _uncounted: int = 0

    def numbers(self, runs: Iterable[str]) -> list[int]:
        """The numbers of bugs, issues or requests in runs of ASCII digits, without duplicates.

        0, and what has more than ten digits, is skipped with a warning (docs/rules.md#marks).
        """
        good = []
        for run in dict.fromkeys(runs):
            number = int(run) if len(run) <= MAX_DIGITS else 0
            if number:
                good.append(number)
            else:
                self.doubt(run, "is not the number of a bug or request")
        return good

    def roll_back(self, first: int, last: int) -> None:
        """Add the revisions from `first` to `last`, both counted."""
        if len(self.rollback) + last - first >= MAX_TARGETS:
            self.doubt(f"{first}-{last}", f"comes after {MAX_TARGETS:,} other revisions to roll back")
        else:
            self.rollback.update(dict.fromkeys(range(first, last + 1)))

    def doubt(self, text: str, why: str) -> None:
        """Warn about a piece of the message; `why` continues a sentence that names the piece."""
        if len(self._doubts) < MAX_WARNINGS:
            self._doubts[quoted(text), why] = None
        else:
            self._uncounted += 1

    def marks(self, subject: str, summary: str = "") -> Marks:
        """Everything found, bugs in order of appearance, without duplicates."""
        bugs: Iterable[int | str] = ()
        if self.bugs:
            bugs = chain.from_iterable(numbers for _, numbers in sorted(self.bugs, key=itemgetter(0)))
        own = set(self.requests)
        return Marks(
            subject=subject,
            summary=summary,
            bugs=_once(map(str, bugs)) if self.bugs else (),
            requests=_once(self.requests),
            closes=_once(issue for issue in self.closes if f"#{issue}" not in own) if self.closes else (),
            labels=tuple(sorted(self.labels)),
            rollback=tuple(self.rollback),
            rollback_ids=_once(self.rollback_ids),
            reverts_ids=_once(self.reverts_ids),
            reverts_requests=_once(self.reverts_requests),
            quoted_reverts=_once(self.quoted_reverts),
            reverts_title=self.reverts_title,
            hints=_once(self.hints),
            branch=clean(self.branch) if self.branch else "",
            url=self.url,
            warnings=self._warnings() if self._doubts else (),
        )

    def _warnings(self) -> tuple[str, ...]:
        warnings = tuple(f'"{text}" {why} and counts as absent.' for text, why in self._doubts)
        if self._uncounted:
            warnings += (
                f"{self._uncounted:,} more items of this message could not be read and count as absent.",
            )
        return warnings


def _once(items: Iterable[_T]) -> tuple[_T, ...]:
    """In the same order, without duplicates; most lists of most messages are empty."""
    return tuple(dict.fromkeys(items)) if items else ()
