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


@task(BRANCH, reader=True, help={"by": "person (default) or component"})
def waits(options: TaskOptions, by: str = "person", json: bool = False) -> int:
    """Who waits for whom: what waits for whose move, the oldest wait first, and what stands behind it."""
    from shepherd.running.waits import waits

    return waits(options, by=by, json=json)
