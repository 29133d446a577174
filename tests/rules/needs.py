"""What a branch of a story needs of a candidate beside good landings, and what is known of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from shepherd.conditions import CheckResult, CheckWord, CommitChecks, Conditions, Limit
from shepherd.landing import Landing

WORDS: dict[str, CheckWord] = {word: word for word in get_args(CheckWord)}


@dataclass(frozen=True)
class Needs:
    """What the settings of the branch say."""

    checks: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()

    def conditions(
        self,
        checks: Mapping[str, CommitChecks],
        touches: Mapping[str, Sequence[str]],
        landings: Iterable[Landing],
    ) -> Conditions:
        """What the rules are given: of checks all that was told, of paths those that a limit is about."""
        touched = {}
        for landing in landings:
            paths = {
                place: some
                for place, limit in enumerate(self.limits)
                if (some := matching(limit.paths, touches.get(landing.id, ())))
            }
            if paths:
                touched[landing.id] = paths
        return Conditions(self.checks, dict(checks), self.limits, touched)


def needs_of(case: Mapping[str, Any]) -> Needs:
    """As a case has it: checks = ["ci/*"], limits = [{ paths = ["db/*"], max = 1 }]."""
    limits = (Limit(tuple(each["paths"]), each["max"]) for each in case.get("limits", ()))
    return Needs(tuple(case.get("checks", ())), tuple(limits))


def matching(patterns: Iterable[str], paths: Iterable[str]) -> tuple[str, ...]:
    """Case counts, and `*` and `?` stand for `/` too."""
    regex = "|".join(re.escape(each).replace(r"\*", ".*").replace(r"\?", ".") for each in patterns)
    return tuple(path for path in paths if re.fullmatch(regex, path))


def results(words: Sequence[str]) -> CommitChecks:
    """ "ci/a=success docs=failed", "unreadable"; nothing: there is no result yet."""
    if list(words) == ["unreadable"]:
        return CommitChecks(unreadable="503 Service Unavailable")
    named = (word.rpartition("=") for word in words)
    return CommitChecks(tuple(CheckResult(name, WORDS[said]) for name, _, said in named))
