"""What people and cron call, as `inv` or `shepherd`: words in, words out; nothing is decided here."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from shepherd.running.tasking import (
    branches,
    caller,
    collection,
    is_dry,
    one_branch,
    say,
    seconds,
    settings,
    task,
    where,
)

if TYPE_CHECKING:
    from shepherd.settings import Settings


def reading() -> Settings:
    """The settings, for a reader: if the switch is on, it says so on standard error, and works
    (docs/running.md#maintenance)."""
    from shepherd.running.switch import mention

    given = settings()
    mention(given)
    return given


@task(
    help={
        "accept_rewrite": "the mainline was rewritten, and that is right (wants --reason)",
        "accept_new_journal": "the journal was lost: begin a new one (wants --reason)",
    }
)
def find(
    c: Any,
    branch: str | None = None,
    accept_rewrite: bool = False,
    accept_new_journal: bool = False,
    reason: str | None = None,
    as_: str | None = None,
    dry_run: bool = False,
    wait: str | None = None,
) -> int | None:
    """Read the change sources into the tagger's database."""
    from shepherd.running.stages import find as stage

    given = settings()
    return stage(
        given,
        branches(given, branch),
        caller(as_),
        accept_rewrite=accept_rewrite,
        accept_new_journal=accept_new_journal,
        reason=reason,
        dry=is_dry(c, dry_run),
        wait=seconds(wait),
    )


@task(help={"yes": "also if that touches more bugs than tracker.cap"})
def tag(
    c: Any,
    branch: str | None = None,
    yes: bool = False,
    as_: str | None = None,
    dry_run: bool = False,
    wait: str | None = None,
) -> int | None:
    """The QA tagger: tags, statuses and comments on the bugs of new landings."""
    from shepherd.running.tag import tag as stage

    given = settings()
    dry = is_dry(c, dry_run)
    return stage(given, branches(given, branch), caller(as_), yes=yes, dry=dry, wait=seconds(wait))


@task()
def judge(
    c: Any, branch: str | None = None, as_: str | None = None, dry_run: bool = False, wait: str | None = None
) -> int | None:
    """Judge what was found by what people say of it: the answer."""
    from shepherd.running.stages import judge as stage

    given = settings()
    return stage(given, branches(given, branch), caller(as_), dry=is_dry(c, dry_run), wait=seconds(wait))


@task(help={"fresh": "find and judge first, under the same lock"})
def report(
    c: Any, fresh: bool = False, as_: str | None = None, dry_run: bool = False, wait: str | None = None
) -> int | None:
    """Write pages and feeds from the last answer."""
    from shepherd.running.stages import report as stage

    return stage(settings(), caller(as_), fresh=fresh, dry=is_dry(c, dry_run), wait=seconds(wait))


@task()
def publish(c: Any, as_: str | None = None, dry_run: bool = False, wait: str | None = None) -> int | None:
    """Bring the pages to the web host: rsync to each of report.publish."""
    from shepherd.running.stages import publish as stage

    return stage(settings(), caller(as_), dry=is_dry(c, dry_run), wait=seconds(wait))


@task(
    help={
        "to": "promote this one and not the latest deployable: r123, a SHA, tip",
        "despite": "with --to: why, although what people say of it cannot be read",
        "drop_hotfix": "why commits may be lost that production runs beside the mainline",
    }
)
def promote(
    c: Any,
    to: str | None = None,
    despite: str | None = None,
    drop_hotfix: str | None = None,
    reason: str | None = None,
    branch: str | None = None,
    json: bool = False,
    as_: str | None = None,
    dry_run: bool = False,
    wait: str | None = None,
) -> int | None:
    """Release the latest deployable revision: read everything anew, print the plan, move the ref."""
    from shepherd.running.promote import promote as stage

    given = settings()
    return stage(
        given,
        branches(given, branch),
        caller(as_),
        to=to,
        reason=reason,
        despite=despite,
        drop_hotfix=drop_hotfix,
        json=json,
        dry=is_dry(c, dry_run),
        wait=seconds(wait),
    )


@task(
    help={
        "preview": "print all mails as they would go, and send none",
        "over_cap": "send them though they are more than mail.cap",
    }
)
def remind(
    c: Any,
    preview: bool = False,
    over_cap: bool = False,
    as_: str | None = None,
    dry_run: bool = False,
    wait: str | None = None,
) -> int | None:
    """The day's digest to each person who has something to do."""
    from shepherd.running.mails import remind as stage

    dry = is_dry(c, dry_run)
    return stage(settings(), caller(as_), over_cap=over_cap, preview=preview, dry=dry, wait=seconds(wait))


@task(help={"preview": "print the message as it would go, and send none"})
def escalate(
    c: Any, preview: bool = False, as_: str | None = None, dry_run: bool = False, wait: str | None = None
) -> int | None:
    """The day's message to the list about what has kept the others back for too long."""
    from shepherd.running.mails import escalate as stage

    return stage(settings(), caller(as_), preview=preview, dry=is_dry(c, dry_run), wait=seconds(wait))


@task(help={"sha": "print the SHA to deploy and nothing else (exit code 8: there is none)"}, reader=True)
def status(c: Any, branch: str | None = None, json: bool = False, sha: bool = False) -> int | None:
    """Which revision may be deployed, how old that answer is, and what blocks."""
    from shepherd.running.reading import status as view

    given = settings()
    return view(given, branches(given, branch), json=json, sha=sha, say=say)


@task(
    reader=True,
    help={
        "person": "only landings of people whose name holds this",
        "state": "only landings with this state or progress",
        "of": "only these: r123, a SHA, tip, a branch, bug:824435, #12",
    },
)
def landings(
    c: Any,
    branch: str | None = None,
    person: str | None = None,
    state: str | None = None,
    of: str | None = None,
    json: bool = False,
) -> int | None:
    """The landings that the shepherd knows, newest first."""
    from shepherd.running.reading import landings as view

    given = reading()
    return view(given, branches(given, branch), person=person, state=state, of=of, json=json, say=say)


@task(positional=("rev",), help={"rev": "r123, a SHA, tip, a branch, bug:824435, #12"}, reader=True)
def explain(c: Any, rev: str, branch: str | None = None, json: bool = False) -> int | None:
    """One landing's whole story: what it is, why, what it waits for."""
    from shepherd.running.reading import explain as view

    given = reading()
    return view(given, branches(given, branch), rev, json=json, say=say)


@task(
    help={"ok": "as if these were good: r12,r15", "rollback": "as if these were rolled back next: r12,r15"},
    reader=True,
)
def whatif(
    c: Any, ok: str = "", rollback: str = "", branch: str | None = None, json: bool = False
) -> int | None:
    """What the answer would be, if."""
    from shepherd.running.reading import whatif as view

    given = reading()
    return view(given, one_branch(given, branch), ok, rollback, json=json, say=say)


@task(help={"rev": "what happened to this landing (default: promotions and deployments)"}, reader=True)
def history(c: Any, rev: str | None = None, branch: str | None = None, json: bool = False) -> int | None:
    """What was said and done: deployments, or one landing's states and verdicts."""
    from shepherd.running.reading import history as view

    given = reading()
    return view(given, one_branch(given, branch), rev, json=json, say=say)


@task(positional=("rev", "word"))
def verdict(
    c: Any,
    rev: str,
    word: str,
    reason: str | None = None,
    branch: str | None = None,
    as_: str | None = None,
    dry_run: bool = False,
    wait: str | None = None,
) -> int | None:
    """A person's word on one landing: ok, bad, untestable, needstesting or withdraw."""
    from shepherd.running.stages import verdict as stage

    given = settings()
    name = one_branch(given, branch)
    dry = is_dry(c, dry_run)
    return stage(given, name, rev, word, reason, caller(as_), dry=dry, wait=seconds(wait))


@task(positional=("rev",), help={"by": "the landing that undid it", "anyway": "whatever the files say"})
def cover(
    c: Any,
    rev: str,
    by: str,
    reason: str | None = None,
    anyway: bool = False,
    branch: str | None = None,
    as_: str | None = None,
    dry_run: bool = False,
    wait: str | None = None,
) -> int | None:
    """A person's word that one landing undid another."""
    from shepherd.running.stages import cover as stage

    given = settings()
    name = one_branch(given, branch)
    dry = is_dry(c, dry_run)
    return stage(
        given, name, rev, by, reason, caller(as_), undone=True, anyway=anyway, dry=dry, wait=seconds(wait)
    )


@task(positional=("rev",), help={"by": "the landing that did not undo it (default: nothing did)"})
def uncover(
    c: Any,
    rev: str,
    by: str | None = None,
    reason: str | None = None,
    branch: str | None = None,
    as_: str | None = None,
    dry_run: bool = False,
    wait: str | None = None,
) -> int | None:
    """A person's word that a landing was not undone."""
    from shepherd.running.stages import cover as stage

    given = settings()
    name = one_branch(given, branch)
    dry = is_dry(c, dry_run)
    return stage(given, name, rev, by, reason, caller(as_), undone=False, dry=dry, wait=seconds(wait))


@task(positional=("rev",), help={"until": "the day on which mails go again: 2026-11-30"})
def snooze(
    c: Any,
    rev: str,
    until: str | None = None,
    reason: str | None = None,
    branch: str | None = None,
    as_: str | None = None,
    dry_run: bool = False,
    wait: str | None = None,
) -> int | None:
    """No mail about one landing before a day."""
    from shepherd.running.mails import snooze as stage

    given = settings()
    name = one_branch(given, branch)
    dry = is_dry(c, dry_run)
    return stage(given, name, rev, until or "", reason, caller(as_), dry=dry, wait=seconds(wait))


@task(positional=("rev",))
def deployed(
    c: Any,
    rev: str,
    reason: str | None = None,
    branch: str | None = None,
    as_: str | None = None,
    dry_run: bool = False,
    wait: str | None = None,
) -> int | None:
    """Record what production runs, where the settings leave that to people."""
    from shepherd.running.stages import deployed as stage

    given = settings()
    name = one_branch(given, branch)
    return stage(given, name, rev, reason, caller(as_), dry=is_dry(c, dry_run), wait=seconds(wait))


@task(
    help={
        "repository": "path of the git repository with the QA branch",
        "deployed": "what production runs now, if no ref or tag tells",
        "branch": "the QA branch of the repository (default: its own)",
    }
)
def init(
    c: Any,
    repository: str | None = None,
    deployed: str | None = None,
    branch: str | None = None,
    as_: str | None = None,
    dry_run: bool = False,
) -> int | None:
    """Write a shepherd.toml that works at once."""
    from shepherd.running.init import init as stage

    return stage(repository, deployed, branch, caller(as_), dry=is_dry(c, dry_run))


@task(help={"cron": "silent when all is well"})
def run(
    c: Any, cron: bool = False, as_: str | None = None, dry_run: bool = False, wait: str | None = None
) -> int | None:
    """What cron calls: all stages in order, each failure contained."""
    from shepherd.running.run import run as stages

    return stages(settings(), caller(as_), cron=cron, dry=is_dry(c, dry_run), wait=seconds(wait))


@task(
    name="maintenance.on",
    help={
        "until": "when it should be over: 2h, 30m; after that it is loud",
        "wait": "return when nothing works any more, or with 6 after so many seconds",
    },
)
def maintenance_on(
    c: Any,
    reason: str | None = None,
    until: str | None = None,
    as_: str | None = None,
    dry_run: bool = False,
    wait: str | None = None,
) -> int | None:
    """Stop all work until maintenance.off; a bare `touch` of maintenance.txt does the same."""
    from shepherd.running.switch import on

    patience = None if wait is None else seconds(wait)
    return on(settings(), reason, until, caller(as_), say, wait=patience, dry=is_dry(c, dry_run))


@task(name="maintenance.off")
def maintenance_off(c: Any, as_: str | None = None, dry_run: bool = False) -> int | None:
    """Let the work go on."""
    from shepherd.running.switch import off

    return off(settings(), caller(as_), say, dry=is_dry(c, dry_run))


@task(name="maintenance.status", reader=True)
def maintenance_status(c: Any, json: bool = False) -> int | None:
    """Whether the switch is on, by whom, why and since when."""
    from shepherd.running.switch import status as view

    return view(where(), say, json=json)


@task(name="lock.status", reader=True)
def lock_status(c: Any, json: bool = False) -> int | None:
    """Who is running what, since when."""
    from shepherd.running.switch import lock_status as view

    return view(where(), say, json=json)


@task(
    help={
        "to": "the release to go to (default: the newest that is prepared)",
        "deadline": "how long to wait for running work to end (default: 5m)",
        "resume": "finish what a killed upgrade left",
        "undo": "take back what a killed upgrade left",
    }
)
def upgrade(
    c: Any,
    to: str | None = None,
    deadline: str = "5m",
    resume: bool = False,
    undo: bool = False,
    reason: str | None = None,
    as_: str | None = None,
    dry_run: bool = False,
) -> int | None:
    """Switch this host to another release: nothing is ever half upgraded."""
    from shepherd.running.upgrade import upgrade as push

    dry = is_dry(c, dry_run)
    return push(
        settings,
        caller(as_),
        to=to,
        deadline=deadline,
        resume=resume,
        undo=undo,
        reason=reason,
        dry=dry,
    )


@task(name="cron.show", reader=True)
def cron_show(c: Any) -> int | None:
    """The block that belongs in the crontab."""
    from shepherd.running.cron import show

    return show(settings())


@task(name="cron.install")
def cron_install(c: Any, as_: str | None = None, dry_run: bool = False) -> int | None:
    """Put the block into your crontab, or bring it up to date."""
    from shepherd.running.cron import install

    return install(settings(), caller(as_), dry=is_dry(c, dry_run))


@task(name="cron.remove")
def cron_remove(c: Any, as_: str | None = None, dry_run: bool = False) -> int | None:
    """Take the block out of your crontab."""
    from shepherd.running.cron import remove

    return remove(settings(), caller(as_), dry=is_dry(c, dry_run))


@task(help={"offline": "make no network connection"}, reader=True)
def doctor(c: Any, offline: bool = False, json: bool = False) -> int | None:
    """One line a check: ok, warn or fail, and the remedy."""
    from shepherd.running.doctor import doctor as examine
    from shepherd.running.log import now

    return examine(settings, now(), offline=offline, json=json, say=say)


@task(help={"directory": "where to make it (default: demo)"})
def demo(c: Any, directory: str = "demo") -> int | None:
    """A small made-up project, taken through every stage."""
    from shepherd.running.demo import demo as stage

    return stage(directory)


namespace = collection(
    *(each for each in list(vars(sys.modules[__name__]).values()) if type(each).__name__ == "Task")
)
