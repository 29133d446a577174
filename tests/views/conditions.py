"""Snapshots in which candidates wait for conditions, made by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shepherd.situation import Freeze, Situation
from shepherd.snapshot import CheckEntry, LandingEntry, LimitEntry, LimitTouch, Snapshot
from tests.views.factory import NOW, entry, rev, snapshot

RUNNING = CheckEntry("ci/build", "not-yet", "running", NOW - timedelta(hours=2), "https://ci.example.org/b/7")
FAILED = CheckEntry("ci/test", "no", "failed", NOW - timedelta(hours=1), "https://ci.example.org/t/9")
NOT_THERE = CheckEntry("ci/*", "not-yet", "not there yet")
PASSED = CheckEntry("ci/build", "holds", "success", NOW - timedelta(hours=3), "https://ci.example.org/b/6")
OVER = "r104 and r105 touch patch-*.sql, and one deployment may bring at most 1 (one schema change)"
LIMIT = LimitEntry(("patch-*.sql",), 1, "one schema change")


def waiting_entry(
    revno: int, *checks: CheckEntry, limits: tuple[str, ...] = (), **changes: Any
) -> LandingEntry:
    """A good landing that nothing blocks, which waits for these."""
    missing = [check.name for check in checks if check.state != "holds"]
    sentences = [f"waits for {' and '.join(missing)}"] if missing else []
    return entry(
        revno,
        progress="waiting",
        deployable_as_tip=False,
        conditions=(*limits, *sentences),
        exceeds=tuple(range(len(limits))),
        checks=checks,
        **changes,
    )


def waits(*checks: CheckEntry, deploy: bool = True, limits: tuple[str, ...] = (), **changes: Any) -> Snapshot:
    """r103 goes, or nothing; r105, the tip, waits for these, and r104 for the same."""
    fields: dict[str, Any] = {
        "tip": rev(105),
        "checks": ("ci/*",),
        "waits": rev(105),
        "blockers": (),
        "landings": (
            waiting_entry(105, *checks, limits=limits, touches=(LimitTouch(0, ("patch-9.sql",)),)),
            waiting_entry(104, *checks, touches=(LimitTouch(0, ("patch-8.sql",)),)),
            *snapshot().landings[3:],
        ),
        "limits": (LIMIT,),
    }
    if not deploy:
        fields |= {"answer": "blocked", "deployable": None}
    return snapshot(**(fields | changes))


def frozen(until: bool = True) -> Situation:
    """`stable` is frozen by Olga, and the next window is known."""
    return Situation(
        now=NOW,
        freezes={
            "stable": (
                Freeze(
                    NOW - timedelta(hours=1), NOW + timedelta(days=1) if until else None, "Olga", "big sale"
                ),
            )
        },
        freezes_next={"stable": NEXT},
    )


NEXT = Freeze(NOW + timedelta(days=2), NOW + timedelta(days=4), "", "weekend")
