"""The shepherd itself: when each stage last ran well and last failed, who is at work, which versions."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shepherd.situation import STAGES, Situation, StageRuns
from shepherd.views.words import some


class Stage(Struct, frozen=True):
    """One row of the table."""

    name: str
    last_good: datetime | None
    last_failed: datetime | None
    failure: str
    seconds: float | None
    failing: bool


def stages(situation: Situation) -> list[Stage]:
    """Every stage that ever ran here, in the order of a run; what else ran stands after them."""
    order = {name: place for place, name in enumerate(STAGES)}
    names = sorted(situation.stages, key=lambda name: (order.get(name, len(order)), name))
    return [_stage(name, situation.stages[name]) for name in names]


def _stage(name: str, runs: StageRuns) -> Stage:
    return Stage(name, runs.last_good, runs.last_failed, runs.failure, runs.seconds, runs.failing)


def summary(situation: Situation) -> str:
    """The section in one line: "The system: judge is failing"."""
    failing = [stage.name for stage in stages(situation) if stage.failing]
    if failing:
        return f"The system: {some(failing, 3)} {'is' if len(failing) == 1 else 'are'} failing"
    return "The system: every stage ran well" if situation.stages else "The system: nothing ran yet"
