"""Where the time from landing to live went (docs/trends.md#where-the-time-goes)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from shepherd.rules.states import GOOD
from shepherd.trends.happened import Happened
from shepherd.trends.mainline import NumberedLine
from shepherd.trends.model import WaitPhase
from shepherd.trends.reach import Reach, earlier
from shepherd.trends.unseen import LONG
from shepherd.words import State

Lacking = Literal["qa", "good", "judged", "answer", "promotion"]
"""What is not known, or was not so, of a landing that is live: since when the QA server had it · that it was
good when it went live · since when it was, as it was first judged late · that an answer allowed it before ·
that a promotion held it before."""


class PhaseTimes:
    """What each landing waited for."""

    def __init__(self, happened: Happened, line: NumberedLine) -> None:
        self._states = happened.states
        self._qa = Reach(happened.on_qa, line)
        self._answers = Reach(happened.answers, line)
        self._promoted = Reach(happened.promoted, line)

    def phases(
        self, revno: int, sha: str, landed: datetime, live: datetime
    ) -> Mapping[WaitPhase, int] | Lacking:
        """The seconds of each phase, which are all from landing to live; or the first that is lacking."""
        states = self._states.get(sha, ())
        good = became_good(states, live)
        if good is None:
            return "good"
        if good == states[0][0] and good - landed > LONG:
            return "judged"
        answer = self._answers.for_good(revno)
        if answer is None or not answer.answered or answer.at > live:
            return "answer"
        ends: list[tuple[WaitPhase, datetime]] = []
        if self._qa.began is not None and self._qa.began <= live:
            seen = self._qa.first(revno)
            if seen is not None and not seen.moved and good > landed:
                return "qa"
            # what is good already does not wait for the QA server
            on_qa = earlier(seen.at if seen is not None else None, good)
            ends.append(("qa-server", on_qa or good))
        ends += [("person", good), ("others", answer.at)]
        if self._promoted.began is not None and self._promoted.began <= live:
            promotion = self._promoted.for_good(revno)
            if promotion is None or not promotion.moved or promotion.at > live:
                return "promotion"
            ends.append(("promotion", promotion.at))
        ends.append(("deployment", live))
        return _partition(landed, ends)


def became_good(states: Sequence[tuple[datetime, State]], live: datetime) -> datetime | None:
    """When a landing became good for the last time before it went live; None: it was not when it did. That
    its bug could not be read for a while makes no difference."""
    since: datetime | None = None
    for at, state in states:
        if at > live:
            break
        if state not in GOOD:
            since = since if state == "unknown" else None
        elif since is None:
            since = at
    return since


def _partition(landed: datetime, ends: Sequence[tuple[WaitPhase, datetime]]) -> dict[WaitPhase, int]:
    """Each phase ends when it did, but not before the one before it, nor after the last one."""
    live = ends[-1][1]
    before = min(landed, live)
    seconds: dict[WaitPhase, int] = {}
    for phase, end in ends:
        end = max(before, min(end, live))
        seconds[phase] = (end - before) // timedelta(seconds=1)
        before = end
    return seconds
