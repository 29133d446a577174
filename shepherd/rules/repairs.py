"""What is good only together with a landing that repairs it (docs/rules.md#repairs)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain

from msgspec.structs import replace

from shepherd.landing import Landing
from shepherd.rules.rollbacks import Rollbacks
from shepherd.rules.states import Judged
from shepherd.rules.undoing import Flips, Undoing
from shepherd.words import Item


class Repairs:
    """Finds what repairs a landing that a status called bad. Nothing is computed before it is asked for."""

    def __init__(self, landings: Mapping[int, Landing], undoing: Undoing, rollbacks: Rollbacks) -> None:
        self._landings = landings
        self._undoing = undoing
        self._rollbacks = rollbacks
        self._undone_by: Mapping[int, int] | None = None

    def of(
        self, landing: Landing, item: Item, naming: Sequence[Landing], was_there: Callable[[Landing], bool]
    ) -> int:
        """The revno of the newest landing of the item that was there, and in effect, when the good word was
        said; 0: none landed after this one, so it was tried again as it is.

        Args:
            naming: the landings that name the item, ascending.
            was_there: whether the good word speaks for a landing.
        """
        for later in reversed(naming):
            if later.revno <= landing.revno:
                break
            if not was_there(later) or self._rollbacks.only_takes_back(later, item):
                continue
            undoer = self._undoers.get(later.revno)
            if undoer is None or not was_there(self._landings[undoer]):
                return later.revno
        return 0

    @property
    def _undoers(self) -> Mapping[int, int]:
        if self._undone_by is None:
            self._undone_by = self._undoing.undone_by()
        return self._undone_by


Blocks = tuple[Mapping[int, Judged], Mapping[int, Flips]]
"""Which landings are good by themselves, and what stops or begins to block with each landing."""


def blocks_of(judged: Mapping[int, Judged], undoing: Undoing) -> Blocks:
    """What a sweep over the candidates goes through: a landing that is good only with others blocks like one
    that is not good, until it is undone or all of these are in effect."""
    needing = {revno: each.good_with for revno, each in judged.items() if each.good and each.good_with}
    if not needing:
        return judged, undoing.flips
    concerned = {*needing, *chain.from_iterable(needing.values())}
    turns: dict[int, list[tuple[int, bool]]] = {revno: [] for revno in concerned}
    flips: dict[int, Flips] = {}
    for t, flipped in undoing.flips.items():
        flips[t] = {p: undone for p, undone in flipped.items() if p not in needing}
        for p in concerned & flipped.keys():
            turns[p].append((t, flipped[p]))
    for p, others in needing.items():
        excused = False
        for t in _moments(p, others, turns):
            now = _undone(turns[p], t) or all(r <= t and not _undone(turns[r], t) for r in others)
            if now != excused:
                flips.setdefault(t, {})[p] = excused = now
    alone = {p: replace(judged[p], good=False) for p in needing}
    return {**judged, **alone}, {t: flips[t] for t in sorted(flips) if flips[t]}


def _moments(
    p: int, others: Sequence[int], turns: Mapping[int, Sequence[tuple[int, bool]]]
) -> Collection[int]:
    """When a landing may begin or stop to block, ascending."""
    return sorted({*others, *(t for each in (p, *others) for t, _ in turns[each])})


def _undone(turns: Sequence[tuple[int, bool]], t: int) -> bool:
    """Whether a landing is undone at a candidate."""
    return next((undone for at, undone in reversed(turns) if at <= t), False)
