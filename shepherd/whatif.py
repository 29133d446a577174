"""What the answer would be, if: supposed on the last snapshot, nothing else (design 4.2, `whatif`)."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from shepherd.errors import SettingsError
from shepherd.snapshot import Snapshot


class Supposition(Struct, frozen=True):
    """The answer under two suppositions: these are good, and the next landing rolls those back."""

    ok: tuple[int, ...]
    rollback: tuple[int, ...]
    deployable: int | None
    """The latest deployable then; None: stay."""
    next_landing: int | None
    """The revno that the rollback would have."""
    blocked_by: tuple[int, ...]
    """What would still block the newest landing, oldest 100."""
    blocked_by_count: int
    brings_back: tuple[int, ...]
    """What the rollback would bring back, so that it needs QA itself."""


def suppose(snapshot: Snapshot, ok: Collection[int], rollback: Collection[int]) -> Supposition:
    """Suppose that some landings are good, and that the next one rolls others back.

    Raises:
        SettingsError: a landing is to be rolled back that is undone already.
    """
    entries = {entry.revno: entry for entry in snapshot.landings}
    for revno in rollback:
        if entries[revno].undone_by is not None and entries[revno].undone_by not in rollback:
            raise SettingsError(f"r{revno} is undone already, by r{entries[revno].undone_by}")
    deployable = None
    for entry in snapshot.landings:
        if entry.deployable_as_tip is None:
            continue
        cleared = entry.blocked_by_count == len(entry.blocked_by) and set(entry.blocked_by) <= set(ok)
        if cleared and entry.revno > (deployable or 0):
            deployable = entry.revno
    tip = snapshot.tip.revno if snapshot.tip else 0
    at_tip = entries.get(tip)
    blocking = [r for r in (at_tip.blocked_by if at_tip else ()) if r not in ok]
    unseen = at_tip.blocked_by_count - len(at_tip.blocked_by) if at_tip else 0
    brings_back: list[int] = []
    if rollback:
        brings_back = sorted(
            p for r in rollback for p in entries[r].undoes if p in entries and p not in rollback
        )
        blocking = [r for r in blocking if r not in rollback]
        blocking += [p for p in brings_back if not entries[p].good and p not in ok]
        if brings_back:
            blocking.append(tip + 1)
        if not blocking and not unseen:
            deployable = tip + 1
    return Supposition(
        tuple(ok),
        tuple(rollback),
        deployable,
        tip + 1 if rollback else None,
        tuple(sorted(blocking)),
        len(blocking) + unseen,
        tuple(brings_back),
    )
