"""Why a candidate that nothing blocks may not go to production, in plain words (docs/rules.md#conditions)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from shepherd.conditions import Limit
from shepherd.rules.conditions import CheckOutcome, OverLimit
from shepherd.sentence import Part, Sentence, joined, revision, time

SHOWN = 5
"""Landings that one sentence names."""


def of_check(outcome: CheckOutcome) -> Sentence:
    """ "it waits for ci/build (running since 2026-11-29 10:12 UTC)"."""
    verb = "it waits for" if outcome.state == "not-yet" else "needed and not there:"
    return Sentence(f"{verb} {outcome.name} (", *_said(outcome), ")")


def said(outcome: CheckOutcome) -> str:
    """What the check says, in a few words: "running", "failed", "not there yet"."""
    if outcome.unreadable:
        return f"could not be read: {outcome.unreadable}"
    if outcome.result is None:
        return "not there yet"
    return {"pending": "running", "timed-out": "timed out"}.get(outcome.result.word, outcome.result.word)


def _said(outcome: CheckOutcome) -> Iterable[str | Part]:
    yield said(outcome)
    if outcome.result is not None and outcome.result.since is not None:
        yield " since " if outcome.state == "not-yet" else " at "
        yield time(datetime.fromtimestamp(outcome.result.since, UTC))


def of_limit(over: OverLimit, limits: Sequence[Limit]) -> Sentence:
    """ "r31 and r33 both touch patch-*.sql, and one deployment may bring at most 1 (one schema change a day)"."""
    limit = limits[over.limit]
    names: list[str | Part] = [revision(revno) for revno in over.revnos[:SHOWN]]
    if over.count > SHOWN:
        names.append(f"{over.count - SHOWN} more")
    most = "none" if limit.max == 0 else f"at most {limit.max}"
    why = f" ({limit.reason})" if limit.reason else ""
    one = over.count == 1
    return Sentence(
        joined(names),
        f" touch{'es' if one else ''} {joined(limit.paths)}, and one deployment may bring {most}{why}",
    )
