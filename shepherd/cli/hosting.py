"""What keeps the shepherd running on its host."""

from __future__ import annotations

from shepherd.running.tasking import ACTING, WORKING, TaskOptions, task


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


@task(
    *ACTING,
    name="maintenance.off",
    help={"of": "take away what this person set, or `upgrade`: what a killed upgrade left"},
)
def maintenance_off(options: TaskOptions, of: str | None = None) -> int:
    """Take your own switch away; what others set stays on."""
    from shepherd.running.switch import off

    return off(options, of)


@task(name="maintenance.status", reader=True)
def maintenance_status(options: TaskOptions, json: bool = False) -> int:
    """Whether the switch is on, by whom, why and since when."""
    from shepherd.running.state_place import state_place
    from shepherd.running.switch import status

    return status(state_place(options), json=json)


@task(name="lock.status", reader=True)
def lock_status(options: TaskOptions, json: bool = False) -> int:
    """Who is running what, since when."""
    from shepherd.running.lock import lock_status
    from shepherd.running.state_place import state_place

    return lock_status(state_place(options), json=json)


@task(*ACTING, name="lock.free")
def lock_free(options: TaskOptions, reason: str | None = None) -> int:
    """Take the work lock from a run on another host that cannot be reached."""
    from shepherd.running.lock import free

    return free(options, reason)


@task(
    *ACTING,
    help={
        "to": "the release to go to (default: the newest that is prepared)",
        "deadline": "how long to wait for running work to end (default: 5m)",
        "resume": "finish what a killed upgrade left",
        "undo": "take back what a killed upgrade left",
        "again": "why to upgrade once more to what was marked bad",
        "start_cron": "put the crontab block in, also where doctor says that this release cannot read",
    },
)
def upgrade(
    options: TaskOptions,
    to: str | None = None,
    deadline: str = "5m",
    resume: bool = False,
    undo: bool = False,
    reason: str | None = None,
    again: str | None = None,
    start_cron: bool = False,
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
        again=again,
        start_cron=start_cron,
        dry=options.dry,
    )


@task(
    *ACTING,
    positional=("to",),
    help={"to": "a new file, or a folder that is there"},
)
def backup(options: TaskOptions, to: str) -> int:
    """Write what cannot be read again to one file, and read that back; also next to a run."""
    from shepherd.running.backup import backup

    return backup(options, to)


@task(
    *WORKING,
    positional=("source",),
    help={
        "source": "a backup, or a folder: the newest one in it",
        "despite": "why, although what is here has entries that the backup lacks",
    },
)
def restore(options: TaskOptions, source: str, despite: str | None = None) -> int:
    """Put a backup in the place of a lost or damaged database; what was there is kept next to it."""
    from shepherd.running.backup import restore

    return restore(options, source, despite)


@task(
    *WORKING,
    name="db.copy",
    positional=("source", "to"),
    help={
        "source": "the database to read: a URL, or the path of a file of SQLite",
        "to": "the database to make: an empty one on a server, or a file that is not there",
    },
)
def db_copy(options: TaskOptions, source: str, to: str) -> int:
    """Copy the journal to another database, SQLite or PostgreSQL, and compare each entry."""
    from shepherd.running.copying import db_copy

    return db_copy(options, source, to)


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


_SYSTEM = "units for the whole system, which root installs; else for your own systemd"


@task(name="timer.show", help={"system": _SYSTEM}, reader=True)
def timer_show(options: TaskOptions, system: bool = False) -> int:
    """The systemd units that call inv run where there is no cron."""
    from shepherd.running.timer import show

    return show(options.settings, system=system)


@task(*ACTING, name="timer.install", help={"system": _SYSTEM})
def timer_install(options: TaskOptions, system: bool = False) -> int:
    """Install the systemd timer, or bring it up to date."""
    from shepherd.running.timer import install

    return install(options.settings, options.who, system=system, dry=options.dry)


@task(*ACTING, name="timer.remove", help={"system": _SYSTEM})
def timer_remove(options: TaskOptions, system: bool = False) -> int:
    """Disable the systemd timer, and remove its units."""
    from shepherd.running.timer import remove

    return remove(options.settings, options.who, system=system, dry=options.dry)


@task(*ACTING, name="timer.failed")
def timer_failed(options: TaskOptions) -> int:
    """What systemd calls when a run of the timer failed: mail the operators, once a day for each reason."""
    from shepherd.running.timer_news import failed

    return failed(options)


@task(
    help={"offline": "make no network connection", "only": "these checks alone: database,cron"}, reader=True
)
def doctor(options: TaskOptions, offline: bool = False, json: bool = False, only: str | None = None) -> int:
    """One line a check: ok, warn or fail, and the remedy."""
    from shepherd.running.doctor import doctor
    from shepherd.running.log import now
    from shepherd.running.tasking import say

    return doctor(lambda: options.settings, now(), offline=offline, json=json, say=say, only=only)


@task(reader=True)
def version(_options: TaskOptions) -> int:
    """The shepherd's own version, with release and commit on a host, and what it runs on."""
    from shepherd.running.tasking import say
    from shepherd.running.versions import lines

    for line in lines():
        say(line)
    return 0


@task(reader=True)
def man(_options: TaskOptions) -> int:
    """The manual page of all tasks: man -l <(shepherd man)."""
    from shepherd.cli import namespace
    from shepherd.cli.manual import page
    from shepherd.running.tasking import say

    say(page(namespace).rstrip())
    return 0


@task(help={"directory": "where to make it (default: demo)"})
def demo(options: TaskOptions, directory: str = "demo") -> int:
    """A small made-up project, taken through every stage."""
    from shepherd.running.demo import demo

    return demo(directory)
