"""What is undone, at every candidate (docs/rules.md#undone).

A landing is undone at t if some rollback of it, at or before t, is itself not undone at t. Landings come in
order and rollbacks always point back, so one sweep that keeps a count per landing answers for all t.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from shepherd.landing import Landing
from shepherd.words import Cover

Flips = dict[int, bool]
"""Revno -> whether it is undone now, for those that changed with one landing."""


class UndoOrder:
    """Which landings are undone, while landings are taken in order."""

    def __init__(self) -> None:
        self._undoers: dict[int, int] = {}
        """Per landing, how many rollbacks that count for it are in effect."""
        self._counts_for: dict[int, list[int]] = {}
        """Per rollback, the landings that it counts for."""

    def undone(self, revno: int) -> bool:
        return self._undoers.get(revno, 0) > 0

    def land(self, revno: int, targets: Iterable[int]) -> Flips:
        """Let a rollback land, and say what changed with it."""
        flips: Flips = {}
        for target in targets:
            self._counts_for.setdefault(revno, []).append(target)
            self._shift(target, 1, flips)
        return flips

    def retract(self, revno: int, target: int) -> None:
        """The rollback no longer counts for the target."""
        self._counts_for[revno].remove(target)
        if not self.undone(revno):
            self._shift(target, -1, {})

    def _shift(self, revno: int, by: int, flips: Flips) -> None:
        pending = [(revno, by)]
        while pending:
            p, change = pending.pop()
            before = self._undoers.get(p, 0)
            self._undoers[p] = before + change
            if (before > 0) != (before + change > 0):
                if p in flips:
                    del flips[p]
                else:
                    flips[p] = before + change > 0
                pending.extend((q, -change) for q in self._counts_for.get(p, ()))


class Undoing:
    """What undoes what on this mainline, with `cover`, `uncover` and second rollbacks taken into account.

    Attributes:
        targets: rollback -> its targets, those by `cover` among them (docs/rules.md#state).
        counting: rollback -> the landings that it counts for in effect.
        flips: landing -> what became undone, or came back, with it.
    """

    def __init__(self, landings: Sequence[Landing], covers: Sequence[Cover] = ()) -> None:
        self.targets: dict[int, tuple[int, ...]] = {}
        self.flips: dict[int, Flips] = {}
        undone_by, added = _apply_covers(_as_landed(landings), landings, covers)
        relations: dict[int, list[int]] = {}
        for target in sorted(undone_by):
            for rollback in undone_by[target]:
                relations.setdefault(rollback, []).append(target)
        names_bugs = {landing.revno for landing in landings if landing.bugs} if added else set()
        for rollback, targets in relations.items():
            kept = tuple(t for t in targets if (rollback, t) not in added or rollback not in names_bugs)
            if kept:
                self.targets[rollback] = kept
        self.counting = _last_one_counts(relations)
        sweep = UndoOrder()
        for rollback in sorted(self.counting):
            flips = sweep.land(rollback, self.counting[rollback])
            if flips:
                self.flips[rollback] = flips
        self._at_tip = sweep

    def undone_at(self, revno: int) -> set[int]:
        """The landings that are undone at this revision."""
        undone: set[int] = set()
        for rollback, flips in self.flips.items():
            if rollback > revno:
                break
            for p, is_undone in flips.items():
                (undone.add if is_undone else undone.discard)(p)
        return undone

    def undone_by(self) -> dict[int, int]:
        """Landing -> the newest rollback in effect that undoes it at the tip."""
        return {
            target: rollback
            for rollback in sorted(self.counting)
            if not self._at_tip.undone(rollback)
            for target in self.counting[rollback]
        }


def _as_landed(landings: Sequence[Landing]) -> dict[int, list[int]]:
    """Landing -> its rollbacks, ascending, as the messages have it."""
    undone_by: dict[int, list[int]] = {}
    for landing in landings:
        if landing.mark_targets or landing.revert_targets:
            for target in landing.targets:
                undone_by.setdefault(target, []).append(landing.revno)
    return undone_by


def _apply_covers(
    undone_by: dict[int, list[int]], landings: Sequence[Landing], covers: Sequence[Cover]
) -> tuple[dict[int, list[int]], set[tuple[int, int]]]:
    """Apply `cover` and `uncover` in the order they were given; also what they added: (rollback, target)."""
    added: set[tuple[int, int]] = set()
    if not covers:
        return undone_by, added
    revnos = {landing.id: landing.revno for landing in landings}
    for word in covers:
        target = revnos.get(word.target)
        by = revnos.get(word.by) if word.by is not None else None
        if target is None or (word.by is not None and by is None):
            continue
        present = undone_by.get(target, [])
        if by is not None and not word.undone:
            undone_by[target] = [r for r in present if r != by]
            continue
        later = [r for r in present if r > word.tip]
        if by is not None and by <= target:
            continue
        if by is not None:
            if by not in present:
                added.add((by, target))
            later = sorted({by, *later})
        undone_by[target] = later
    return undone_by, added


def _last_one_counts(relations: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
    """Rollback -> the landings it counts for.

    A second rollback of what is undone already, that does not undo the first one too, says that the first did
    not do it: for that landing only the last one counts, at every candidate.
    """
    counting: dict[int, list[int]] = {}
    by_target: dict[int, list[int]] = {}
    effect = UndoOrder()
    for rollback in sorted(relations):
        targets = relations[rollback]
        replaced = [
            p
            for p in targets
            if effect.undone(p)
            and any(r not in targets and not effect.undone(r) for r in by_target.get(p, ()))
        ]
        for p in replaced:
            for earlier in by_target[p]:
                effect.retract(earlier, p)
                counting[earlier].remove(p)
            by_target[p] = []
        effect.land(rollback, targets)
        counting[rollback] = list(targets)
        for p in targets:
            by_target.setdefault(p, []).append(rollback)
    return {rollback: targets for rollback, targets in counting.items() if targets}
