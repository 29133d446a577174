"""Checks that keep candidates back: when that begins, when it is over, and what the list is told of it. Pure
(docs/mails.md#checks).

A check that keeps the newest candidate back that nothing else does is one episode, over newer commits too,
until it holds on a candidate that is not older than where it began, or keeps nothing back any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from shepherd.people import matches
from shepherd.snapshot import CheckEntry, LandingEntry, Snapshot


class CheckWait(Struct, frozen=True):
    """An episode that goes on."""

    seq: int
    """Its place in the journal: a later one about the same check is another one. 0: it is not noted yet."""
    check: str
    revno: int
    """The candidate that it kept back first."""
    since: datetime


class HeldRevision(Struct, frozen=True):
    """A candidate that a check keeps back."""

    revno: int
    check: CheckEntry


class HeldUp(Struct, frozen=True):
    """What the list is told of one episode."""

    branch: str
    wait: CheckWait
    held: tuple[HeldRevision, ...]
    """Newest first; none where it cannot be told just now."""
    landings: int
    """How many wait for it."""
    others: tuple[str, ...] = ()
    """Other checks that the newest of these waits for."""

    @property
    def name(self) -> str:
        """What the journal calls it: branch and place."""
        return f"{self.branch} {self.wait.seq}"


class CheckChanges(Struct, frozen=True):
    """What an answer says of the episodes."""

    over: tuple[CheckWait, ...] = ()
    begin: tuple[HeldRevision, ...] = ()


def check_changes(snapshot: Snapshot, going_on: Iterable[CheckWait]) -> CheckChanges:
    """Which episodes are over with this answer, and which begin. What could not be read changes nothing."""
    waits = list(going_on)
    first = _newest(snapshot)
    if first is not None and not first.checks:
        # it is not known what they say
        return CheckChanges()
    missing = first.missing if first is not None else ()
    known = all(check.state != "unknown" for check in missing)
    checks = [(entry.revno, check) for entry in _after(snapshot) for check in entry.checks]
    holding = [(revno, check.name) for revno, check in checks if check.state == "holds"]
    # a name may be a pattern that nothing has reported for yet: what it matches may be as bad as before
    bad = {check.name: check for check in missing if check.state != "unknown"}
    over = [
        wait
        for wait in waits
        if (known and not matches(bad, wait.check))
        or (snapshot.deployable is not None and snapshot.deployable.revno >= wait.revno)
        or any(name == wait.check and revno >= wait.revno for revno, name in holding)
    ]
    on = {wait.check for wait in waits} - {wait.check for wait in over}
    begin = [
        HeldRevision(first.revno, check)
        for name, check in bad.items()
        if first is not None and not any(matches((name,), each) for each in on)
    ]
    return CheckChanges(tuple(over), tuple(begin))


def held_up(snapshot: Snapshot, waits: Iterable[CheckWait], grace: int, now: datetime) -> list[HeldUp]:
    """The episodes that have gone on for at least so many seconds, the longest first."""
    last = snapshot.deployable or snapshot.deployed
    told = []
    for wait in sorted(waits, key=lambda wait: (wait.since, wait.seq)):
        if (now - wait.since).total_seconds() < grace:
            continue
        held = held_revisions(snapshot, wait.check)
        first = _newest(snapshot)
        others = [c.name for c in first.missing if c.name != wait.check] if held and first else []
        newest = held[0].revno if held else wait.revno
        before = last.revno if last is not None else 0
        told.append(HeldUp(snapshot.branch, wait, tuple(held), max(newest - before, 0), tuple(others)))
    return told


def held_revisions(snapshot: Snapshot, check: str) -> list[HeldRevision]:
    """The candidates that this check keeps back, newest first."""
    return [
        HeldRevision(entry.revno, each)
        for entry in _after(snapshot)
        if _is_kept_back(entry)
        for each in entry.missing
        if each.name == check
    ]


def _after(snapshot: Snapshot) -> list[LandingEntry]:
    """The candidates from the latest deployable on, newest first; that one too, since its checks hold."""
    last = snapshot.deployable or snapshot.deployed
    since = last.revno if last is not None else 0
    return [entry for entry in snapshot.landings if entry.revno >= since]


def _is_kept_back(entry: LandingEntry) -> bool:
    """Whether nothing keeps a candidate back but its checks, if anything."""
    return entry.deployable_as_tip is False and not entry.blocked_by_count and not entry.over_limits


def _newest(snapshot: Snapshot) -> LandingEntry | None:
    """The newest candidate after the latest deployable that nothing but its checks keeps back."""
    if not snapshot.checks:
        return None
    return next((entry for entry in _after(snapshot) if _is_kept_back(entry)), None)
