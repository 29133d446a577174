"""What a reader must know besides the answer, and only when it is true (design 4.3, 5.1, 5.2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from shepherd.situation import Hang, Maintenance, Situation
from shepherd.snapshot import Alarm, Snapshot
from shepherd.views.clean import clean
from shepherd.views.words import ago, utc

Kind = Literal["alarm", "maintenance", "aborted", "suspected hang", "stale", "failing", "problem", "warning"]


AHEAD = timedelta(minutes=5)
"""How far two clocks may differ before an answer from the future is not believed."""


class Banner(Struct, frozen=True):
    """One line to be shown behind its kind. Not escaped, and cleaned only where other words follow."""

    kind: Kind
    text: str


def branch_banners(snapshot: Snapshot, situation: Situation) -> list[Banner]:
    """All banners of one branch, the most urgent first. The headline of `no-data` is its first problem."""
    problems = snapshot.problems[1:] if snapshot.answer == "no-data" else snapshot.problems
    return [
        *(Banner("alarm", _alarm(alarm)) for alarm in snapshot.alarms),
        *situation_banners(situation, snapshot.generated_at),
        *stale_banners(snapshot, situation.now),
        *(Banner("problem", problem) for problem in problems),
        *(Banner("warning", warning) for warning in snapshot.warnings),
    ]


def situation_banners(situation: Situation, answered: datetime | None) -> list[Banner]:
    """What holds for every branch; `answered`: when the newest answer was given."""
    banners = []
    now, switch, aborted = situation.now, situation.maintenance, situation.last_aborted
    if switch is not None:
        banners.append(Banner("maintenance", _maintenance(switch, now)))
    if aborted is not None and (switch is not None or answered is None or aborted > answered):
        banners.append(Banner("aborted", _aborted(situation, aborted)))
    if situation.hang is not None:
        banners.append(Banner("suspected hang", _hang(situation.hang, now)))
    for stage, runs in sorted(situation.stages.items()):
        if runs.failing and runs.last_failed is not None:
            text = f"{clean(stage)} failed at {utc(runs.last_failed)}{ago(runs.last_failed, now)}"
            banners.append(Banner("failing", f"{text}: {runs.failure}" if runs.failure else text))
    return banners


def stale_banners(snapshot: Snapshot, now: datetime | None) -> list[Banner]:
    """One banner if a newer answer should be there by now, else none."""
    if now is None:
        return []
    if snapshot.generated_at > now + AHEAD:
        return [Banner("stale", "the answer is dated in the future: a clock is wrong, its age is not known")]
    if now <= snapshot.valid_until:
        return []
    text = f"a newer answer was due at {utc(snapshot.valid_until)}{ago(snapshot.valid_until, now)}"
    return [Banner("stale", f"{text}; what has landed or been said since is not in this one")]


def _alarm(alarm: Alarm) -> str:
    way_out = f"; deploying r{alarm.undone_by} undoes it" if alarm.undone_by is not None else ""
    return f"production runs r{alarm.revno}, which is bad: {clean(alarm.reason)}{way_out}"


_OVERDUE = "that is long: whoever set it should end it (inv maintenance.off)"


def _maintenance(switch: Maintenance, now: datetime | None) -> str:
    since = f"since {utc(switch.since)}{ago(switch.since, now)}, " if switch.since is not None else ""
    text = f"{since}by {clean(switch.who) or 'somebody unnamed'}: {clean(switch.why) or 'no reason given'}"
    if switch.until is None:
        return f"{text}; {_OVERDUE}" if switch.overdue else text
    if now is not None and now > switch.until:
        return f"{text}; it should have ended at {utc(switch.until)}{ago(switch.until, now)}"
    text += f"; until {utc(switch.until)}{ago(switch.until, now)}"
    return f"{text}; {_OVERDUE}" if switch.overdue else text


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
