"""What a snapshot says of the conditions of one candidate (docs/interfaces.md#conditions)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TypedDict

from shepherd import snapshot as shape
from shepherd.rules import Judgement
from shepherd.rules.condition_reasons import of_checks, of_limit, said
from shepherd.rules.conditions import CheckOutcome
from shepherd.values import clean

PATHS_SHOWN = 3
PATH_SHOWN = 200
"""Characters of a path."""


class ConditionFields(TypedDict, total=False):
    """The fields of a landing's entry that this module makes; those that are left out are empty."""

    conditions: tuple[str, ...]
    checks: tuple[shape.CheckEntry, ...]
    touches: tuple[shape.LimitTouch, ...]
    exceeds: tuple[int, ...]


def condition_entries(judgement: Judgement, revno: int) -> ConditionFields:
    """What else must hold of this landing as a candidate, and the limits that it counts for."""
    fields = ConditionFields()
    conditions = judgement.conditions
    if revno <= judgement.reading.deployed.revno or not (conditions.checks or conditions.limits):
        return fields
    over = judgement.window.over.get(revno, ())
    sentences = [str(of_limit(each, conditions.limits)) for each in over]
    outcomes = judgement.checks_of(revno) if conditions.checks else None
    if outcomes is not None:
        fields["checks"] = tuple(map(_check, outcomes))
        sentences += map(str, of_checks(outcomes))
    if sentences:
        fields["conditions"] = tuple(sentences)
    if over:
        fields["exceeds"] = tuple(each.limit for each in over)
    if revno in judgement.limits.touched:
        fields["touches"] = tuple(_touches(judgement, revno))
    return fields


def waiting(judgement: Judgement) -> int | None:
    """The newest candidate after the latest deployable that waits for nothing but a condition."""
    after = judgement.latest or judgement.reading.deployed.revno
    window = judgement.window
    return next(
        (t for t in range(judgement.reading.tip.revno, after, -1) if not window.candidates[t].count),
        None,
    )


def _touches(judgement: Judgement, revno: int) -> Iterator[shape.LimitTouch]:
    limits = judgement.limits
    for limit, paths in sorted(limits.touched[revno].items()):
        undoes_only = limits.undoes_only(revno, limit)
        yield shape.LimitTouch(
            limit,
            tuple(clean(path, PATH_SHOWN) for path in paths[:PATHS_SHOWN]),
            min(judgement.undoing.targets[revno]) if undoes_only else None,
        )


def _check(outcome: CheckOutcome) -> shape.CheckEntry:
    result = outcome.result
    since = datetime.fromtimestamp(result.since, UTC) if result and result.since is not None else None
    return shape.CheckEntry(outcome.name, outcome.state, said(outcome), since, result.url if result else "")
