"""What keeps one revision back, and what of it a person's `--despite` passes (docs/promoting.md#despite).

It passes what is not known, and the conditions of a candidate: checks, limits, a freeze. A landing that is
known not to be good, it never passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shepherd.commands import naming_branch
from shepherd.errors import RefusedError
from shepherd.snapshot import LandingEntry, Snapshot

NAMED = 5
"""Landings and commits that a refusal names."""


def keeps_back(snapshot: Snapshot, entry: LandingEntry) -> tuple[str, ...]:
    """Why a candidate that no landing is known to block may not go, a sentence each; none: it may.

    It names what is not known, what of its checks does not hold, and which limits it exceeds.
    """
    if entry.deployable_as_tip:
        return ()
    blockers = _blockers(snapshot, entry)
    unknown = tuple(f"r{each.revno} is {each.state}: {each.reason}" for each in blockers)
    unread: tuple[str, ...] = ()
    if snapshot.checks and not entry.checks:
        unread = (f"its checks were not read ({', '.join(snapshot.checks[:NAMED])})",)
    return (*unknown, *entry.conditions, *unread)


def refuse_unless_passed(snapshot: Snapshot, entry: LandingEntry, despite: str) -> None:
    """Raises RefusedError unless the candidate may go, or `despite` says why it goes all the same."""
    if entry.deployable_as_tip:
        return
    branch, revno = snapshot.branch, entry.revno
    blockers = _blockers(snapshot, entry)
    if entry.blocked_by_count == len(blockers) and all(each.state == "unknown" for each in blockers):
        if despite:
            return
        if not blockers:
            why = "; ".join(_few(keeps_back(snapshot, entry)))
            command = f'inv promote --to r{revno} --despite "…"'
            remedy = naming_branch(command, branch if snapshot.several else "")
            raise RefusedError(f"{branch}: r{revno} may not go to production: {why}; nevertheless: {remedy}")
    named = "; ".join(f"r{b.revno} ({b.person or 'nobody known'}): {b.reason}" for b in blockers[:NAMED])
    more = f"; and {entry.blocked_by_count - NAMED} more" if entry.blocked_by_count > NAMED else ""
    advice = ""
    if despite:
        advice = (
            " (--despite is for what cannot be read, and for checks, limits and a freeze; what is known of a"
            " landing, a verdict or a rollback has to settle)"
        )
    raise RefusedError(f"{branch}: r{revno} may not go to production: {named}{more}{advice}")


def said_of(data: Mapping[str, object]) -> str:
    """Of a promotion in the journal: what it went despite of, for a sentence; empty: of nothing.

    Args:
        data: of its entry.
    """
    passed = data.get("passed")
    if isinstance(passed, list) and passed:
        return f"although this kept it back: {'; '.join(_few(passed))}. The reason given"
    return "although it was not known whether it may go" if data.get("despite") else ""


def _few(sentences: Sequence[str]) -> list[str]:
    more = [f"{len(sentences) - NAMED} more"] if len(sentences) > NAMED else []
    return [*sentences[:NAMED], *more]


def _blockers(snapshot: Snapshot, entry: LandingEntry) -> list[LandingEntry]:
    entries = {each.revno: each for each in snapshot.landings}
    return [entries[blocker] for blocker in entry.blocked_by]
