"""A project that is worth a backup, and a backup of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from shepherd.running.backup.making import make, planned
from tests.project import START, Project


def with_a_verdict(folder: Path) -> Project:
    """r1 is live, r2 deployable, and a person said so of r2."""
    project = Project(folder / "project")
    first, _ = project.land("[bug=1] one", "[bug=2] two")
    project.deploy(first)
    project.tag(1, "qa-ok")
    project.look()
    project.verdict("r2", "ok")
    project.judge()
    return project


def made(project: Project, target: Path, at: datetime = START) -> Path:
    """The backup that a person makes."""
    make(project.settings, planned(project.settings), target, "ann", at)
    return target
