"""What the answer would be, if: supposed on the last snapshot, nothing else (docs/interfaces.md#commands,
`whatif`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from shepherd.conditions import Limit
from shepherd.errors import SettingsError
from shepherd.rules.condition_reasons import of_limit
from shepherd.rules.conditions import NAMED, OverLimit
from shepherd.rules.undoing import UndoOrder
from shepherd.snapshot import BLOCKED_BY_SHOWN, LandingEntry, LimitTouch, Snapshot
from shepherd.story import Supposition


def suppose(
    snapshot: Snapshot, ok: Collection[int], rollback: Collection[int], deploy: int | None = None
) -> Supposition:
    """Suppose that some landings are good, that the next one rolls others back, and that production runs
    `deploy` by then.

    Raises:
        SettingsError: a landing is to be rolled back that is undone already; or production has passed
            `deploy`.
    """
    entries = {entry.revno: entry for entry in snapshot.landings}
    tip = snapshot.tip.revno if snapshot.tip else 0
    deployed = snapshot.deployed.revno if snapshot.deployed else 0
    if deploy is not None and deploy < deployed:
        raise SettingsError(
            f"production runs r{deployed}, and r{deploy} is older: suppose one that is still to be deployed"
        )
    window = _Window(snapshot, frozenset(ok), deployed if deploy is None else deploy)
    blocking, unblocked = set(window.blocking), set(window.unblocked)
    if deploy is None:
        # what the snapshot says of them is more than can be told by the landings that it lists
        blocking = {b.revno for b in snapshot.blockers} - set(ok)
        unblocked = set(_cleared(snapshot, frozenset(ok), window))
    over = window.over.get(tip, ())
    brings_back: list[int] = []
    if rollback:
        changed = _next_landing(entries, tip + 1, rollback)
        brings_back = sorted(p for p, undone in changed.items() if not undone and not _pure(p, entries))
        blocking -= {p for p, undone in changed.items() if undone}
        back = {p for p, undone in changed.items() if not undone and p in entries}
        blocking |= {p for p in back if window.blocks(p)} | window.lacking(tip + 1, changed)
        over = window.after(tip + 1, changed, rollback)
        if brings_back:
            blocking.add(tip + 1)
        elif not blocking and not over:
            unblocked.add(tip + 1)
    checks = {revno: _checks(snapshot, entries.get(revno)) for revno in unblocked if revno not in window.over}
    deployable = max((revno for revno, said in checks.items() if said != "failed"), default=None)
    limits = [Limit(each.paths, each.max, each.reason) for each in snapshot.limits]
    return Supposition(
        tuple(ok),
        tuple(rollback),
        deployable,
        tip + 1 if rollback else None,
        tuple(sorted(blocking)[:BLOCKED_BY_SHOWN]),
        len(blocking),
        tuple(brings_back),
        deploy=deploy,
        if_checks_pass=deployable is not None and checks[deployable] == "open",
        checks_hold=max((revno for revno, said in checks.items() if said == "hold"), default=None),
        over=tuple(str(of_limit(each, limits)) for each in over),
        limits_unknown=bool(limits) and any(target <= deployed for target in rollback),
    )


class _Window:
    """The candidates after the revision that production is supposed to run, by what the snapshot lists.

    Attributes:
        unblocked: the candidates that nothing blocks.
        blocking: what blocks the newest one.
        over: candidate -> the limits that it exceeds.
    """

    def __init__(self, snapshot: Snapshot, ok: Collection[int], base: int) -> None:
        self._entries = {entry.revno: entry for entry in snapshot.landings}
        self._ok = ok
        self._base = base
        self._most = [limit.max for limit in snapshot.limits]
        self._inside: list[set[int]] = [set() for _ in snapshot.limits]
        """Per limit, what counts for it at the newest candidate so far."""
        self.unblocked: list[int] = []
        self.blocking: set[int] = set()
        self.over: dict[int, tuple[OverLimit, ...]] = {}
        self._effect = UndoOrder()
        self._needing = [entry for entry in self._entries.values() if entry.good and entry.good_with]
        self._gone: set[int] = set()
        """What is undone at the revision that production is supposed to run."""
        for revno, entry in sorted(self._entries.items()):
            flips = self._effect.land(revno, entry.targets)
            if revno <= base:
                self._gone |= {p for p, undone in flips.items() if undone}
                self._gone -= {p for p, undone in flips.items() if not undone}
            else:
                self._land(revno, flips)

    def blocks(self, revno: int) -> bool:
        """Whether it blocks where it is in effect: it is not good, and production does not run it."""
        entry = self._entries.get(revno)
        return entry is not None and not entry.good and not self._passes(revno)

    def lacking(self, tip: int, changed: Mapping[int, bool] = {}) -> set[int]:
        """What blocks a candidate although it is good: it is not without what repairs it
        (docs/rules.md#repairs).

        Args:
            changed: what else becomes undone there, or comes back.
        """

        def undone(revno: int) -> bool:
            return changed[revno] if revno in changed else self._effect.undone(revno)

        return {
            entry.revno
            for entry in self._needing
            if entry.revno <= tip and not undone(entry.revno) and not self._passes(entry.revno)
            if any(repair > tip or undone(repair) for repair in entry.good_with or ())
        }

    def _passes(self, revno: int) -> bool:
        """Whether it blocks nothing, whatever its state: production runs it, or it is supposed to be good."""
        return revno in self._ok or (revno <= self._base and revno not in self._gone)

    def after(self, revno: int, flips: Mapping[int, bool], targets: Collection[int]) -> tuple[OverLimit, ...]:
        """The limits that are exceeded once a landing takes these back: it changes what they changed."""
        for p, undone in flips.items():
            self._change(p, undone)
        if any(target <= self._base for target in targets):
            for target in targets:
                for touch in self._touches(target):
                    self._inside[touch.limit].add(revno)
        return self._exceeded()

    def _land(self, revno: int, flips: Mapping[int, bool]) -> None:
        for p, undone in (*flips.items(), (revno, False)):
            self._change(p, undone)
        if over := self._exceeded():
            self.over[revno] = over
        if not self.blocking and not (self._needing and self.lacking(revno)):
            self.unblocked.append(revno)

    def _change(self, revno: int, undone: bool) -> None:
        if undone:
            self.blocking.discard(revno)
        elif self.blocks(revno):
            self.blocking.add(revno)
        for touch in self._touches(revno) if revno > self._base else ():
            if undone:
                self._inside[touch.limit].discard(revno)
            elif touch.undoes_from is None or touch.undoes_from <= self._base:
                self._inside[touch.limit].add(revno)

    def _touches(self, revno: int) -> tuple[LimitTouch, ...]:
        return self._entries[revno].touches if revno in self._entries else ()

    def _exceeded(self) -> tuple[OverLimit, ...]:
        return tuple(
            OverLimit(place, len(those), tuple(sorted(those)[:NAMED]))
            for place, those in enumerate(self._inside)
            if len(those) > self._most[place]
        )


def _checks(snapshot: Snapshot, entry: LandingEntry | None) -> str:
    """What is known of the checks of a candidate: they "hold", one "failed", or that is "open"."""
    if not snapshot.checks:
        return "hold"
    states = {each.state for each in entry.checks} if entry is not None else set()
    if "no" in states:
        return "failed"
    return "hold" if states == {"holds"} else "open"


def _cleared(snapshot: Snapshot, ok: Collection[int], window: _Window) -> list[int]:
    """The candidates that nothing blocks but what is supposed to be good."""
    candidates = [
        entry
        for entry in snapshot.landings
        if entry.deployable_as_tip is not None and all(revno in ok for revno in entry.blocked_by)
    ]
    cleared = [entry.revno for entry in candidates if entry.blocked_by_count <= BLOCKED_BY_SHOWN]
    if len(cleared) < len(candidates):
        # the snapshot names the oldest of what blocks these: the others are landings of the window
        free = set(window.unblocked)
        cleared += [e.revno for e in candidates if e.blocked_by_count > BLOCKED_BY_SHOWN and e.revno in free]
    return cleared


def _next_landing(
    entries: Mapping[int, LandingEntry], revno: int, rollback: Collection[int]
) -> Mapping[int, bool]:
    """What becomes undone, and what comes back, with a landing that rolls these back
    (docs/rules.md#undone)."""
    effect = UndoOrder()
    for entry in sorted(entries.values(), key=lambda entry: entry.revno):
        if entry.targets:
            effect.land(entry.revno, entry.targets)
    for target in rollback:
        if effect.undone(target) and entries[target].undone_by not in rollback:
            raise SettingsError(f"r{target} is undone already, by r{entries[target].undone_by}")
    return effect.land(revno, rollback)


def _pure(revno: int, entries: Mapping[int, LandingEntry]) -> bool:
    """Whether it is a rollback that names no bug but its targets' (docs/rules.md#undone)."""
    entry = entries.get(revno)
    if entry is None or not entry.targets:
        return False
    theirs = {bug for target in entry.targets if target in entries for bug in entries[target].bugs}
    return theirs.issuperset(entry.bugs)
