"""What people and cron call, as `inv` or `shepherd`: words in, words out; nothing is decided here."""

from __future__ import annotations

import sys

from shepherd.running.tasking import ACTING, BRANCH, WORKING, TaskOptions, collection, task


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
        "despite": "with --to: why, although what people say of it cannot be read",
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
    BRANCH, help={"sha": "print the SHA to deploy and nothing else (exit code 8: there is none)"}, reader=True
)
def status(options: TaskOptions, json: bool = False, sha: bool = False) -> int:
    """Which revision may be deployed, how old that answer is, and what blocks."""
    from shepherd.running.reading import status

    return status(options, json=json, sha=sha)


@task(
    BRANCH,
    reader=True,
    help={
        "person": "only landings whose person or a co-author has this in their name",
        "state": "only landings with this state or progress",
        "of": "only these: r123, a SHA, tip, a branch, bug:824435, #12",
    },
)
def landings(
    options: TaskOptions,
    person: str | None = None,
    state: str | None = None,
    of: str | None = None,
    json: bool = False,
) -> int:
    """The landings that the shepherd knows, newest first."""
    from shepherd.running.reading import landings

    return landings(options, person=person, state=state, of=of, json=json)


@task(BRANCH, positional=("rev",), help={"rev": "r123, a SHA, tip, a branch, bug:824435, #12"}, reader=True)
def explain(options: TaskOptions, rev: str, json: bool = False) -> int:
    """One landing's whole story: what it is, why, what it waits for."""
    from shepherd.running.reading import explain

    return explain(options, rev, json=json)


@task(
    BRANCH,
    help={"ok": "as if these were good: r12,r15", "rollback": "as if these were rolled back next: r12,r15"},
    reader=True,
)
def whatif(options: TaskOptions, ok: str = "", rollback: str = "", json: bool = False) -> int:
    """What the answer would be, if."""
    from shepherd.running.reading import whatif

    return whatif(options, ok, rollback, json=json)


@task(
    BRANCH, help={"rev": "what happened to this landing (default: promotions and deployments)"}, reader=True
)
def history(options: TaskOptions, rev: str | None = None, json: bool = False) -> int:
    """Show what was said and done: deployments, or one landing's states and verdicts."""
    from shepherd.running.reading import history

    return history(options, rev, json=json)


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
    *ACTING,
    help={
        "repository": "path of the git repository with the QA branch",
        "deployed": "what production runs now, if no ref or tag says so",
        "branch": "the QA branch of the repository (default: its own)",
    },
)
def init(
    options: TaskOptions,
    repository: str | None = None,
    deployed: str | None = None,
    branch: str | None = None,
) -> int:
    """Write a shepherd.toml that works at once."""
    from shepherd.running.init import init

    return init(repository, deployed, branch, options.who, dry=options.dry)


@task(*WORKING, help={"cron": "silent when all is well"})
def run(options: TaskOptions, cron: bool = False) -> int:
    """What cron calls: all stages in order, each failure contained."""
    from shepherd.running.run import run

    return run(options, cron=cron)


@task(
    *WORKING,
    name="maintenance.on",
    help={
        "until": "when it should be over: 2h, 30m; after that it is loud",
        "wait": "return when nothing works any more, or with 6 after so many seconds",
    },
)
def maintenance_on(options: TaskOptions, reason: str | None = None, until: str | None = None) -> int:
    """Stop all work until maintenance.off; a bare `touch` of maintenance.txt does the same."""
    from shepherd.running.switch import on

    return on(options, reason, until)


@task(*ACTING, name="maintenance.off")
def maintenance_off(options: TaskOptions) -> int:
    """Let the work go on."""
    from shepherd.running.switch import off

    return off(options)


@task(name="maintenance.status", reader=True)
def maintenance_status(options: TaskOptions, json: bool = False) -> int:
    """Whether the switch is on, by whom, why and since when."""
    from shepherd.running.switch import state_place, status

    return status(state_place(options), json=json)


@task(name="lock.status", reader=True)
def lock_status(options: TaskOptions, json: bool = False) -> int:
    """Who is running what, since when."""
    from shepherd.running.switch import lock_status, state_place

    return lock_status(state_place(options), json=json)


@task(
    *ACTING,
    help={
        "to": "the release to go to (default: the newest that is prepared)",
        "deadline": "how long to wait for running work to end (default: 5m)",
        "resume": "finish what a killed upgrade left",
        "undo": "take back what a killed upgrade left",
    },
)
def upgrade(
    options: TaskOptions,
    to: str | None = None,
    deadline: str = "5m",
    resume: bool = False,
    undo: bool = False,
    reason: str | None = None,
) -> int:
    """Switch this host to another release: nothing is ever half upgraded."""
    from shepherd.running.upgrade import upgrade

    return upgrade(
        lambda: options.settings,
        options.who,
        to=to,
        deadline=deadline,
        resume=resume,
        undo=undo,
        reason=reason,
        dry=options.dry,
    )


@task(name="cron.show", reader=True)
def cron_show(options: TaskOptions) -> int:
    """The block that belongs in the crontab."""
    from shepherd.running.cron import show

    return show(options.settings)


@task(*ACTING, name="cron.install")
def cron_install(options: TaskOptions) -> int:
    """Put the block into your crontab, or bring it up to date."""
    from shepherd.running.cron import install

    return install(options.settings, options.who, dry=options.dry)


@task(*ACTING, name="cron.remove")
def cron_remove(options: TaskOptions) -> int:
    """Take the block out of your crontab."""
    from shepherd.running.cron import remove

    return remove(options.settings, options.who, dry=options.dry)


@task(help={"offline": "make no network connection"}, reader=True)
def doctor(options: TaskOptions, offline: bool = False, json: bool = False) -> int:
    """One line a check: ok, warn or fail, and the remedy."""
    from shepherd.running.doctor import doctor
    from shepherd.running.log import now
    from shepherd.running.tasking import say

    return doctor(lambda: options.settings, now(), offline=offline, json=json, say=say)


@task(help={"directory": "where to make it (default: demo)"})
def demo(options: TaskOptions, directory: str = "demo") -> int:
    """A small made-up project, taken through every stage."""
    from shepherd.running.demo import demo

    return demo(directory)


namespace = collection(
    *(each for each in list(vars(sys.modules[__name__]).values()) if type(each).__name__ == "Task")
)
