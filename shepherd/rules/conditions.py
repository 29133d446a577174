"""What else must hold of a candidate: its checks, and the limits of one deployment
(docs/rules.md#conditions)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct

from shepherd.conditions import STATE_OF, CheckResult, CommitChecks, Conditions, ConditionState, Touched
from shepherd.landing import Landing
from shepherd.people import matches
from shepherd.rules.undoing import Undoing

NAMED = 100
"""Landings that are kept of what is over a limit."""
_WORST_FIRST: Sequence[ConditionState] = ("no", "unknown", "not-yet", "holds")


class CheckOutcome(Struct, frozen=True, gc=False):
    """What one check says of one candidate."""

    name: str
    """Of the result; the pattern where no result matches it, or nothing could be read."""
    state: ConditionState
    result: CheckResult | None = None
    """None: it is not there yet, or could not be read."""
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
    outcomes: dict[str, CheckOutcome] = {}
    for pattern in conditions.checks:
        matching = _matching(pattern, read)
        if not matching:
            outcomes[pattern] = CheckOutcome(pattern, "not-yet")
        for each in matching:
            outcomes[each.name] = CheckOutcome(each.name, STATE_OF[each.word], each)
    return tuple(sorted(outcomes.values(), key=lambda each: _WORST_FIRST.index(each.state)))


def checks_hold(conditions: Conditions, sha: str) -> bool:
    """Whether all checks of a candidate are known to hold; where none is needed, they do."""
    if not conditions.checks:
        return True
    read = conditions.results.get(sha)
    return read is not None and results_hold(conditions.checks, read)


def results_hold(checks: Sequence[str], read: CommitChecks) -> bool:
    """Whether what was read of one commit is all that is needed: each pattern matches something, and all that
    matches holds."""
    if read.unreadable:
        return False
    for pattern in checks:
        matching = _matching(pattern, read)
        if not matching or any(STATE_OF[each.word] != "holds" for each in matching):
            return False
    return True


def _matching(pattern: str, read: CommitChecks) -> list[CheckResult]:
    return [each for each in read.results if matches((pattern,), each.name)]


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
            counts = [limit for limit in touches if touches[limit] and not self.undoes_only(revno, limit)]
            if counts:
                self.counting[revno] = tuple(counts)

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
        for t in range(self._deployed + 1, tip + 1):
            if t in counting or t in flips:
                changed = False
                for p, undone in (*flips.get(t, {}).items(), (t, False)):
                    for limit in counting.get(p, ()):
                        inside[limit].change(p, undone)
                        changed = True
                if changed:
                    over = tuple(each.over() for each in inside if each.is_over)
            if over:
                exceeded[t] = over
        return exceeded


class _Inside:
    """The landings in effect that count for one limit, while candidates are taken in order."""

    def __init__(self, place: int, most: int) -> None:
        self._place = place
        self._most = most
        self._revnos: list[int] = []
        """Ascending."""
        self._oldest: tuple[int, ...] = ()

    @property
    def is_over(self) -> bool:
        return len(self._revnos) > self._most

    def change(self, revno: int, undone: bool) -> None:
        """It is undone now, or it landed or came back."""
        at = bisect_left(self._revnos, revno)
        there = at < len(self._revnos) and self._revnos[at] == revno
        if undone and there:
            del self._revnos[at]
        elif not undone and not there:
            self._revnos.insert(at, revno)
        if at < NAMED:
            self._oldest = tuple(self._revnos[:NAMED])

    def over(self) -> OverLimit:
        return OverLimit(self._place, len(self._revnos), self._oldest)
