"""What else must hold of a candidate: its checks, and the limits of one deployment
(docs/rules.md#conditions)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable
from functools import lru_cache

from msgspec import Struct

from shepherd.conditions import (
    STATE_OF,
    WORST_FIRST,
    CheckResult,
    CommitChecks,
    Conditions,
    ConditionState,
    Touched,
)
from shepherd.landing import Landing
from shepherd.people import matches
from shepherd.rules.undoing import Undoing

NAMED = 100
"""Landings that are kept of what is over a limit."""
_HOLDING = frozenset(word for word, state in STATE_OF.items() if state == "holds")


class CheckOutcome(Struct, frozen=True, gc=False):
    """What one check says of one candidate."""

    name: str
    """Of the result; the pattern where no result matches it, or nothing could be read."""
    state: ConditionState
    result: CheckResult | None = None
    """None: it is not reported yet, or could not be read."""
    unreadable: str = ""


class OverLimit(Struct, frozen=True, gc=False):
    """A limit that does not hold at a candidate."""

    limit: int
    """Its place in the settings."""
    count: int
    revnos: tuple[int, ...]
    """The landings that count, ascending, the oldest NAMED."""


def check_outcomes(conditions: Conditions, sha: str) -> tuple[CheckOutcome, ...] | None:
    """What the checks say of a candidate, worst first; None: they were not asked (docs/rules.md#checks)."""
    read = conditions.results.get(sha)
    if read is None:
        return None
    if read.unreadable:
        return tuple(CheckOutcome(each, "unknown", None, read.unreadable) for each in conditions.checks)
    outcomes: list[CheckOutcome] = []
    needed = _needed(conditions.checks)
    seen = 0
    for each in read.results:
        if matching := needed[each.name]:
            outcomes.append(CheckOutcome(each.name, STATE_OF[each.word], each))
            seen |= matching
    missing = (pattern for place, pattern in enumerate(conditions.checks) if not seen >> place & 1)
    outcomes += [CheckOutcome(pattern, "not-yet") for pattern in dict.fromkeys(missing)]
    return tuple(sorted(outcomes, key=lambda each: WORST_FIRST.index(each.state)))


def checks_hold(conditions: Conditions, sha: str) -> bool:
    """Whether all checks of a candidate are known to hold; where none is needed, they do."""
    if not conditions.checks:
        return True
    read = conditions.results.get(sha)
    return read is not None and results_hold(conditions.checks, read)


def results_hold(checks: tuple[str, ...], read: CommitChecks) -> bool:
    """Whether what was read of one commit is all that is needed: each pattern matches something, and all that
    matches holds."""
    if read.unreadable:
        return False
    needed = _needed(checks)
    seen = 0
    for each in read.results:
        if matching := needed[each.name]:
            if each.word not in _HOLDING:
                return False
            seen |= matching
    return seen == (1 << len(checks)) - 1


class _Needed(dict[str, int]):
    """Name of a check -> one bit for each pattern that matches it, in the order of the settings; worked out
    once for each name, because the names are the same on every commit."""

    def __init__(self, checks: tuple[str, ...]) -> None:
        self._checks = checks

    def __missing__(self, name: str) -> int:
        self[name] = bits = sum(matches((each,), name) << place for place, each in enumerate(self._checks))
        return bits


_needed = lru_cache(maxsize=16)(_Needed)


class LimitCounts:
    """Which landings count for which limits (docs/rules.md#limits).

    Attributes:
        touched: landing after D -> for each limit the paths that match it; not those that touch none.
        counting: landing -> the places of the limits that it counts for while it is in effect.
    """

    def __init__(
        self,
        conditions: Conditions,
        landings: Iterable[Landing],
        undoing: Undoing,
        deployed: int,
        pure: Collection[int],
    ) -> None:
        self._limits = conditions.limits
        self._undoing = undoing
        self._deployed = deployed
        self._pure = pure
        self.touched: dict[int, Touched] = {}
        self.counting: dict[int, tuple[int, ...]] = {}
        if not conditions.limits or not conditions.touched:
            return
        for landing in landings:
            if landing.revno > deployed and (touches := conditions.touched.get(landing.id)):
                self.touched[landing.revno] = touches
        for revno, touches in self.touched.items():
            counts = tuple(touches)
            if revno in pure:
                counts = tuple(limit for limit in touches if not self.undoes_only(revno, limit))
            if counts:
                self.counting[revno] = counts

    def undoes_only(self, revno: int, limit: int) -> bool:
        """Whether it is a pure rollback that takes back, of what the limit is about, nothing but what the
        same deployment would bring: then neither counts."""
        targets = self._undoing.targets[revno] if revno in self._pure else ()
        if not targets or min(targets) <= self._deployed:
            return False
        theirs = {path for target in targets for path in self.touched.get(target, {}).get(limit, ())}
        return theirs.issuperset(self.touched[revno].get(limit, ()))

    def exceeded(self, tip: int) -> dict[int, tuple[OverLimit, ...]]:
        """Candidate -> the limits that do not hold there; only the candidates that have some."""
        exceeded: dict[int, tuple[OverLimit, ...]] = {}
        if not self.counting:
            return exceeded
        inside = [_Inside(place, limit.max) for place, limit in enumerate(self._limits)]
        flips, counting = self._undoing.flips, self.counting
        over: tuple[OverLimit, ...] = ()
        since = self._deployed + 1
        # between these nothing changes
        for t in sorted({*counting, *(t for t in flips if t >= since)}):
            if over:
                exceeded.update(dict.fromkeys(range(since, t), over))
            since = t
            for limit in counting.get(t, ()):
                inside[limit].land(t)
            for p, undone in flips[t].items() if t in flips else ():
                for limit in counting.get(p, ()):
                    inside[limit].change(p, undone)
            over = tuple([each.over() for each in inside if len(each.revnos) > each.most])
        if over:
            exceeded.update(dict.fromkeys(range(since, tip + 1), over))
        return exceeded


class _Inside:
    """The landings in effect that count for one limit, while candidates are taken in order."""

    def __init__(self, place: int, most: int) -> None:
        self.most = most
        self.revnos: list[int] = []
        """Ascending."""
        self._place = place
        self._oldest: tuple[int, ...] = ()

    def land(self, revno: int) -> None:
        self.revnos.append(revno)
        if len(self.revnos) <= NAMED:
            self._oldest = (*self._oldest, revno)

    def change(self, revno: int, undone: bool) -> None:
        """An earlier one is undone now, or came back."""
        at = bisect_left(self.revnos, revno)
        there = at < len(self.revnos) and self.revnos[at] == revno
        if undone and there:
            del self.revnos[at]
        elif not undone and not there:
            self.revnos.insert(at, revno)
        if at < NAMED:
            self._oldest = tuple(self.revnos[:NAMED])

    def over(self) -> OverLimit:
        return OverLimit(self._place, len(self.revnos), self._oldest)
