"""What is true now: read at the moment of asking, from the switch and the files under `run/`
(docs/interfaces.md#snapshot)."""

from __future__ import annotations

import sys
from datetime import datetime
from time import sleep

from msgspec import Struct
from msgspec.structs import replace

from shepherd import __version__
from shepherd.plainfile import UnreadableFileError
from shepherd.running import hosts, maintenance, records, told
from shepherd.running.calls import schedule_of
from shepherd.running.log import now
from shepherd.running.tasking import ROOT
from shepherd.settings import Settings
from shepherd.situation import ASKING_OTHERS, Freeze, Hang, Maintenance, Running, Situation, StageRuns, Unread
from shepherd.stages.freezes import FreezeWord, copied_words, freezes_at, next_freeze
from shepherd.statefile import StateFile
from shepherd.store.snapshots import LATEST
from shepherd.values import clean, utc

READING = ("find", "judge")
"""The stages that the answer rests on."""

SETTLING = 0.5
"""Seconds after which who takes the work lock has certainly written its record."""


class Aborts(Struct, frozen=True):
    """What refused runs remember, in `run/aborts.json`; written under `run/page.lock` only."""

    last: datetime | None = None
    because: str = ""
    page: datetime | None = None
    """When such a run last wrote the pages again."""
    said: dict[str, str] = {}
    """What was said once already: kind -> which one."""


def situation(settings: Settings, writing: str = "") -> Situation:
    """The situation at this moment. What cannot be read is left out: less is said, never something else.

    Args:
        writing: the stage that asks: it has run well when its page is read.
    """
    problem = told.ask(settings)
    at = now()
    switch = _switch(settings)
    aborts = aborts_of(settings)
    runs = stage_runs(settings)
    unread = unread_branches(settings)
    freezes, unreadable = freezes_now(settings, at)
    if problem:
        # one of the others may have frozen a branch, or found that it may not be deployed
        unreadable = {branch: Unread(at, ASKING_OTHERS, problem) for branch in settings.branches} | unreadable
    hang: Hang | None = None
    running: Running | None = None
    at_work: Running | None = None
    try:
        present = hosts.look(settings)
    except UnreadableFileError:
        present = None
    if present is not None:
        record, life = present
        own = records.is_own(record)
        if own or life in ("lives", "held"):
            at_work = Running(record.stage, record.user, record.host, record.pid, record.since)
            # who asks is at work just now, as everybody knows who reads what it writes
            running = None if own else at_work
        if not own and record.noted and life == "gone":
            before = runs.get(record.stage, StageRuns())
            runs[record.stage] = replace(
                before, last_failed=record.since, failure=crashed(record), ended_by="crash"
            )
            if record.stage in READING:
                # nobody can tell any more which branch it was at
                left = Unread(record.since, record.stage, crashed(record))
                unread = {branch: unread.get(branch, left) for branch in settings.branches}
        elif not own:
            hang = hang_of(settings, record, life)
    if writing:
        runs[writing] = replace(runs.get(writing, StageRuns()), last_good=at)
    return Situation(
        now=at,
        maintenance=_maintenance(switch) if switch is not None else None,
        hang=hang,
        stages=runs,
        unread=unread | unreadable,
        last_aborted=aborts.last,
        aborted_because=aborts.because,
        running=running,
        versions=versions(),
        freezes=freezes,
        freezes_next=freezes_next(settings, at),
        schedule=schedule_of(settings, runs, at_work, at),
    )


def freezes_now(settings: Settings, at: datetime) -> tuple[dict[str, tuple[Freeze, ...]], dict[str, Unread]]:
    """Branch -> the freezes that are on, by what everybody may read; and the branches of which that cannot be
    read: nobody knows then whether they are frozen."""
    freezes: dict[str, tuple[Freeze, ...]] = {}
    unreadable: dict[str, Unread] = {}
    for branch in settings.branches:
        words: tuple[FreezeWord, ...] = ()
        try:
            words = copied_words(settings, branch)
        except UnreadableFileError as why:
            unreadable[branch] = Unread(at, "freeze.status", str(why))
        if present := freezes_at(settings, branch, words, at):
            freezes[branch] = present
    return freezes, unreadable


def freezes_next(settings: Settings, at: datetime) -> dict[str, Freeze]:
    """Branch -> the next freeze that is known to begin."""
    following = {branch: next_freeze(settings, branch, at) for branch in settings.branches}
    return {branch: freeze for branch, freeze in following.items() if freeze is not None}


def _maintenance(switch: maintenance.Switch) -> Maintenance:
    others = (
        Maintenance(each.since, maintenance.name_of(each), each.why, each.until) for each in switch.others
    )
    return Maintenance(
        switch.since,
        switch.who,
        switch.why,
        switch.until,
        switch.overdue,
        maintenance.upgrade_state(switch),
        tuple(others),
    )


def versions() -> dict[str, str]:
    """What is at work here: the shepherd, its release where it has one
    (docs/operator-every-day.md#what-a-deploy-does), and the Python that runs it."""
    release = {"release": ROOT.name} if ROOT.parent.name == "releases" else {}
    return {"QA Shepherd": __version__, **release, "Python": sys.version.split()[0]}


def switch_of(settings: Settings) -> maintenance.Switch | None:
    """The maintenance switch of all hosts, None if it is off."""
    told.ask(settings)
    return _switch(settings)


def _switch(settings: Settings) -> maintenance.Switch | None:
    return maintenance.look(settings.state_path, settings.maintenance.warn_after, now())


def hang_of(settings: Settings, record: records.Record, life: records.Life) -> Hang | None:
    """The suspicion against a record that is older than `stale_after` and whose process lives
    (docs/running.md#one-copy-at-a-time)."""
    if records.seconds(record, now()) <= settings.run.stale_after or life not in ("lives", "held"):
        return None
    if life == "held" and not settings.on_server and not _stays(settings, record):
        return None
    return Hang(record.stage, record.pid, record.since, record.host)


def _stays(settings: Settings, record: records.Record) -> bool:
    """Whether the record of a process that cannot be seen is still there when any other one has replaced it:
    who has just taken the lock from one that crashed writes its own at once."""
    sleep(SETTLING)
    try:
        return records.read(settings.state_path) == record
    except UnreadableFileError:
        return False


def crashed(record: records.Record) -> str:
    """What is said of a record whose process is gone."""
    process = f"process {record.pid}{records.where(record)}"
    return f"crashed at {record.stage}: {process}, at work since {utc(record.since)}, is gone"


def how_to_end(settings: Settings, record: records.Record) -> str:
    """What to do about a run that hangs, as a part of a sentence."""
    there = records.where(record)
    stopped = f"if it is only stopped, continue it with: kill -CONT {record.pid}"
    cut_off = ""
    if there and settings.on_server:
        cut_off = f"; if {clean(record.host, 60)} cannot be reached: inv lock.free --reason TEXT"
    return f"end it{there} with: kill {record.pid} ({stopped}{cut_off})"


def stage_runs(settings: Settings) -> dict[str, StageRuns]:
    """When each stage last ran well and last failed."""
    return _stages_file(settings).read_or({})


def _stages_file(settings: Settings) -> StateFile[dict[str, StageRuns]]:
    return StateFile(settings.state_path / "run" / "stages.json", dict[str, StageRuns])


def note_run(
    settings: Settings, stage: str, failure: str, seconds: float | None = None, ended_by: str = ""
) -> None:
    """Remember how a stage ended just now, after so many seconds; the other hosts get what it wrote. Only for
    the holder of the work lock.

    Args:
        ended_by: see `StageRuns`.
    """
    runs = stage_runs(settings)
    before = replace(runs.get(stage, StageRuns()), seconds=seconds, ended_by=ended_by)
    if failure:
        runs[stage] = replace(before, last_failed=now(), failure=failure, failures=before.failures + 1)
    else:
        runs[stage] = replace(before, last_good=now())
    _stages_file(settings).write(runs)
    told.tell(settings)


def unread_branches(settings: Settings) -> dict[str, Unread]:
    """Branch -> its newest attempt to be read, where that failed. An unreadable note counts as one."""
    by_branch: dict[str, Unread] = {}
    for branch in settings.branches:
        failed = _failed_reads(settings, branch)
        if failed:
            by_branch[branch] = max(failed.values(), key=lambda unread: unread.at)
    return by_branch


def note_read(settings: Settings, branch: str, stage: str, failure: str) -> None:
    """Remember how an attempt to read a branch ended. Only for the holder of the work lock.

    The note lies next to the answer that it is about, so that anyone who can read one can read both.

    Args:
        failure: in one sentence; empty: it was read.

    Raises:
        StoreError: it cannot be written.
    """
    file = _failed_reads_file(settings, branch)
    if not (file.path.parent / LATEST).exists():
        # there is no answer yet that could be acted on
        return
    before = _failed_reads(settings, branch)
    after = {each: unread for each, unread in before.items() if each != stage}
    if failure:
        after[stage] = Unread(now(), stage, clean(failure, 2000))
    if after:
        file.write(after)
    elif before:
        file.remove()


def _failed_reads_file(settings: Settings, branch: str) -> StateFile[dict[str, Unread]]:
    path = settings.state_path / "snapshots" / branch / "failed-reads"
    return StateFile(path, dict[str, Unread], mode=0o644)


def _failed_reads(settings: Settings, branch: str) -> dict[str, Unread]:
    """Stage -> its newest attempt, where that failed."""
    file = _failed_reads_file(settings, branch)
    try:
        return file.read() or {}
    except UnreadableFileError as why:
        # which one failed is not known: each of them has to run well
        return {stage: Unread(now(), stage, str(why)) for stage in READING}


def aborts_of(settings: Settings) -> Aborts:
    """What refused runs remember; nothing, if that cannot be read."""
    return _aborts_file(settings).read_or(Aborts())


def keep_aborts(settings: Settings, aborts: Aborts) -> None:
    """Only for the holder of `run/page.lock`. Raises StoreError."""
    _aborts_file(settings).write(aborts)


def _aborts_file(settings: Settings) -> StateFile[Aborts]:
    return StateFile(settings.state_path / "run" / "aborts.json", Aborts)
