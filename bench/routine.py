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
        told = Project(Path(folder) / "told", SIZE, SIZE - WAITING)
        tell_chats_too(told.folder)
        notify = told.inv("run", "--cron")
        notify()
        bodies = {"routine": routine, "cron": cron, "notify": notify, "count": count, "start": start}
        took = medians(bodies, children, each=2)
    claim(
        f"inv find judge report, nothing new, {SIZE:,} landings, against rev-list --count and python -c pass",
        took["routine"],
        took["count"] + took["start"],
        3,
    )
    claim(f"inv run --cron, nothing new, {RUNS} times a day", took["cron"] * RUNS, DAY, 1)
    claim(
        "inv run --cron, nothing new, with a [[notify]] against without", took["notify"], took["cron"], 1.02
    )


def tell_chats_too(folder: Path) -> None:
    """From the next run on a webhook is told of the project in this folder."""
    with (folder / "shepherd.toml").open("a") as settings:
        settings.write('\n[[notify]]\nname = "chat"\nurl_file = "chat.url"\n')
    address = folder / "chat.url"
    address.write_text("http://127.0.0.1:1/")
    address.chmod(0o600)


if __name__ == "__main__":
    main()
