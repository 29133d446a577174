"""What else must hold of a candidate: its checks, and the limits of one deployment
(docs/rules.md#conditions)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from shepherd.conditions import STATE_OF, CheckResult, Conditions, ConditionState
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
        matching = [each for each in read.results if matches((pattern,), each.name)]
        if not matching:
            outcomes[pattern] = CheckOutcome(pattern, "not-yet")
        for each in matching:
            outcomes[each.name] = CheckOutcome(each.name, STATE_OF[each.word], each)
    return tuple(sorted(outcomes.values(), key=lambda each: _WORST_FIRST.index(each.state)))


def checks_hold(conditions: Conditions, sha: str) -> bool:
    """Whether all checks of a candidate are known to hold; where none is needed, they do."""
    if not conditions.checks:
        return True
    outcomes = check_outcomes(conditions, sha)
    return outcomes is not None and all(each.state == "holds" for each in outcomes)


class LimitCounts:
    """How many landings count for each limit, while candidates are taken in order (docs/rules.md#limits).

    Attributes:
        counting: revno -> the places of the limits that it counts for while it is in effect.
    """

    def __init__(
        self,
        conditions: Conditions,
        landings: Mapping[int, Landing],
        undoing: Undoing,
        deployed: int,
        pure: Collection[int],
    ) -> None:
        self._limits = conditions.limits
        self.counting: dict[int, tuple[int, ...]] = {}
        if not conditions.limits or not conditions.touched:
            return
        by_sha = {landings[revno].id: revno for revno in landings if revno > deployed}
        touched = {by_sha[sha]: paths for sha, paths in conditions.touched.items() if sha in by_sha}
        for revno, limits in touched.items():
            counts = [
                limit
                for limit, paths in limits.items()
                if paths
                and not (
                    revno in pure and undoes_only(limit, paths, undoing.targets[revno], touched, deployed)
                )
            ]
            if counts:
                self.counting[revno] = tuple(counts)

    def sweep(self, first: int, tip: int, undoing: Undoing) -> Iterator[tuple[int, tuple[OverLimit, ...]]]:
        """For each candidate the limits that do not hold there."""
        if not self.counting:
            yield from ((t, ()) for t in range(first, tip + 1))
            return
        inside: list[dict[int, None]] = [{} for _ in self._limits]
        """Per limit the landings that count now; in no order."""
        over: tuple[OverLimit, ...] = ()
        for t in range(first, tip + 1):
            changed = False
            for p, undone in (*undoing.flips.get(t, {}).items(), (t, False)):
                for limit in self.counting.get(p, ()):
                    changed = True
                    if undone:
                        inside[limit].pop(p, None)
                    else:
                        inside[limit][p] = None
            if changed:
                over = tuple(
                    OverLimit(place, len(those), tuple(sorted(those)[:NAMED]))
                    for place, those in enumerate(inside)
                    if len(those) > self._limits[place].max
                )
            yield t, over


def undoes_only(
    limit: int,
    paths: Sequence[str],
    targets: Sequence[int],
    touched: Mapping[int, Mapping[int, Sequence[str]]],
    deployed: int,
) -> bool:
    """Whether a pure rollback takes back, of what the limit is about, nothing but what the same deployment
    would bring: then neither counts."""
    if any(target <= deployed for target in targets):
        return False
    theirs = {path for target in targets for path in touched.get(target, {}).get(limit, ())}
    return theirs.issuperset(paths)
