"""What tests of `inv freeze.*` share: somebody types a command in a project with an answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from shepherd.running.situation import situation
from tests.inv import Done, inv_here
from tests.project import Project
from tests.promoting import ready


def with_answer(folder: Path) -> Project:
    """r3 is deployable, and the answer says so."""
    made, _ = ready(folder)
    made.now = datetime.now(UTC) - timedelta(minutes=3)
    made.look()
    return made


def said(project: Project, *args: str, who: str = "ann", **environ: str) -> Done:
    return inv_here(project.folder, *args, SHEPHERD_WHO=who, **environ)


def frozen_by(project: Project) -> list[str]:
    """Who froze it, as everybody who asks is told."""
    return [each.who for each in situation(project.settings).freezes.get("stable", ())]
