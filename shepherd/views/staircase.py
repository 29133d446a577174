"""What clearing several blockers together gives, in sentences (docs/rules.md#staircase)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shepherd.sentence import Sentence, joined, revision, separated
from shepherd.snapshot import Blocker, Snapshot, StairStep
from shepherd.views.conditions import tip_words
from shepherd.views.words import count

NAMED = 6
"""Blockers that one step names, where it needs more than that."""


def stairs(snapshot: Snapshot, first: int = 0, last: int | None = None) -> Sentence:
    """ "with r29 and r31: up to r32; with r33 too: r34; and 3 more steps, up to r60"; empty if there is
    nothing to say.

    Args:
        first, last: which steps, as in a slice; how many follow is said where the last one is among them.
    """
    steps = snapshot.staircase[first:last]
    said = [_step(snapshot, first + number) for number in range(len(steps))]
    more = snapshot.staircase_more if last is None else 0
    if more and said and snapshot.tip is not None:
        all_of_them = f"and {count(more, 'more step')}, up to "
        said.append(Sentence(all_of_them, revision(snapshot.tip.revno)))
    return separated(said, "; ")


def together(snapshot: Snapshot) -> bool:
    """Whether there is anything to say that the blockers do not say one by one."""
    return len(snapshot.blockers) > 1 and bool(snapshot.staircase)


def step_of(blocker: Blocker, snapshot: Snapshot) -> tuple[int, StairStep] | None:
    """The first step for which it has to be cleared, counted from 1; None if it is none of those listed."""
    for number, step in enumerate(snapshot.staircase, start=1):
        if blocker.revno in step.cleared:
            return number, step
    return None


def with_others(blocker: Blocker, snapshot: Snapshot) -> Sentence:
    """What clearing a blocker gives that gives nothing by itself: "together with r29: 4 more landings, up to
    r32"; or where it is beyond the steps that are listed, that it comes after them."""
    found = step_of(blocker, snapshot)
    if found is None:
        return Sentence("nothing before older ones are cleared")
    step = found[1]
    others = [revno for revno in step.cleared if revno != blocker.revno]
    along = Sentence("together with ", named(others), ": ") if others else Sentence()
    more = f"{count(step.frees, 'more landing')}, up to "
    return Sentence(along, more, revision(step.tip), tip_words(step))


def named(revnos: Sequence[int]) -> Sentence:
    """ "r29, r31 and r33", or the first of them and how many more."""
    if len(revnos) <= NAMED:
        return joined(map(revision, revnos))
    return Sentence(_listed(revnos[: NAMED - 1]), f" and {len(revnos) - NAMED + 1} more")


def _step(snapshot: Snapshot, place: int) -> Sentence:
    step = snapshot.staircase[place]
    before = len(snapshot.staircase[place - 1].cleared) if place else 0
    new = named(step.cleared[before:])
    if place:
        return Sentence("with ", new, " too: ", revision(step.tip), tip_words(step))
    return Sentence("with ", new, ": up to ", revision(step.tip), tip_words(step))


def _listed(revnos: Iterable[int]) -> Sentence:
    return separated(map(revision, revnos), ", ")
