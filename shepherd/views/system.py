"""The shepherd itself: is all well, when each stage last ran well and last failed, what was called last
and when the next run is due, which versions."""

from __future__ import annotations

from msgspec.structs import replace

from shepherd.errors import BUSY, DEADLINE, MAINTENANCE, NO_DATA, PARTLY, REFUSED, UNEXPECTED, WRONG_VALUE
from shepherd.health import troubles
from shepherd.sentence import Sentence, separated, time, time_and_age
from shepherd.situation import STAGES, Schedule, Situation, StageRuns
from shepherd.views.banners import unsaid
from shepherd.views.clean import clean

SAID = "as said at the top"
CALLERS = {"cron": "cron", "timer": "the systemd timer"}
_CODES = {
    UNEXPECTED: "an unexpected failure",
    WRONG_VALUE: "wrong settings",
    MAINTENANCE: "refused, since maintenance is on",
    BUSY: "refused, since another copy was at work",
    NO_DATA: "no data",
    DEADLINE: "a deadline passed",
    PARTLY: "partly done",
    REFUSED: "refused",
}
"""What the exit codes of a run say (docs/interfaces.md#exit-codes)."""


def stages(situation: Situation, said: str = "") -> list[tuple[str, StageRuns]]:
    """Every stage that ever ran here, with its runs, in the order of a run; others stand after them.

    Args:
        said: a sentence that stands above already.
    """
    order = {name: place for place, name in enumerate(STAGES)}
    runs = sorted(situation.stages.items(), key=lambda item: (order.get(item[0], len(order)), item[0]))
    return [(name, replace(run, failure=_referring(run.failure, said))) for name, run in runs]


def _referring(failure: str, said: str) -> str:
    rest = unsaid(failure, said)
    return failure if rest == failure else f"{SAID}; {rest}" if rest else SAID


def summary(situation: Situation) -> str:
    """The section in one line, the worst first: `The system: a run hangs since …`."""
    wrong = troubles(situation)
    if wrong:
        return Sentence("The system: ", separated([trouble.sentence for trouble in wrong], "; "))
    return "The system: every stage ran well" if situation.stages else "The system: nothing ran yet"


def is_well(situation: Situation) -> bool:
    """Whether nothing is wrong: maintenance that ends in time is as somebody wants it."""
    return all(trouble.kind == "maintenance" for trouble in troubles(situation))


def schedule(situation: Situation) -> str:
    """What cron or a timer called last, and when the next run is due; empty if neither is known."""
    known = situation.schedule
    if known is None:
        return ""
    parts = [_last(known, situation), _next(known, situation)]
    return separated([part for part in parts if part], "; ")


def _last(known: Schedule, situation: Situation) -> str:
    if known.began is None:
        return "neither cron nor a systemd timer has called it yet"
    caller = CALLERS.get(known.by) or clean(known.by)
    if known.ended is None:
        how = ", and that run crashed" if known.crashed else ""
    else:
        words = _CODES.get(known.exit, "a failure") if known.exit else ""
        how = f": {words} (exit code {known.exit})" if words else ": all well"
    return Sentence(f"{caller} last called it at ", time_and_age(known.began, situation.now), how)


def _next(known: Schedule, situation: Situation) -> str:
    if known.due is None:
        return ""
    if known.overdue:
        return Sentence("a run was due at ", time_and_age(known.due, situation.now))
    return Sentence("the next run is due at ", time(known.due))
