"""What a reader must know besides the answer, and only when it is true (docs/interfaces.md#snapshot,
docs/running.md#one-copy-at-a-time, docs/running.md#maintenance)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from shepherd import cautions
from shepherd.cautions import Caution
from shepherd.situation import Hang, Situation
from shepherd.snapshot import Snapshot
from shepherd.views.clean import clean
from shepherd.views.words import ago, utc

CALLED: dict[cautions.Kind, str] = {
    "no-data": "no data",
    "unread": "no data",
    "stale": "stale",
    "hotfix": "hotfix",
    "alarm": "alarm",
    "promoted-bad": "promoted and bad",
    "undone-later": "undone later",
    "maintenance": "maintenance",
}
"""What each caution is called in front of its sentence, on badge and tab."""


class Banner(Struct, frozen=True):
    """One line to be shown behind its kind. Not escaped, and cleaned only where other words follow."""

    kind: str
    """One of `CALLED`, or: aborted, suspected hang, failing, problem, warning."""
    text: str


def branch_banners(snapshot: Snapshot, situation: Situation, found: Sequence[Caution]) -> list[Banner]:
    """All banners of one branch, the most urgent first. What the headline says already is in none of them."""
    first = cautions.stopping(found)
    problems = snapshot.problems[1:] if snapshot.answer == "no-data" else snapshot.problems
    unread = situation.unread.get(snapshot.branch)
    told = unread.stage if unread is not None and snapshot.complete else ""
    return [
        *(caution_banner(caution) for caution in found if caution is not first),
        *situation_banners(situation, snapshot.generated_at, told),
        *(Banner("problem", problem) for problem in problems),
        *(Banner("warning", warning) for warning in snapshot.warnings),
    ]


def caution_banner(caution: Caution) -> Banner:
    """A caution with what to do about it."""
    text = f"{caution.sentence}; {caution.remedy}" if caution.remedy else caution.sentence
    return Banner(CALLED[caution.kind], text)


def situation_banners(situation: Situation, answered: datetime | None, told: str = "") -> list[Banner]:
    """What holds for every branch and is no caution.

    Args:
        answered: when the newest answer was given. told: a stage whose failure is told of already.
    """
    banners = []
    now, switch, aborted = situation.now, situation.maintenance, situation.last_aborted
    if aborted is not None and (switch is not None or answered is None or aborted > answered):
        banners.append(Banner("aborted", _aborted(situation, aborted)))
    if situation.hang is not None:
        banners.append(Banner("suspected hang", _hang(situation.hang, now)))
    for stage, runs in sorted(situation.stages.items()):
        if runs.failing and runs.last_failed is not None and stage != told:
            text = f"{clean(stage)} failed at {utc(runs.last_failed)}{ago(runs.last_failed, now)}"
            banners.append(Banner("failing", f"{text}: {runs.failure}" if runs.failure else text))
    return banners


def _aborted(situation: Situation, aborted: datetime) -> str:
    now, switch = situation.now, situation.maintenance
    text = f"updates were aborted because of {clean(situation.aborted_because) or 'a reason not recorded'}"
    if switch is not None and switch.since is not None:
        text += f", created {utc(switch.since)}{ago(switch.since, now)}"
    return f"{text}, last aborted run at {utc(aborted)}{ago(aborted, now)}"


def _hang(hang: Hang, now: datetime | None) -> str:
    since = f" since {utc(hang.since)}{ago(hang.since, now)}" if hang.since is not None else ""
    process = f", process {hang.pid}" if hang.pid is not None else ""
    host = f" on {clean(hang.host)}" if hang.host else ""
    return f"{clean(hang.stage) or 'a run'} has been going{since}{process}{host}"
