"""What other settings would have answered, day by day, and what could have gone live earlier or later
(docs/replay.md#with-other-settings)."""

from __future__ import annotations

from datetime import date, datetime, tzinfo

from msgspec import Struct

from shepherd.replaying.differences import answer_in_words
from shepherd.snapshot import Snapshot


class SupposedDay(Struct, frozen=True):
    """The last answer of one day, as it was and as it would have been."""

    day: date
    was: str
    would_be: str


class DeployableFrom(Struct, frozen=True):
    """Since when one could deploy a revision, or a later one."""

    revno: int
    was: datetime | None
    """None: in none of these runs."""
    would_be: datetime | None


class SupposedAnswers:
    """Gathers answers, run after run. Production stays where it was: what would have followed from deploying
    something else is not supposed."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._days: dict[date, SupposedDay] = {}
        self._was = _Steps()
        self._would_be = _Steps()
        self.unasked: set[int] = set()
        """Revisions that would have been candidates, but whose checks nobody asked for."""

    def add(self, at: datetime, was: Snapshot, would_be: Snapshot) -> None:
        """Args: was: by the recorded settings; would_be: by the others."""
        day = at.astimezone(self._zone).date()
        self._days[day] = SupposedDay(day, answer_in_words(was), answer_in_words(would_be))
        for steps, snapshot in ((self._was, was), (self._would_be, would_be)):
            if snapshot.deployable is not None:
                steps.add(snapshot.deployable.revno, at)
        if would_be.checks:
            self.unasked.update(_unasked(would_be))

    @property
    def days(self) -> int:
        """On how many days something was answered."""
        return len(self._days)

    def other_days(self) -> list[SupposedDay]:
        """Those whose last answer would have been another."""
        return [each for each in self._days.values() if each.was != each.would_be]

    def other_times(self) -> list[DeployableFrom]:
        """The revisions that would have been deployable earlier, later or not at all."""
        revnos = sorted({*self._was.revnos(), *self._would_be.revnos()})
        found = [DeployableFrom(each, self._was.since(each), self._would_be.since(each)) for each in revnos]
        return [each for each in found if each.was != each.would_be]


class _Steps:
    """When the newest deployable revision went up."""

    def __init__(self) -> None:
        self._steps: list[tuple[int, datetime]] = []

    def add(self, revno: int, at: datetime) -> None:
        if not self._steps or revno > self._steps[-1][0]:
            self._steps.append((revno, at))

    def revnos(self) -> list[int]:
        return [revno for revno, _ in self._steps]

    def since(self, revno: int) -> datetime | None:
        return next((at for reached, at in self._steps if reached >= revno), None)


def _unasked(snapshot: Snapshot) -> list[int]:
    deployable = snapshot.deployable.revno if snapshot.deployable else 0
    return [
        each.revno
        for each in snapshot.landings
        if each.deployable_as_tip is False
        and each.revno > deployable
        and not (each.blocked_by_count or each.exceeds or each.checks)
    ]
