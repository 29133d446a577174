"""What an operator calls: `fab --list` shows it. Nothing is decided here
(docs/operator-every-day.md#what-a-deploy-does)."""

from __future__ import annotations

import sys

from shepherd.running.tasking import ACTING, TaskOptions, collection, task


@task(*ACTING)
def setup(options: TaskOptions) -> int:
    """Make folders and settings on a bare host; twice changes nothing."""
    from ops.deploy import setup as stage

    return stage(options.context, options.settings, options.who, dry=options.dry)


@task(
    *ACTING,
    help={
        "ref": "what to deploy of this repository (default: HEAD)",
        "again": "why to deploy a commit once more that was marked bad",
        "deadline": "how long to wait for running work to end (default: 5m)",
        "start_cron": "put the crontab block in, also where doctor says that the release cannot read",
    },
)
def deploy(
    options: TaskOptions,
    ref: str = "HEAD",
    deadline: str = "5m",
    reason: str | None = None,
    again: str | None = None,
    start_cron: bool = False,
) -> int:
    """Make a release of a commit on the host, and upgrade to it."""
    from ops.deploy import deploy as stage

    return stage(
        options.context,
        options.settings,
        options.who,
        ref=ref,
        deadline=deadline,
        reason=reason,
        again=again,
        start_cron=start_cron,
        dry=options.dry,
    )


@task(
    *ACTING,
    help={
        "to": "the release to go back to (default: the last good one)",
        "deadline": "how long to wait for running work to end (default: 5m)",
    },
)
def rollback(
    options: TaskOptions,
    to: str | None = None,
    deadline: str = "5m",
    reason: str | None = None,
) -> int:
    """Go back to the last good release; the one that is left is marked bad."""
    from ops.deploy import rollback as stage

    return stage(
        options.context,
        options.settings,
        options.who,
        to=to,
        deadline=deadline,
        reason=reason,
        dry=options.dry,
    )


@task(
    *ACTING,
    reader=True,
    help={
        "bad": "mark this release as bad (needs --reason)",
        "good": "take the mark of this release away",
    },
)
def releases(
    options: TaskOptions,
    bad: str | None = None,
    good: str | None = None,
    reason: str | None = None,
) -> int:
    """The releases on the host, and what was deployed when by whom."""
    from ops.deploy import releases as view

    return view(
        options.context, options.settings, options.who, bad=bad, good=good, reason=reason, dry=options.dry
    )


@task(
    *ACTING,
    help={
        "check": "show what differs, and let the releases there try these settings (the default)",
        "push": "put these settings in force there, and keep a copy of those before",
    },
)
def settings(options: TaskOptions, check: bool = False, push: bool = False, reason: str | None = None) -> int:
    """Compare these settings with the host's, and put them in force there."""
    from ops.deploy import settings as stage

    return stage(
        options.context,
        options.settings,
        options.who,
        check=check,
        push=push,
        reason=reason,
        dry=options.dry,
    )


namespace = collection(
    *(each for each in list(vars(sys.modules[__name__]).values()) if type(each).__name__ == "Task")
)
