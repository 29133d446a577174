"""Whether cron or a systemd timer calls us, and whether what it calls has run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime

from shepherd.errors import ShepherdError
from shepherd.running import cron as block
from shepherd.running import crontab, systemd, timer
from shepherd.running.doctor.checking import CheckContext, Finding, fail, ok, warn
from shepherd.running.run import STAGES
from shepherd.running.situation import stage_runs
from shepherd.running.timer_units import installed, unit_name
from shepherd.situation import StageRuns
from shepherd.store.snapshots import Snapshots
from shepherd.values import clean, when

LATE = 3
"""A stage is late when it did not run for so many times `report.expected_every`."""
DAEMONS = ("cron", "crond", "fcron", "cronie", "busybox")


def cron(context: CheckContext) -> Iterator[Finding]:
    """Something calls us: our block is in the crontab, undamaged, and says what it should, and a cron daemon
    runs; or our timer is what it should be, and is active."""
    settings = context.settings
    state = settings.state_path
    if state.exists() and state.stat().st_uid != os.geteuid():
        yield warn("cron", "not looked at: the crontab is that of the owner of state_dir")
        return
    if settings.cron.every > settings.report.expected_every:
        what = f"cron.every ({settings.cron.every}) is longer than report.expected_every"
        yield warn("cron", f"{what} ({settings.report.expected_every})", "else pages call themselves stale")
    timers = [_timer(context, system=each) for each in installed(settings)]
    yield from timers
    served = bool(timers)
    try:
        change = block.planned(settings, crontab.read())
    except ShepherdError as error:
        if served:
            yield ok("cron", "not needed: a systemd timer calls the shepherd")
        elif isinstance(error, crontab.NoCrontabError):
            yield from _without(context, "there is no crontab program")
        else:
            yield fail("cron", str(error))
        return
    last = _last_run(context)
    if not change.block and served:
        yield ok("cron", "no block in the crontab: a systemd timer calls the shepherd")
    elif not change.block:
        yield from _without(context, "no block in the crontab")
    elif served:
        what = "the crontab and a systemd timer both call the shepherd; only one copy works at a time"
        yield warn("cron", what, "inv cron.remove")
    elif change.block != change.new_block:
        yield warn("cron", "the block in the crontab is not what it should be", "inv cron.install")
    elif _late(context, last) and not _daemon_runs():
        yield warn("cron", "the block is there, but no cron daemon seems to run", "start cron")
    else:
        yield ok("cron", f"{block.times(settings.cron.every)} in the crontab")


def _without(context: CheckContext, what: str) -> Iterator[Finding]:
    """Neither cron nor a timer of ours calls us; something else may."""
    last = _last_run(context)
    if _late(context, last):
        yield warn("cron", f"{what}, and no systemd timer", "inv cron.install, or inv timer.install")
    else:
        yield ok("cron", f"{what}, yet a stage ran {_ago(context, last)} (something else calls it?)")


def _timer(context: CheckContext, *, system: bool) -> Finding:
    """Our timer is what it should be, is active, runs without a login, and somebody learns of a failure."""
    settings = context.settings
    name = f"{unit_name(settings)}.timer"
    remedy = f"inv timer.install{' --system, as root' if system else ''}"
    try:
        plan = timer.planned(settings, system=system)
        state = systemd.properties(name, "NextElapseUSecRealtime", system=system)
    except ShepherdError as error:
        return warn("timer", str(error), remedy)
    if plan.changes:
        return warn("timer", f"the units of {name} are not what they should be", remedy)
    if plan.after:
        return warn("timer", f"{name} is not enabled and active", remedy)
    if not system and not systemd.lingers():
        what = f"{name} is active, but only while this user is logged in"
        return warn("timer", what, f"as root: {systemd.lingering_command()}")
    if not (settings.mail and settings.mail.operators):
        what = f"{name} is active, but a run that fails is told to nobody"
        return warn("timer", what, "set mail.operators")
    next_run = state.get("NextElapseUSecRealtime") or "when the run at work has ended"
    return ok("timer", f"{name} is active; next: {clean(next_run, 60)}")


def stages(context: CheckContext) -> Iterator[Finding]:
    """Each stage ran well, and not long ago."""
    runs = stage_runs(context.settings)
    wanted = (part.name for part in STAGES if part.wanted(context.settings))
    for stage in wanted:
        ran = runs.get(stage, StageRuns())
        if stage in ("archive", "backup") and ran.last_good is None and not ran.failing:
            # `inv find judge report` is a whole first day, and an upgrade from a release without it is sound
            yield ok(f"stage {stage}", "has not run yet: the next inv run does it")
        elif ran.last_good is None:
            yield warn(f"stage {stage}", "has never run well", "inv run shows why")
        elif ran.failing:
            last_run = f"ran well {_ago(context, ran.last_good)}"
            yield warn(f"stage {stage}", f"{last_run}, but fails now: {ran.failure}", "inv run")
        elif _late(context, ran.last_good):
            late = f"ran well {_ago(context, ran.last_good)}, that is late"
            yield warn(f"stage {stage}", late, "is cron, or the timer, running? see inv status and the log")
        else:
            yield ok(f"stage {stage}", f"ran well {_ago(context, ran.last_good)}")


def answers(context: CheckContext) -> Iterator[Finding]:
    """The last answer of each branch is one, and not stale."""
    for branch in context.settings.branches:
        snapshot = Snapshots(context.settings.state_path / "snapshots", branch).latest()
        name = f"answer {branch}"
        if snapshot is None:
            yield warn(name, "there is none yet", "inv find judge report")
        elif not snapshot.complete:
            yield fail(name, f"no data: {snapshot.problems[0]}", "fix what it names, then: inv find judge")
        elif context.now > snapshot.valid_until:
            yield warn(name, f"given {_ago(context, snapshot.generated_at)}: stale", "inv run")
        else:
            yield ok(name, f"given {_ago(context, snapshot.generated_at)}")


def _last_run(context: CheckContext) -> datetime | None:
    """When any stage ended last, whatever came of it."""
    runs = stage_runs(context.settings).values()
    return max((at for run in runs for at in (run.last_good, run.last_failed) if at), default=None)


def _late(context: CheckContext, at: datetime | None) -> bool:
    seconds = LATE * context.settings.report.expected_every
    return at is None or (context.now - at).total_seconds() > seconds


def _ago(context: CheckContext, at: datetime | None) -> str:
    return f"at {when(at, context.now)}" if at else "never"


def _daemon_runs() -> bool:
    import psutil

    return any(process.info["name"] in DAEMONS for process in psutil.process_iter(["name"]))
