"""A person's word, recorded in the journal with who and when."""

from __future__ import annotations

from shepherd.running.tasking import ACTING, BRANCH, WORKING, TaskOptions, task


@task(BRANCH, *WORKING, positional=("rev", "word"))
def verdict(options: TaskOptions, rev: str, word: str, reason: str | None = None) -> int:
    """Record your verdict on one landing: ok, bad, untestable, needstesting or withdraw."""
    from shepherd.running.stages import verdict

    return verdict(options, rev, word, reason)


@task(
    BRANCH,
    *WORKING,
    positional=("rev",),
    help={"by": "the landing that undid it", "anyway": "also where the files do not show it"},
)
def cover(options: TaskOptions, rev: str, by: str, reason: str | None = None, anyway: bool = False) -> int:
    """Record that one landing undid another."""
    from shepherd.running.stages import cover

    return cover(options, rev, by, reason, undone=True, anyway=anyway)


@task(
    BRANCH,
    *WORKING,
    positional=("rev",),
    help={"by": "the landing that did not undo it (default: nothing did)"},
)
def uncover(options: TaskOptions, rev: str, by: str | None = None, reason: str | None = None) -> int:
    """Record that a landing was not undone."""
    from shepherd.running.stages import cover

    return cover(options, rev, by, reason, undone=False)


@task(
    BRANCH,
    *WORKING,
    positional=("rev",),
    help={"until": "the day on which mails go again: 2026-11-30"},
)
def snooze(options: TaskOptions, rev: str, until: str | None = None, reason: str | None = None) -> int:
    """Send no mail about one landing before a day."""
    from shepherd.running.stages import snooze

    return snooze(options, rev, until or "", reason)


@task(BRANCH, *WORKING, positional=("rev",))
def deployed(options: TaskOptions, rev: str, reason: str | None = None) -> int:
    """Record what production runs, where the settings leave that to people."""
    from shepherd.running.stages import deployed

    return deployed(options, rev, reason)


@task(
    BRANCH,
    *ACTING,
    name="freeze.on",
    help={"until": "when it ends by itself: 2d, 4h, 2026-12-02, 2026-12-02T08:00 (default: freeze.off)"},
)
def freeze_on(options: TaskOptions, reason: str | None = None, until: str | None = None) -> int:
    """Let nobody deploy; the shepherd goes on working, and QA too."""
    from shepherd.running.freeze import on

    return on(options, reason, until)


@task(BRANCH, *ACTING, name="freeze.off", help={"of": "end what this person said, and not what you did"})
def freeze_off(options: TaskOptions, of: str | None = None, reason: str | None = None) -> int:
    """End your own freeze; what others said stays on."""
    from shepherd.running.freeze import off

    return off(options, of, reason)


@task(BRANCH, name="freeze.status", reader=True)
def freeze_status(options: TaskOptions, json: bool = False) -> int:
    """Whether deployments are frozen, by whom, until when, and what comes next."""
    from shepherd.running.freeze_status import status

    return status(options, json=json)
