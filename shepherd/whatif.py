"""What the answer would be, if: supposed on the last snapshot, nothing else (docs/interfaces.md#commands,
`whatif`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from shepherd.errors import SettingsError
from shepherd.rules.undoing import UndoOrder
from shepherd.snapshot import BLOCKED_BY_SHOWN, LandingEntry, Snapshot
from shepherd.story import Supposition


def suppose(snapshot: Snapshot, ok: Collection[int], rollback: Collection[int]) -> Supposition:
    """Suppose that some landings are good, and that the next one rolls others back.

    Raises:
        SettingsError: a landing is to be rolled back that is undone already.
    """
    entries = {entry.revno: entry for entry in snapshot.landings}
    tip = snapshot.tip.revno if snapshot.tip else 0
    cleared = _cleared(snapshot, frozenset(ok))
    at_tip = entries.get(tip)
    blocking = {b.revno for b in snapshot.blockers} if at_tip and at_tip.deployable_as_tip is False else set()
    blocking -= set(ok)
    brings_back: list[int] = []
    if rollback:
        changed = _next_landing(entries, tip + 1, rollback)
        brings_back = sorted(p for p, undone in changed.items() if not undone and not _pure(p, entries))
        blocking -= {p for p, undone in changed.items() if undone}
        back = {p for p, undone in changed.items() if not undone and p in entries}
        blocking |= {p for p in back if not entries[p].good and p not in ok and entries[p].progress != "live"}
        if brings_back:
            blocking.add(tip + 1)
        elif not blocking:
            cleared.append(tip + 1)
    return Supposition(
        tuple(ok),
        tuple(rollback),
        max(cleared, default=None),
        tip + 1 if rollback else None,
        tuple(sorted(blocking)[:BLOCKED_BY_SHOWN]),
        len(blocking),
        tuple(brings_back),
    )


def _cleared(snapshot: Snapshot, ok: Collection[int]) -> list[int]:
    """The candidates that nothing blocks but what is supposed to be good."""
    candidates = [
        entry
        for entry in snapshot.landings
        if entry.deployable_as_tip is not None and all(revno in ok for revno in entry.blocked_by)
    ]
    cleared = [entry.revno for entry in candidates if entry.blocked_by_count <= BLOCKED_BY_SHOWN]
    if len(cleared) < len(candidates):
        # the snapshot names the oldest of what blocks these: the others are landings of the window
        free = _free(snapshot, ok)
        cleared += [e.revno for e in candidates if e.blocked_by_count > BLOCKED_BY_SHOWN and e.revno in free]
    return cleared


def _free(snapshot: Snapshot, ok: Collection[int]) -> set[int]:
    """The candidates that no other landing of the window blocks, however many do."""
    deployed = snapshot.deployed.revno if snapshot.deployed else 0
    window = {entry.revno: entry for entry in snapshot.landings if entry.revno > deployed}
    effect, blocking, free = UndoOrder(), set[int](), set[int]()

    def blocks(revno: int) -> bool:
        return revno in window and not window[revno].good and revno not in ok

    for revno, entry in sorted(window.items()):
        if blocks(revno):
            blocking.add(revno)
        for p, undone in effect.land(revno, entry.targets).items():
            if undone:
                blocking.discard(p)
            elif blocks(p):
                blocking.add(p)
        if not blocking:
            free.add(revno)
    return free


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
