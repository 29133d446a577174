"""How soon a reader answers: `inv status` and its kin against `inv --list` of an empty tasks.py."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.project import INV, Project
from bench.timing import children, claim, medians

WAITING = 80


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder) / "project", 400, 400 - WAITING)
        project.inv("find", "judge", "report")()
        empty = Path(folder) / "empty"
        empty.mkdir()
        (empty / "tasks.py").touch()
        took = medians(
            {
                "nothing": project.command(INV, "-r", empty, "--list"),
                "status": project.inv("status"),
                "landings": project.inv("landings"),
                "explain": project.inv("explain", "tip"),
                "lock.status": project.inv("lock.status"),
                "maintenance.status": project.inv("maintenance.status"),
            },
            children,
            each=3,
        )
    theirs = took.pop("nothing")
    for task, seconds in took.items():
        aim = None if task in ("landings", "explain") else 1
        claim(f"inv {task}, {WAITING} landings in QA, against inv --list of nothing", seconds, theirs, aim)


if __name__ == "__main__":
    main()
