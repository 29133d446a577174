"""The stages, one after the other or all: what cron calls, and people on demand."""

from __future__ import annotations

from shepherd.running.tasking import BRANCH, WORKING, TaskOptions, task


@task(
    BRANCH,
    *WORKING,
    help={
        "accept_rewrite": "the mainline was rewritten, and that is right (needs --reason)",
        "accept_new_journal": "the journal was lost: begin a new one (needs --reason)",
    },
)
def find(
    options: TaskOptions,
    accept_rewrite: bool = False,
    accept_new_journal: bool = False,
    reason: str | None = None,
) -> int:
    """Read the change sources into the tagger's database."""
    from shepherd.running.stages import find

    return find(options, accept_rewrite=accept_rewrite, accept_new_journal=accept_new_journal, reason=reason)


@task(BRANCH, *WORKING, help={"yes": "also if that touches more bugs than tracker.cap"})
def tag(options: TaskOptions, yes: bool = False) -> int:
    """Set tags, statuses and comments on the bugs of new landings."""
    from shepherd.running.tag import tag

    return tag(options, yes=yes)


@task(BRANCH, *WORKING)
def judge(options: TaskOptions) -> int:
    """Judge what was found by what people say of it, and give the answer."""
    from shepherd.running.stages import judge

    return judge(options)


@task(*WORKING, help={"fresh": "find and judge first, under the same lock"})
def report(options: TaskOptions, fresh: bool = False) -> int:
    """Write pages and feeds from the last answer."""
    from shepherd.running.stages import report

    return report(options, fresh=fresh)


@task(BRANCH, *WORKING)
def archive(options: TaskOptions) -> int:
    """Archive what is live, however old: then `explain` and the web pages find it at once."""
    from shepherd.running.stages import archive

    return archive(options)


@task(*WORKING)
def publish(options: TaskOptions) -> int:
    """Bring the pages to the web host: rsync to each of report.publish."""
    from shepherd.running.stages import publish

    return publish(options)


@task(
    BRANCH,
    *WORKING,
    help={
        "to": "promote this one and not the latest deployable: r123, a SHA, tip",
        "despite": "with --to: why, although it cannot be judged, or checks, a limit or a freeze forbid it",
        "drop_hotfix": "why commits may be lost that production runs and the mainline lacks",
    },
)
def promote(
    options: TaskOptions,
    to: str | None = None,
    despite: str | None = None,
    drop_hotfix: str | None = None,
    reason: str | None = None,
    json: bool = False,
) -> int:
    """Release the latest deployable revision: read everything again, print the plan, move the ref."""
    from shepherd.running.promote import promote

    return promote(options, to=to, despite=despite, drop_hotfix=drop_hotfix, reason=reason, json=json)


@task(
    *WORKING,
    help={
        "preview": "print all messages as they would go, and send none",
        "test": "send a message that says it is a test to the [[notify]] of this name, and nothing else",
    },
)
def notify(options: TaskOptions, preview: bool = False, test: str | None = None) -> int:
    """Tell each chat and webhook what has changed, each change once."""
    from shepherd.running import notices

    if test is not None:
        return notices.send_test(options, test, preview=preview)
    return notices.notify(options, preview=preview)


@task(
    *WORKING,
    help={
        "preview": "print all mails as they would go, and send none",
        "over_cap": "send them though they are more than mail.cap",
    },
)
def remind(options: TaskOptions, preview: bool = False, over_cap: bool = False) -> int:
    """Send the day's digest to each person who has something to do."""
    from shepherd.running.mails import remind

    return remind(options, preview=preview, over_cap=over_cap)


@task(*WORKING, help={"preview": "print the message as it would go, and send none"})
def escalate(options: TaskOptions, preview: bool = False) -> int:
    """Send the list its message of the day about what has held others up for too long."""
    from shepherd.running.mails import escalate

    return escalate(options, preview=preview)


@task(
    *WORKING,
    help={
        "cron": "silent when all is well",
        "timer": "the same for a systemd timer: ends with 0 unless somebody has to know",
    },
)
def run(options: TaskOptions, cron: bool = False, timer: bool = False) -> int:
    """What cron calls: all stages in order, each failure contained."""
    from shepherd.running.run import run

    return run(options, cron=cron, timer=timer)
