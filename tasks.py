"""What people and cron call: `inv --list` shows it all. Words in, words out; nothing is decided here."""

from __future__ import annotations

import sys

from ops.tasking import (
    ROOT,
    branches,
    caller,
    collection,
    is_dry,
    one_branch,
    say,
    settings,
    snapshot_of,
    task,
)


@task(
    help={
        "accept_rewrite": "the mainline was rewritten, and that is right (wants --reason)",
        "accept_new_journal": "the journal was lost: begin a new one (wants --reason)",
    }
)
def find(
    c, branch=None, accept_rewrite=False, accept_new_journal=False, reason=None, as_=None, dry_run=False
):
    """Read the change sources into the tagger's database."""
    from ops.stages import find as stage

    given = settings()
    return stage(
        given,
        branches(given, branch),
        caller(as_),
        accept_rewrite=accept_rewrite,
        accept_new_journal=accept_new_journal,
        reason=reason,
        dry=is_dry(c, dry_run),
    )


@task()
def judge(c, branch=None, as_=None, dry_run=False):
    """Judge what was found by what people say of it: the answer."""
    from ops.stages import judge as stage

    given = settings()
    return stage(given, branches(given, branch), caller(as_), dry=is_dry(c, dry_run))


@task(help={"fresh": "find and judge first, under the same lock"})
def report(c, fresh=False, as_=None, dry_run=False):
    """Write pages and feeds from the last answer."""
    from ops.stages import report as stage

    return stage(settings(), caller(as_), fresh=fresh, dry=is_dry(c, dry_run))


@task(help={"sha": "print the SHA to deploy and nothing else (exit code 8: there is none)"})
def status(c, branch=None, json=False, sha=False):
    """Which revision may be deployed, how old that answer is, and what blocks."""
    from ops.reading import status as view

    given = settings()
    return view(given, branches(given, branch), json=json, sha=sha, say=say)


@task(
    help={
        "person": "only landings of people whose name holds this",
        "state": "only landings with this state or progress",
        "of": "only these: r123, a SHA, a branch, bug:824435, #12",
    }
)
def landings(c, branch=None, person=None, state=None, of=None, json=False):
    """The landings that the shepherd knows, newest first."""
    from ops.reading import landings as view

    given = settings()
    return view(given, branches(given, branch), person=person, state=state, of=of, json=json, say=say)


@task(positional=("rev",))
def explain(c, rev, branch=None, json=False):
    """One landing's whole story: what it is, why, what it waits for."""
    from ops.reading import explain as view

    given = settings()
    return view(given, branches(given, branch), rev, json=json, say=say)


@task(help={"ok": "as if these were good: r12,r15", "rollback": "as if these were rolled back next: r12,r15"})
def whatif(c, ok="", rollback="", branch=None, json=False):
    """What the answer would be, if."""
    from ops.reading import whatif as view

    given = settings()
    return view(given, one_branch(given, branch), ok, rollback, json=json, say=say)


@task(help={"rev": "what happened to this landing (default: promotions and deployments)"})
def history(c, rev=None, branch=None, json=False):
    """What was said and done: deployments, or one landing's states and verdicts."""
    from ops.reading import history as view

    given = settings()
    return view(given, one_branch(given, branch), rev, json=json, say=say)


@task(positional=("rev", "word"))
def verdict(c, rev, word, reason=None, branch=None, as_=None, dry_run=False):
    """A person's word on one landing: ok, bad, untestable, needstesting or withdraw."""
    from ops.stages import verdict as stage

    given = settings()
    return stage(given, one_branch(given, branch), rev, word, reason, caller(as_), dry=is_dry(c, dry_run))


@task(positional=("rev",), help={"by": "the landing that undid it"})
def cover(c, rev, by, reason=None, branch=None, as_=None, dry_run=False):
    """A person's word that one landing undid another."""
    from ops.stages import cover as stage

    given = settings()
    name = one_branch(given, branch)
    return stage(given, name, rev, by, reason, caller(as_), undone=True, dry=is_dry(c, dry_run))


@task(positional=("rev",), help={"by": "the landing that did not undo it (default: nothing did)"})
def uncover(c, rev, by=None, reason=None, branch=None, as_=None, dry_run=False):
    """A person's word that a landing was not undone."""
    from ops.stages import cover as stage

    given = settings()
    name = one_branch(given, branch)
    return stage(given, name, rev, by, reason, caller(as_), undone=False, dry=is_dry(c, dry_run))


@task(positional=("rev",))
def deployed(c, rev, reason=None, branch=None, as_=None, dry_run=False):
    """Record what production runs, where the settings leave that to people."""
    from ops.stages import deployed as stage

    given = settings()
    return stage(given, one_branch(given, branch), rev, reason, caller(as_), dry=is_dry(c, dry_run))


@task(
    help={
        "repository": "path of the git repository with the QA branch",
        "deployed": "what production runs now, if no ref or tag tells",
        "name": "the QA branch (default: the repository's own)",
    }
)
def init(c, repository, deployed=None, name=None, as_=None, dry_run=False):
    """Write a shepherd.toml that works at once."""
    from ops.first_day import init as stage

    return stage(repository, deployed, name, caller(as_), dry=is_dry(c, dry_run))


@task(help={"directory": "where to make it (default: demo)"})
def demo(c, directory="demo"):
    """A small made-up project, taken through every stage."""
    from ops.demo import demo as stage

    return stage(ROOT, directory)


@task(help={"real": "also sshd, cron, SMTP, browser", "long": "the campaigns", "only": "pytest -k"})
def test(c, real=False, long=False, only=""):
    """The tests: under a minute, without root or network."""
    from ops.testing import run

    return run(ROOT, real=real, long=long, only=only)


namespace = collection(
    *(each for each in list(vars(sys.modules[__name__]).values()) if type(each).__name__ == "Task")
)
