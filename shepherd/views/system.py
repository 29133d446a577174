"""The shepherd itself: when each stage last ran well and last failed, who is at work, which versions."""

from __future__ import annotations

from shepherd.situation import STAGES, Situation, StageRuns
from shepherd.views.words import some


def stages(situation: Situation) -> list[tuple[str, StageRuns]]:
    """Every stage that ever ran here, with its runs, in the order of a run; others stand after them."""
    order = {name: place for place, name in enumerate(STAGES)}
    return sorted(situation.stages.items(), key=lambda item: (order.get(item[0], len(order)), item[0]))


def summary(situation: Situation) -> str:
    """The section in one line: "The system: judge is failing"."""
    failing = [name for name, runs in stages(situation) if runs.failing]
    if failing:
        return f"The system: {some(failing, 3)} {'is' if len(failing) == 1 else 'are'} failing"
    return "The system: every stage ran well" if situation.stages else "The system: nothing ran yet"
