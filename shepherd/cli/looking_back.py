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
    optional="rev",
    reader=True,
    help={
        "rev": "a promotion (promoted, its target, its run) or a landing that went live",
        "verify": "look whether the journal's chain of hashes holds, over all branches",
        "head": "with --verify: a hash that log, page or mail once named; is it on the chain?",
        "page": "write a page that can be archived to this file (-: standard output)",
    },
)
def audit(
    options: TaskOptions,
    rev: str | None = None,
    verify: bool = False,
    head: str | None = None,
    json: bool = False,
    page: str | None = None,
) -> int:
    """Tell why a promotion went out as it did; or verify that the journal is as it was written."""
    if verify or head is not None:
        from shepherd.errors import SettingsError
        from shepherd.running.verify import verify_journal

        if rev is not None or page is not None:
            raise SettingsError("--verify is about the whole journal: leave out the revision, and --page")
        return verify_journal(options, head=head, json=json)
    from shepherd.running.audit import audit

    return audit(options, rev, json=json, page=page)


@task(BRANCH, reader=True, help={"by": "person (default) or component"})
def waits(options: TaskOptions, by: str = "person", json: bool = False) -> int:
    """Who waits for whom: what waits for whose move, the oldest wait first, and what stands behind it."""
    from shepherd.running.waits import waits

    return waits(options, by=by, json=json)


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
