"""What keeps one revision back, and what of it a person's `--despite` passes (docs/promoting.md#despite).

It passes what is not known, and the conditions of a candidate: checks, limits, a freeze. A landing that is
known not to be good, it never passes; nor what nobody could know when it was given.
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


def refuse_news(before: Sequence[Snapshot], snapshot: Snapshot, revno: int) -> None:
    """A `despite` answers for what the answers before it said. What has come to light since is refused once:
    the answer says it by then.

    Args:
        before: the last answer when it was given, and those of shortly before, if there are any.

    Raises:
        RefusedError: more keeps this revision back than that.
    """
    news = _news(None, snapshot, revno)
    for each in before:
        unsaid = _news(each, snapshot, revno)
        news = [sentence for sentence in news if sentence in unsaid]
    if news:
        command = naming_branch(
            f'inv promote --to r{revno} --despite "…"', snapshot.branch if snapshot.several else ""
        )
        raise RefusedError(
            f"{snapshot.branch}: r{revno} may not go to production: {'; '.join(_few(news))}; the last answer"
            f" did not say so, and --despite passes only what it said; to pass this, too: {command}"
        )


def _news(before: Snapshot | None, snapshot: Snapshot, revno: int) -> list[str]:
    """What keeps a revision back and an answer before did not say, a sentence each; None: there was none."""
    if not snapshot.complete:
        return [] if before is not None and not before.complete else [snapshot.problems[0]]
    now = _entry(snapshot, revno)
    assert now is not None
    old = _entry(before, revno) if before is not None and before.complete else None
    # what failed and is run again is no worse than it was
    checks = {each.name: each.state for each in old.checks} if old is not None else {}
    blockers = {each.id for each in _blockers(before, old)} if before is not None and old is not None else ()
    limits = old.over_limits if old is not None else ()
    return [
        *(f"r{e.revno} is {e.state}: {e.reason}" for e in _blockers(snapshot, now) if e.id not in blockers),
        *(each for each in now.over_limits if each not in limits),
        *(f"{e.name}: {e.said}" for e in now.missing if checks.get(e.name) not in ("no", e.state)),
    ]


def _entry(snapshot: Snapshot, revno: int) -> LandingEntry | None:
    return next((each for each in snapshot.landings if each.revno == revno), None)


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
