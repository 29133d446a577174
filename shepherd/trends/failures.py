"""What went wrong in production: landings that failed, and how long something bad ran
(docs/trends.md#change-failure-rate)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from shepherd.trends.happened import AlarmChange, Happened
from shepherd.trends.mainline import NumberedLine
from shepherd.trends.model import Failure
from shepherd.trends.production import EffectTime, Production
from shepherd.words import State


class AlarmTime(Struct, frozen=True, gc=False):
    """An alarm about a landing was on."""

    id: str
    begin: datetime
    end: datetime | None


def alarm_times(changes: Iterable[AlarmChange]) -> dict[str, list[AlarmTime]]:
    """SHA -> when alarms about it were on, oldest first."""
    on: dict[str, datetime] = {}
    times: dict[str, list[AlarmTime]] = {}
    for change in changes:
        if change.on:
            on.setdefault(change.id, change.at)
        elif (begin := on.pop(change.id, None)) is not None:
            times.setdefault(change.id, []).append(AlarmTime(change.id, begin, change.at))
    for sha, begin in on.items():
        times.setdefault(sha, []).append(AlarmTime(sha, begin, None))
    return times


class Badness:
    """What was bad when, by the words and alarms of that time."""

    def __init__(self, happened: Happened) -> None:
        self._states = happened.states
        self.alarms: Mapping[str, Sequence[AlarmTime]] = alarm_times(happened.alarms)

    def known(self, sha: str) -> bool:
        """Whether the landing was ever judged."""
        return any(state != "unknown" for _, state in self._states.get(sha, ()))

    def bad_since(self, sha: str, begin: datetime) -> bool:
        """Whether it was bad at some moment from then on."""
        if any(alarm.end is None or alarm.end > begin for alarm in self.alarms.get(sha, ())):
            return True
        state: State = "unknown"
        for at, new in self._states.get(sha, ()):
            if at > begin and "bad" in (state, new):
                return True
            state = new
        return state == "bad"

    def failed(self, sha: str, times: Sequence[EffectTime]) -> bool | None:
        """Whether a landing failed in one of the times in which it was in effect in production: it was bad,
        or ended by a rollback or by a move back. None: not known."""
        if any(time.end is not None or self.bad_since(sha, time.begin) for time in times):
            return True
        return False if self.known(sha) else None


class Restores(Struct, frozen=True):
    """How long production ran something bad."""

    failures: tuple[Failure, ...]
    by_word: tuple[datetime, ...] = ()
    """When those began that ended because a word changed, while production stood still."""
    rewritten: tuple[datetime, ...] = ()
    """When alarms began whose landing is not known on the mainline."""


def restores(production: Production, line: NumberedLine, badness: Badness) -> Restores:
    """Each time in which production ran something of which was known that it is bad."""
    found: list[tuple[int, datetime, datetime | None]] = []
    by_word: list[datetime] = []
    rewritten: list[datetime] = []
    for alarm in (each for times in badness.alarms.values() for each in times):
        revno = line.revno_of(alarm.id)
        if revno is None:
            rewritten.append(alarm.begin)
            continue
        for begin, over, said in _in_production(production, revno, alarm):
            if said:
                by_word.append(begin)
            else:
                found.append((revno, begin, over))
    return Restores(tuple(_joined(found)), tuple(sorted(by_word)), tuple(sorted(rewritten)))


def _in_production(
    production: Production, revno: int, alarm: AlarmTime
) -> list[tuple[datetime, datetime | None, bool]]:
    """The times of an alarm in which production ran its landing: begin, end, and whether it ended by a word
    alone, while production stood still."""
    times: list[tuple[datetime, datetime | None, bool]] = []
    begin: datetime | None = None
    moved = False
    for index, runs in production.runs(revno, alarm.begin):
        at = production.moves[index].at
        if alarm.end is not None and at > alarm.end:
            break
        if begin is not None and at > begin and not runs:
            times.append((begin, at, False))
            begin = None
        elif begin is not None and at > begin:
            moved = moved or production.moves[index].direction != "still"
        elif runs:
            begin, moved = max(at, alarm.begin), False
        else:
            begin = None
    if begin is not None and (alarm.end is None or begin < alarm.end):
        times.append((begin, alarm.end, alarm.end is not None and not moved))
    return times


def _joined(found: Iterable[tuple[int, datetime, datetime | None]]) -> list[Failure]:
    """Times that touch or overlap are one failure."""
    failures: list[Failure] = []
    for revno, begin, over in sorted(found, key=lambda each: (each[1], each[0])):
        last = failures[-1] if failures else None
        if last is None or (last.over is not None and last.over < begin):
            failures.append(Failure((revno,), begin, over))
            continue
        revnos = last.revnos if revno in last.revnos else (*last.revnos, revno)
        end = None if last.over is None or over is None else max(last.over, over)
        failures[-1] = Failure(revnos, last.began, end)
    return failures
