"""What a run with nothing new costs, against the least that could be done; and what cron pays all day."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.project import PYTHON, Project
from bench.timing import children, claim, medians

SIZE, WAITING = 16_000, 80
RUNS = 24 * 12
"""A day, with a run every five minutes."""
DAY = 200
"""Seconds that they may take."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder) / "project", SIZE, SIZE - WAITING)
        routine = project.inv("find", "judge", "report")
        routine()
        cron = project.inv("run", "--cron")
        cron()
        count = project.command(
            "git", "-C", project.repository, "rev-list", "--first-parent", "--count", "stable"
        )
        start = project.command(PYTHON, "-c", "pass")
        took = medians({"routine": routine, "cron": cron, "count": count, "start": start}, children, each=2)
    claim(
        f"inv find judge report, nothing new, {SIZE:,} landings, against rev-list --count and python -c pass",
        took["routine"],
        took["count"] + took["start"],
        3,
    )
    claim(f"inv run --cron, nothing new, {RUNS} times a day", took["cron"] * RUNS, DAY, 1)


if __name__ == "__main__":
    main()
