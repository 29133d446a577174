"""Which revision may be deployed, and what keeps the others back (docs/rules.md#answer)."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterator, Mapping, Sequence
from operator import attrgetter

from msgspec import Struct

from shepherd.rules.conditions import OverLimit
from shepherd.rules.states import Judged
from shepherd.rules.undoing import Flips

SHOWN = 100
STEPS_SHOWN = 10


class Blocking(Struct, frozen=True, gc=False):
    """A landing that keeps the tip back, and what clearing it alone would give."""

    revno: int
    waiting: int
    """Landings from it to the tip, both counted; of those after D."""
    tip_if_cleared: int | None
    frees: int


class Clearing(Struct, frozen=True, gc=False):
    """A step of the staircase (docs/rules.md#staircase): what has to be good together, and what
    that gives."""

    cleared: tuple[int, ...]
    """The oldest blockers, ascending, as many as it takes."""
    tip: int
    """The latest deployable then."""
    frees: int
    """How many landings more than today that is."""


class Candidate(Struct, frozen=True, gc=False):
    """What blocks one candidate: the oldest SHOWN, ascending, and how many there are."""

    blocked_by: tuple[int, ...] = ()
    count: int = 0


class WindowAnswer(Struct, frozen=True):
    """The answer for the whole window."""

    deployable: tuple[int, ...]
    """Every candidate that nothing blocks, and of which every condition is known to hold, ascending."""
    candidates: dict[int, Candidate]
    blockers: tuple[Blocking, ...]
    """What blocks the tip, by what it frees, then by age."""
    staircase: tuple[Clearing, ...] = ()
    """What clearing the oldest blockers together gives, step by step: the first STEPS_SHOWN."""
    steps: int = 0
    """How many steps there are."""
    unblocked: tuple[int, ...] = ()
    """Every candidate that nothing blocks and that exceeds no limit, ascending."""
    over: Mapping[int, tuple[OverLimit, ...]] = {}
    """Candidate -> the limits that it exceeds; not those that exceed none."""

    @property
    def latest(self) -> int | None:
        """The largest deployable candidate, None: stay at D."""
        return self.deployable[-1] if self.deployable else None


def blocked_by(
    first: int, tip: int, judged: Mapping[int, Judged], flips: Mapping[int, Flips], live: Collection[int]
) -> Iterator[tuple[range, list[int]]]:
    """The candidates from `first` to `tip`, in runs of neighbours that the same landings block; and these,
    ascending.

    The list is the same object each time and changes with the next step: copy what is to be kept.

    Args:
        judged, flips: of `repairs.blocks_of`.
    """
    changes = [t for t in range(first, tip + 1) if not judged[t].good or t in flips]
    blocking: list[int] = []
    if first <= tip and not (changes and changes[0] == first):
        yield range(first, changes[0] if changes else tip + 1), blocking
    for t, following in zip(changes, [*changes[1:], tip + 1], strict=False):
        if not judged[t].good:
            blocking.append(t)
        if t in flips:
            for p, undone in flips[t].items():
                if p not in judged or judged[p].good or p in live:
                    continue
                at = bisect_left(blocking, p)
                there = at < len(blocking) and blocking[at] == p
                if undone and there:
                    del blocking[at]
                elif not undone and not there:
                    insort(blocking, p)
        yield range(t, following), blocking


def answer(
    deployed: int,
    tip: int,
    judged: Mapping[int, Judged],
    flips: Mapping[int, Flips],
    live: Collection[int],
    over: Mapping[int, tuple[OverLimit, ...]],
) -> WindowAnswer:
    """Sweep the window once and say what nothing keeps back, and what clearing each blocker would give. What
    is deployable of that is for the checks to say: here it is all.

    Args:
        judged, flips: of `repairs.blocks_of`.
        over: candidate -> the limits that it exceeds; not those that exceed none.
    """
    unblocked: list[int] = []
    candidates: dict[int, Candidate] = {}
    alone: dict[int, int] = {}
    """Landing -> the largest candidate that it alone blocks."""
    same = Candidate()
    blocking: Sequence[int] = ()
    for run, blocking in blocked_by(deployed + 1, tip, judged, flips, live):
        count = len(blocking)
        undoes = run.start in flips
        if count != same.count or undoes:
            # Whatever lands now comes after the first SHOWN: only undoing changes those.
            full = len(same.blocked_by) == SHOWN and not undoes
            shown = same.blocked_by if full else tuple(blocking[:SHOWN])
            same = Candidate(same.blocked_by if shown == same.blocked_by else shown, count)
        for t in run:
            candidates[t] = same
        if not count:
            unblocked += [t for t in run if t not in over]
        elif count == 1 and (newest := _newest(run, over)):
            alone[blocking[0]] = newest
    tip_blocked = blocking
    # what a blocker frees is counted from where blockers and limits alone would let it stand
    stay = unblocked[-1] if unblocked else deployed
    blockers = []
    for revno in tip_blocked:
        reach = alone[revno] if revno in alone and alone[revno] > stay else stay
        waiting = tip - (revno if revno > deployed else deployed + 1) + 1
        blockers.append(Blocking(revno, waiting, reach if reach > deployed else None, reach - stay))
    # the order by age stays within the same frees
    blockers.sort(key=attrgetter("frees"), reverse=True)
    climbs = _climbs(deployed, tip, tip_blocked, judged, flips, live, over)
    steps = list(_steps(tip_blocked, climbs, stay))
    staircase = tuple(Clearing(tuple(tip_blocked[:number]), t, t - stay) for number, t in steps[:STEPS_SHOWN])
    free = tuple(unblocked)
    return WindowAnswer(free, candidates, tuple(blockers), staircase, len(steps), free, over)


def _climbs(
    deployed: int,
    tip: int,
    tip_blocked: Sequence[int],
    judged: Mapping[int, Judged],
    flips: Mapping[int, Flips],
    live: Collection[int],
    over: Collection[int],
) -> dict[int, int]:
    """A blocker of the tip -> the largest candidate of whose blockers it is the newest; of those candidates
    alone that nothing else blocks but blockers of the tip, and that exceed no limit."""
    clearable = set(tip_blocked)
    climbs: dict[int, int] = {}
    others: set[int] = set()
    """What blocks the candidate and not the tip: it is undone or repaired later, and nothing clears it before
    that."""
    if not clearable:
        return climbs
    for run, blocking in blocked_by(deployed + 1, tip, judged, flips, live):
        t = run.start
        if t not in clearable and not judged[t].good:
            others.add(t)
        for p, undone in flips[t].items() if t in flips else ():
            if undone:
                others.discard(p)
            elif p in judged and not judged[p].good and p not in live and p not in clearable:
                others.add(p)
        if blocking and not others and (newest := _newest(run, over)):
            climbs[blocking[-1]] = newest
    return climbs


def _newest(run: range, over: Collection[int]) -> int:
    """The newest of these candidates that exceeds no limit; 0 if each does."""
    return next((t for t in reversed(run) if t not in over), 0) if over else run[-1]


def _steps(tip_blocked: Sequence[int], climbs: Mapping[int, int], stay: int) -> Iterator[tuple[int, int]]:
    """How many of the oldest blockers have to be good, and the latest deployable then; the lowest step first.

    The last one clears everything and leads to the tip, unless a limit is in the way.

    Args:
        tip_blocked: what blocks the tip, ascending.
        climbs: see `_climbs`.
        stay: what may run in production today.
    """
    reached = stay
    for number, revno in enumerate(tip_blocked, start=1):
        if (t := climbs.get(revno, 0)) > reached:
            reached = t
            yield number, t
