"""A project with candidates that nothing blocks but their checks."""

from __future__ import annotations

from pathlib import Path

from shepherd.snapshot import Snapshot
from tests.project import Project, entry


def landed(folder: Path, number: int, branch: str = 'checks = ["build"]') -> tuple[Project, list[str]]:
    """A project with D at r1 and that many candidates which nothing blocks; the SHAs of r1, r2, …"""
    project = Project(folder, branch=branch)
    ids = project.land(*(f"[no-qa] N{n}" for n in range(number + 1)))
    project.deploy(ids[0])
    return project, ids


def waits(snapshot: Snapshot) -> tuple[int, tuple[str, ...]] | None:
    if snapshot.waits is None:
        return None
    return snapshot.waits.revno, entry(snapshot, snapshot.waits.revno).conditions
