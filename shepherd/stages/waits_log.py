"""What the log tells of the newest revision that nothing blocks and that may not go: each change of what it
waits for (docs/log.md#events)."""

from __future__ import annotations

from shepherd.run import Run
from shepherd.snapshot import LandingEntry, Snapshot
from shepherd.views.conditions import waiting


def log_waits(run: Run, snapshot: Snapshot, previous: Snapshot | None) -> None:
    """Tell what waits for what, if that is not what the snapshot before said."""
    waits = waiting(snapshot)
    if not snapshot.complete or _said(waits) == _said(waiting(previous) if previous else None):
        return
    run.tell(
        "waits",
        branch=snapshot.branch,
        rev=f"r{waits.revno}" if waits else "none",
        id=waits.id if waits else "",
        because="; ".join(waits.conditions) if waits else "",
    )


def _said(waits: LandingEntry | None) -> tuple[str, tuple[str, ...]]:
    return (waits.id, waits.conditions) if waits else ("", ())
