"""What an operator calls: `fab --list` shows it. Words in, words out; it decides nothing
(docs/operator.md#what-a-deploy-does)."""

from __future__ import annotations

import sys
from typing import Any

from shepherd.running.tasking import caller, collection, is_dry, settings, task


@task()
def setup(c: Any, as_: str | None = None, dry_run: bool = False) -> int | None:
    """Make folders and settings on a bare host; twice changes nothing."""
    from ops.deploy import setup as stage

    return stage(c, settings(), caller(as_), dry=is_dry(c, dry_run))


@task(
    help={
        "ref": "what to deploy of this repository (default: HEAD)",
        "deadline": "how long to wait for running work to end (default: 5m)",
    }
)
def deploy(
    c: Any,
    ref: str = "HEAD",
    deadline: str = "5m",
    reason: str | None = None,
    as_: str | None = None,
    dry_run: bool = False,
) -> int | None:
    """Make a release of a commit on the host, and upgrade to it."""
    from ops.deploy import deploy as stage

    dry = is_dry(c, dry_run)
    return stage(c, settings(), caller(as_), ref=ref, deadline=deadline, reason=reason, dry=dry)


@task(
    help={
        "to": "the release to go back to (default: the last good one)",
        "deadline": "how long to wait for running work to end (default: 5m)",
    }
)
def rollback(
    c: Any,
    to: str | None = None,
    deadline: str = "5m",
    reason: str | None = None,
    as_: str | None = None,
    dry_run: bool = False,
) -> int | None:
    """Go back to the last good release; the one that is left is marked bad."""
    from ops.deploy import rollback as stage

    dry = is_dry(c, dry_run)
    return stage(c, settings(), caller(as_), to=to, deadline=deadline, reason=reason, dry=dry)


@task(
    reader=True,
    help={
        "bad": "mark this release as bad (wants --reason)",
        "good": "take the mark of this release away",
    },
)
def releases(
    c: Any,
    bad: str | None = None,
    good: str | None = None,
    reason: str | None = None,
    as_: str | None = None,
    dry_run: bool = False,
) -> int | None:
    """The releases on the host, and what was deployed when by whom."""
    from ops.deploy import releases as view

    dry = is_dry(c, dry_run)
    return view(c, settings(), caller(as_), bad=bad, good=good, reason=reason, dry=dry)


namespace = collection(
    *(each for each in list(vars(sys.modules[__name__]).values()) if type(each).__name__ == "Task")
)
