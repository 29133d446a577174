"""What cron pays all day: `inv find judge report` with nothing new, against the least that could be done."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.project import PYTHON, Project
from bench.timing import children, claim, medians

SIZE, WAITING = 16_000, 80


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder) / "project", SIZE, SIZE - WAITING)
        routine = project.inv("find", "judge", "report")
        routine()
        count = project.command(
            "git", "-C", project.repository, "rev-list", "--first-parent", "--count", "stable"
        )
        start = project.command(PYTHON, "-c", "pass")
        took = medians({"routine": routine, "count": count, "start": start}, children, each=2)
    claim(
        f"inv find judge report, nothing new, {SIZE:,} landings, against rev-list --count and python -c pass",
        took["routine"],
        took["count"] + took["start"],
    )


if __name__ == "__main__":
    main()
