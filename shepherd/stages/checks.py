"""The checks of candidates: asked from the newest that nothing blocks downwards, until one holds
(docs/rules.md#checks)."""

from __future__ import annotations

from shepherd.conditions import CommitChecks, Conditions, Limit
from shepherd.rules import Judgement
from shepherd.run import Run
from shepherd.settings import Settings
from shepherd.trackers.checks import open_checks

BATCHES = (10, 40, 100)
"""How many candidates are asked for at once: few at first, since mostly one of the newest holds."""


def conditions_of(settings: Settings, branch: str) -> Conditions:
    """What the settings ask of a candidate; no results yet."""
    config = settings.branches[branch]
    return Conditions(
        checks=config.checks,
        limits=tuple(Limit(each.paths, each.max, each.reason) for each in config.limits),
    )


def read_checks(settings: Settings, branch: str, judgement: Judgement, run: Run) -> Judgement:
    """The judgement with the checks of as many candidates as it takes to find one that holds."""
    source = open_checks(settings, branch)
    results: dict[str, CommitChecks] = {}
    left, size = judgement.unblocked, 0
    while left and source is not None:
        some, left = left[: BATCHES[size]], left[BATCHES[size] :]
        size = min(size + 1, len(BATCHES) - 1)
        results.update(source.checks_of(some))
        judgement = judgement.checked(results)
        if judgement.latest is not None:
            break
    return judgement
