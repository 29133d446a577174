"""Health: what is not well with the shepherd itself, the worst first (docs/running.md#is-all-well).

The system line of page, index and `status`, the metrics and `inv doctor` ask here and decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from msgspec import Struct

from shepherd.sentence import Sentence, joined, time_and_age
from shepherd.situation import Situation, StageRuns, is_overdue
from shepherd.values import age, clean, some

TroubleKind = Literal["hang", "overdue-maintenance", "aborted", "overdue-run", "failing", "maintenance"]
"""The worst first. Only the last one may be as somebody wants it."""

NAMED = 3
"""Stages that one sentence names."""
_STAGE = 40
"""Characters of its name that are kept."""
_ENDED = {"crash": "crashed", "deadline": "reached its deadline", "stop": "was stopped"}


class Trouble(Struct, frozen=True):
    """One thing that is not well. What comes from outside is neither cleaned nor escaped in it."""

    kind: TroubleKind
    sentence: str
    """Without a capital letter or a full stop; with its parts (`sentence.py`)."""


def troubles(situation: Situation) -> tuple[Trouble, ...]:
    """All that is not well, the worst first; empty: every stage ran well. A pure function."""
    return tuple(_troubles(situation))


def _troubles(situation: Situation) -> Iterator[Trouble]:
    now, switch, hang = situation.now, situation.maintenance, situation.hang
    if hang is not None:
        yield Trouble(
            "hang",
            Sentence(
                "a run hangs",
                *_since(hang.since, now),
                f": {clean(hang.stage, _STAGE) or 'it names no stage'}",
            ),
        )
    if switch is not None and is_overdue(switch, now):
        yield Trouble(
            "overdue-maintenance", Sentence("maintenance is overdue: on", *_since(switch.since, now))
        )
    yield from _aborted(situation)
    yield from _overdue(situation)
    failed = [clean(stage, _STAGE) for stage, runs in sorted(situation.stages.items()) if _failed(runs)]
    if failed:
        yield Trouble("failing", f"{len(failed)} failed: {some(failed, NAMED)}")
    if switch is not None and not is_overdue(switch, now):
        yield Trouble("maintenance", Sentence("in maintenance", *_since(switch.since, now)))


def _aborted(situation: Situation) -> Iterator[Trouble]:
    """Runs that were ended from outside: a crash, a deadline, a signal."""
    now = situation.now
    ended = [
        Sentence(f"{clean(stage, _STAGE)} {_ENDED[runs.ended_by]} at ", time_and_age(runs.last_failed, now))
        for stage, runs in sorted(situation.stages.items())
        if runs.failing and runs.last_failed is not None and runs.ended_by in _ENDED
    ]
    call = situation.schedule
    if not ended and call is not None and call.crashed and call.began is not None:
        ended = [
            Sentence(
                f"the run of {clean(call.by, _STAGE)} crashed that began at ", time_and_age(call.began, now)
            )
        ]
    if ended:
        yield Trouble("aborted", joined(ended))


def _failed(runs: StageRuns) -> bool:
    return runs.failing and runs.ended_by not in _ENDED


def _overdue(situation: Situation) -> Iterator[Trouble]:
    call, now = situation.schedule, situation.now
    if call is None or call.due is None or now is None or not call.overdue:
        return
    late = age((now - call.due).total_seconds())
    yield Trouble(
        "overdue-run", Sentence(f"the newest run is overdue by {late}: due at ", time_and_age(call.due, None))
    )


def _since(moment: datetime | None, now: datetime | None) -> tuple[str, ...]:
    return (" since ", time_and_age(moment, now)) if moment is not None else ()
