"""What an operator calls: `fab --list` shows it. Words in, words out; it decides nothing (design 5.4)."""

from __future__ import annotations

import sys

from ops.tasking import caller, collection, is_dry, settings, task


@task()
def setup(c, as_=None, dry_run=False):
    """Make folders and settings on a bare host; twice changes nothing."""
    from ops.deploy import setup as stage

    return stage(c, settings(), caller(as_), dry=is_dry(c, dry_run))


@task(
    help={
        "ref": "what to deploy of this repository (default: HEAD)",
        "deadline": "how long to wait for running work to end (default: 5m)",
    }
)
def deploy(c, ref="HEAD", deadline="5m", reason=None, as_=None, dry_run=False):
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
def rollback(c, to=None, deadline="5m", reason=None, as_=None, dry_run=False):
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
def releases(c, bad=None, good=None, reason=None, as_=None, dry_run=False):
    """The releases on the host, and what was deployed when by whom."""
    from ops.deploy import releases as view

    dry = is_dry(c, dry_run)
    return view(c, settings(), caller(as_), bad=bad, good=good, reason=reason, dry=dry)


namespace = collection(
    *(each for each in list(vars(sys.modules[__name__]).values()) if type(each).__name__ == "Task")
)
