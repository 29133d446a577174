"""What many runs differ in, told once: the same in 288 runs is one (docs/replay.md#what-differs)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct, field

from shepherd.replaying.differences import Difference, DifferenceKind, Way

ORDER: tuple[DifferenceKind, ...] = (
    *("landing", "answer", "blockers", "alarms", "unknown", "other", "text", "form"),
)
WORDS_ALONE: tuple[DifferenceKind, ...] = ("text", "form")
"""Kinds that change nothing that anybody acts on."""


class JudgedAt(Struct, frozen=True):
    """A run, and when it judged."""

    run_id: str
    at: datetime


class Fold(Struct):
    """One way in which answers differ, in all runs that differ so."""

    way: Way
    first: JudgedAt
    last: JudgedAt
    answers: int = 0
    """In how many answers: a run may give several."""
    landings: dict[int, None] = field(default_factory=dict)
    """Revnos, in the order in which they were met."""
    example: int | None = None
    """The landing whose reasons these are."""
    reasons: tuple[str, str] = ("", "")


class Folds:
    """Gathers the differences of one branch, run after run."""

    def __init__(self) -> None:
        self._by_way: dict[Way, Fold] = {}
        self.answers = 0
        """How many differ."""
        self.words_alone = 0
        """How many of these in nothing but words and form."""

    def add(self, judged: JudgedAt, found: Iterable[Difference]) -> None:
        """What one answer differs in."""
        kinds = set()
        for each in found:
            kinds.add(each.way.kind)
            fold = self._by_way.setdefault(each.way, Fold(each.way, judged, judged))
            fold.last = judged
            fold.answers += 1
            fold.landings.update(dict.fromkeys(each.landings))
            if fold.example is None and each.landings:
                fold.example, fold.reasons = each.landings[0], each.reasons
        if kinds:
            self.answers += 1
            self.words_alone += kinds.issubset(WORDS_ALONE)

    def folds(self) -> list[Fold]:
        """By kind, and of one kind those first that most landings have."""
        return sorted(
            self._by_way.values(),
            key=lambda fold: (ORDER.index(fold.way.kind), -len(fold.landings), -fold.answers),
        )
