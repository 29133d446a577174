"""Who waits for whom: on which landings who has the next move, since when, and whose landings stand behind
them. Pure, from a snapshot (docs/trends.md#waits).

It ranks waits, the oldest first, never people: nothing is counted of how fast anybody was.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from shepherd.snapshot import Blocker, LandingEntry, Progress, Snapshot, State

MoveKind = Literal["person", "qa-server", "operators", "conditions", "promotion", "deployment"]
"""Who or what has the next move: a person · the QA server, which does not run it yet · the shepherd's
operators, since it could not be judged · checks and limits · who promotes · who deploys what is promoted."""
WAIT_THEMSELVES: frozenset[MoveKind] = frozenset(("conditions", "promotion", "deployment"))
"""Where good landings wait for the move, and nothing else stands behind them."""

ELSEWHERE = "elsewhere"
"""What touches none of the components."""
NOT_READ = ""
"""In place of a component, of a landing that production contains: what such ones touch is not read."""
LANDINGS_LISTED = 100
"""Of one mover, those that have waited longest; the rest are counted."""


class NextMove(Struct, frozen=True):
    """One landing that waits for a move."""

    revno: int
    id: str
    title: str
    person: str
    """Whose it is; empty: a robot's, or nobody known."""
    state: State
    progress: Progress
    since: datetime
    """When it landed; of one that is promoted, when that was, as far as it was seen."""
    behind: int
    """Good landings that it keeps back."""
    components: tuple[str, ...] = ()
    """As `components_of` names them; empty where the settings have none."""


class Mover(Struct, frozen=True):
    """Who has the next move, and what waits for it."""

    kind: MoveKind
    who: str
    """Of a person the name, or "anybody on the team"; else empty."""
    since: datetime
    """Of the oldest."""
    landings: tuple[NextMove, ...]
    """What waits for their move, the oldest first, LANDINGS_LISTED at most."""
    count: int
    """How many these are in all."""
    behind: int
    """Good landings that one or more of these keep back."""
    people: tuple[str, ...]
    """Whose those are, in the order of the alphabet; empty stands for nobody known. Of conditions, promotion
    and deployment, which good landings wait for themselves: whose these are."""


class ComponentMovers(Struct, frozen=True):
    """Who has the next move on landings that touch one component."""

    component: str
    """A name of the settings, ELSEWHERE or NOT_READ."""
    movers: tuple[Mover, ...]


class Waits(Struct, frozen=True):
    """Who waits for whom on one branch, when its answer was given."""

    branch: str
    generated_at: datetime
    known: bool
    """False: there is no data, and so nothing is known of what waits."""
    movers: tuple[Mover, ...] = ()
    """The oldest wait first."""
    components: tuple[ComponentMovers, ...] = ()
    """The same for each component on which something waits, the oldest wait first; a landing that touches
    several stands in each. Empty where the settings have none."""


def waits_of(snapshot: Snapshot) -> Waits:
    """What a snapshot says of it."""
    if not snapshot.complete:
        return Waits(snapshot.branch, snapshot.generated_at, False)
    held = _HeldBack(snapshot)
    stopped = list(_stopped(snapshot, held))
    by_component: dict[str, list[_Stopped]] = {}
    for each in stopped if snapshot.components else ():
        for component in components_of(each[0], snapshot):
            by_component.setdefault(component, []).append(each)
    components = [ComponentMovers(name, _movers(snapshot, some, held)) for name, some in by_component.items()]
    components.sort(key=lambda each: (each.movers[0].since, each.component))
    movers = _movers(snapshot, stopped, held)
    return Waits(snapshot.branch, snapshot.generated_at, True, movers, tuple(components))


def components_of(entry: LandingEntry, snapshot: Snapshot) -> tuple[str, ...]:
    """The components that a landing touches, or what stands in place of them."""
    if entry.components:
        return entry.components
    read = snapshot.deployed is not None and entry.revno > snapshot.deployed.revno
    return (ELSEWHERE,) if read else (NOT_READ,)


_Stopped = tuple[LandingEntry, MoveKind, str]
"""A landing, and who has the next move on it."""


def _stopped(snapshot: Snapshot, held: _HeldBack) -> Iterator[_Stopped]:
    blockers = {blocker.revno: blocker for blocker in snapshot.blockers}
    kept_back = frozenset(held.landings(blockers))
    for entry in snapshot.landings:
        if (blocker := blockers.get(entry.revno)) is not None:
            yield (entry, *_mover_of(entry, blocker))
        elif entry.progress == "promoted":
            yield entry, "deployment", ""
        elif entry.progress == "deployable":
            yield entry, "promotion", ""
        elif entry.progress == "waiting" and entry.revno not in kept_back and not entry.repairs:
            yield entry, "conditions", ""


def _mover_of(entry: LandingEntry, blocker: Blocker) -> tuple[MoveKind, str]:
    if entry.state == "unknown":
        return "operators", ""
    if entry.state == "needstesting" and entry.progress == "not-on-qa-yet":
        return "qa-server", ""
    return "person", entry.whose_move or blocker.person


class _HeldBack:
    """Which good landings are kept back by which blockers.

    Of nearly all it is every blocker that is older: these are counted together. What blocks the tip may have
    been undone at some older landing: such a landing is looked at by itself.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._blocking = sorted(blocker.revno for blocker in snapshot.blockers)
        self._blockers = frozenset(self._blocking)
        self._by_all: list[int] = []
        """Revnos of those that every older blocker keeps back, ascending."""
        self._newest: dict[str, int] = {}
        """Person -> the newest of these."""
        self._others: list[LandingEntry] = []
        by_all: dict[tuple[int, int], bool] = {}
        listed = {entry.revno: entry for entry in snapshot.landings}
        for entry in reversed(snapshot.landings):
            if repairs := [listed[revno] for revno in entry.repairs if revno in listed]:
                # it is kept back by what keeps back the landings that it has to go with
                theirs = (revno for repair in repairs for revno in repair.blocked_by)
                self._others.append(replace(entry, blocked_by=(*entry.blocked_by, *theirs)))
                continue
            if entry.progress != "waiting" or not entry.blocked_by:
                continue
            # in a large window most landings share one list, and few lists differ from their neighbour's
            same = id(entry.blocked_by), bisect_left(self._blocking, entry.revno)
            if same not in by_all:
                by_all[same] = self._is_held_by_all(entry, same[1])
            if by_all[same]:
                self._by_all.append(entry.revno)
                self._newest[entry.person] = max(entry.revno, self._newest.get(entry.person, 0))
            else:
                self._others.append(entry)
        self._by_all.sort()

    def _is_held_by_all(self, entry: LandingEntry, older: int) -> bool:
        """Args: older: how many blockers are older."""
        listed = entry.blocked_by
        if _is_cut(entry):
            older = bisect_right(self._blocking, listed[-1])
        return set(listed).issuperset(self._blocking[:older])

    def count(self, revnos: Iterable[int]) -> int:
        """How many good landings one or more of these keep back."""
        return len(self.landings(revnos))

    def landings(self, revnos: Iterable[int]) -> Sequence[int]:
        """Which those are."""
        blockers = self._blockers.intersection(revnos)
        if not blockers:
            return []
        newer = self._by_all[bisect_right(self._by_all, min(blockers)) :]
        return [*newer, *(entry.revno for entry in self._others if _is_held_by(entry, blockers))]

    def people(self, revnos: Iterable[int]) -> set[str]:
        """Whose those are."""
        blockers = self._blockers.intersection(revnos)
        if not blockers:
            return set()
        people = {who for who, newest in self._newest.items() if newest > min(blockers)}
        return people | {entry.person for entry in self._others if _is_held_by(entry, blockers)}


def _is_held_by(entry: LandingEntry, blockers: frozenset[int]) -> bool:
    if not blockers.isdisjoint(entry.blocked_by):
        return True
    # a snapshot lists the oldest hundred: between these and the landing stands what else blocks
    return _is_cut(entry) and any(entry.blocked_by[-1] < revno < entry.revno for revno in blockers)


def _is_cut(entry: LandingEntry) -> bool:
    return entry.blocked_by_count > len(entry.blocked_by)


def _movers(snapshot: Snapshot, stopped: Sequence[_Stopped], held: _HeldBack) -> tuple[Mover, ...]:
    theirs: dict[tuple[MoveKind, str], list[LandingEntry]] = {}
    for entry, kind, who in stopped:
        theirs.setdefault((kind, who), []).append(entry)
    movers = [_mover(kind, who, entries, snapshot, held) for (kind, who), entries in theirs.items()]
    return tuple(sorted(movers, key=lambda each: (each.since, each.kind, each.who)))


def _mover(
    kind: MoveKind, who: str, entries: Sequence[LandingEntry], snapshot: Snapshot, held: _HeldBack
) -> Mover:
    oldest_first = sorted(entries, key=lambda entry: (_since(entry), entry.revno))
    revnos = [entry.revno for entry in entries]
    people = held.people(revnos)
    if kind in WAIT_THEMSELVES:
        people = {entry.person for entry in entries}
    return Mover(
        kind,
        who,
        _since(oldest_first[0]),
        tuple(
            NextMove(
                entry.revno,
                entry.id,
                entry.title,
                entry.person,
                entry.state,
                entry.progress,
                _since(entry),
                held.count([entry.revno]),
                components_of(entry, snapshot) if snapshot.components else (),
            )
            for entry in oldest_first[:LANDINGS_LISTED]
        ),
        len(entries),
        held.count(revnos),
        tuple(sorted(people, key=lambda who: (who.casefold(), who))),
    )


def _since(entry: LandingEntry) -> datetime:
    promoted = entry.promoted_at if entry.progress == "promoted" and entry.good else None
    return promoted or entry.landed_at
