"""One line for each branch: the answer, what production runs, what blocks; for the index and `index.json`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shepherd.snapshot import Snapshot
from shepherd.views.answer import mover_of
from shepherd.views.conditions import for_checks, kept_by, waiting
from shepherd.views.words import count


def running_since(snapshot: Snapshot) -> datetime | None:
    """When production was first seen to run what it runs now; None: that was not seen."""
    deployed = snapshot.deployed
    if deployed is None:
        return None
    return deployed.since if not deployed.at_least else None


def first_mover(snapshot: Snapshot) -> str:
    """Who has to move first; empty where nothing blocks."""
    if not snapshot.blockers:
        return ""
    first = snapshot.blockers[0]
    return mover_of(first, next((e for e in snapshot.landings if e.revno == first.revno), None))


def blocking(snapshot: Snapshot) -> str:
    """ "3 landings"; "no landing; r6 waits for checks"; what is not known is said so."""
    if not snapshot.complete:
        return "not known"
    if snapshot.blockers:
        return count(len(snapshot.blockers), "landing")
    entry, kept = for_checks(snapshot) or waiting(snapshot), kept_by(snapshot)
    if entry is None:
        return "nothing"
    return f"no landing; r{entry.revno} {'is ' if kept.startswith('over') else ''}{kept}"


def siblings(branch: str, branches: Sequence[str], shown: int = 8) -> list[tuple[str, str]]:
    """The pages of the other branches, as links from the page of one; none where they are too many for a
    line: the page of all branches has them."""
    others = [each for each in branches if each != branch]
    return [(each, f"{each}.html") for each in others] if len(others) <= shown else []
