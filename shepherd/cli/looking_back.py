"""What was answered, why, and how it went since: replay, audit, trends, waits."""

from __future__ import annotations

from shepherd.running.tasking import BRANCH, TaskOptions, task


@task(
    BRANCH,
    optional="run",
    reader=True,
    help={
        "run": "one run by its id (default: all that are kept)",
        "since": "all from this day on: 2026-11-29",
        "with_settings": "judge by the settings in this file, and tell what would have been answered",
    },
)
def replay(
    options: TaskOptions,
    run: str | None = None,
    since: str | None = None,
    with_settings: str | None = None,
    json: bool = False,
) -> int:
    """Judge again what earlier runs judged: the same answers must follow, or what differs is told."""
    from shepherd.running.replay import replay

    return replay(options, run, since=since, with_settings=with_settings, json=json)


@task(
    BRANCH,
    reader=True,
    help={
        "by": "day, week (default), month, quarter or year",
        "since": "from the period with this day on: 2026-11-29 (default: the last ones)",
    },
)
def trends(options: TaskOptions, since: str | None = None, by: str = "week", json: bool = False) -> int:
    """How often, how fast and how well landings go live, and where their time goes."""
    from shepherd.running.trends import trends

    return trends(options, by=by, since=since, json=json)
