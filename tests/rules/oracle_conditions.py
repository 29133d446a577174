"""The conditions of a candidate (docs/rules.md#conditions) stated a second time, as tests/rules/oracle.py
states the rest: it shares no line with `shepherd.rules`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Protocol

from shepherd.conditions import CheckResult, Conditions
from shepherd.landing import Landing


class Branch(Protocol):
    """What the other part of the oracle knows."""

    by_revno: dict[int, Landing]
    deployed: int

    def undone(self, p: int, t: int) -> bool: ...

    def is_pure_rollback(self, r: int) -> bool: ...

    def targets(self, r: int) -> Collection[int]: ...


class ConditionOracle:
    def __init__(self, conditions: Conditions, branch: Branch) -> None:
        self.conditions = conditions
        self.branch = branch

    # checks

    def holds(self, t: int) -> bool:
        """Each pattern has a result on t's own commit, and each of its results is one that holds."""
        if self.conditions.checks == ():
            return True
        said = self.what_checks_say(t)
        return said is not None and set(said.values()) == {"holds"}

    def what_checks_say(self, t: int) -> Mapping[str, str] | None:
        """Name of a result, or a pattern that none matches -> what it comes to; None: nobody asked."""
        sha = self.branch.by_revno[t].id
        if sha not in self.conditions.results:
            return None
        said: dict[str, str] = {}
        for pattern in self.conditions.checks:
            if self.conditions.results[sha].unreadable:
                said[pattern] = "unknown"
            elif not self.results(sha, pattern):
                said[pattern] = "not-yet"
            for result in self.results(sha, pattern):
                said[result.name] = self.comes_to(result)
        return said

    def results(self, sha: str, pattern: str) -> list[CheckResult]:
        regex = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
        results = self.conditions.results[sha].results
        return [r for r in results if re.fullmatch(regex, r.name, re.IGNORECASE | re.DOTALL)]

    def comes_to(self, result: CheckResult) -> str:
        if result.word in ("success", "neutral", "skipped"):
            return "holds"
        return "not-yet" if result.word == "pending" else "no"

    # limits

    def keeps_all_limits(self, t: int) -> bool:
        return self.exceeded(t) == []

    def exceeded(self, t: int) -> list[tuple[int, list[int]]]:
        """The place of each limit that does not hold at t, with all landings that count for it."""
        counting = [(place, self.counting(place, t)) for place in range(len(self.conditions.limits))]
        return [(place, those) for place, those in counting if len(those) > self.conditions.limits[place].max]

    def counting(self, place: int, t: int) -> list[int]:
        """Those that lie after D, are in effect at t, touch a path of the limit, and do not cancel out with
        what they took back."""
        return [
            p
            for p in range(self.branch.deployed + 1, t + 1)
            if not self.branch.undone(p, t) and self.paths(p, place) and not self.cancels_out(p, place)
        ]

    def cancels_out(self, r: int, place: int) -> bool:
        if not self.branch.is_pure_rollback(r):
            return False
        if any(p <= self.branch.deployed for p in self.branch.targets(r)):
            return False
        return all(
            any(path in self.paths(p, place) for p in self.branch.targets(r)) for path in self.paths(r, place)
        )

    def paths(self, p: int, place: int) -> tuple[str, ...]:
        """Those of the limit that it touches."""
        of_limits = self.conditions.touched.get(self.branch.by_revno[p].id, {})
        return of_limits.get(place, ())
