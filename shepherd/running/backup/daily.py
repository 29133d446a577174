"""`run`'s backup of the day, and which of the older ones may go (docs/backups.md#every-day)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from shepherd import holding
from shepherd.errors import NO_DATA, PARTLY, NoAnswerError, ShepherdError
from shepherd.run import Run
from shepherd.running.backup.places import BackupPlace, backups_in, ends_as_a_backup, name_of
from shepherd.running.output import complain, say
from shepherd.running.runner import StageResult
from shepherd.running.tasking import TaskOptions
from shepherd.settings import Settings


def back_up_daily(options: TaskOptions, run: Run) -> StageResult:
    """Make the day's backup, unless it is there; then remove those that newer ones replace.

    Raises:
        LostLockError: it failed, and another host may work by now.
    """
    settings = options.settings
    folder = settings.backup_path
    try:
        today = next((each for each in reversed(backups_in(folder)) if _is_of_today(each, run)), None)
        if today is not None:
            say(f"today's backup is there: {today.path}")
            return StageResult()
        return _make(settings, folder, run, dry=options.dry)
    except NoAnswerError as none_yet:
        say(str(none_yet))
        return StageResult()
    except (ShepherdError, OSError) as error:
        # a lost lock ends the run, and is all that is said
        holding.confirm()
        # the journal is sound; tried again at the next run
        sentence = str(error) if isinstance(error, ShepherdError) else f"{folder}: {error.strerror or error}"
        complain(f"backup: {sentence}")
        return StageResult(PARTLY, sentence)


def _is_of_today(place: BackupPlace, run: Run) -> bool:
    """Whether it is the day's backup: not what a wrong clock dated ahead, nor what was cut short."""
    if not place.daily or place.at.date() != run.now.date() or place.at > run.now:
        return False
    return ends_as_a_backup(place.path)


def _refused(settings: Settings) -> str:
    """A branch of which the journal is lost, or may be; empty if there is none. Raises StoreError."""
    from shepherd.store import Database
    from shepherd.store.wholeness import loss

    with Database.of(settings, read_only=True) as database:
        for branch in settings.branches:
            with database.branch(branch) as store:
                if loss(store.journal, settings, branch) is not None:
                    return branch
    return ""


def _make(settings: Settings, folder: Path, run: Run, *, dry: bool) -> StageResult:
    from shepherd.running.backup.making import make, planned

    plan = planned(settings)
    if branch := _refused(settings):
        # a backup of it would be the newest, which is the one that people restore
        say(f"no backup: the journal of {branch} lacks what people said, or may lack it; inv find says more")
        return StageResult(NO_DATA)
    target = folder / name_of(run.now, daily=True)
    if dry:
        say(f"would make a backup: {target}")
        return StageResult()
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    document = make(settings, plan, target, run.who, run.now)
    gone = outdated(settings, backups_in(folder), target)
    for each in gone:
        each.path.unlink(missing_ok=True)
    run.tell("act", what="backup", to=target, entries=document.entries, removed=len(gone), by=run.who)
    say(f"made a backup, and read it back: {target}" + (f"; removed {len(gone)} older" if gone else ""))
    return StageResult()


def outdated(settings: Settings, backups: Sequence[BackupPlace], newest: Path) -> list[BackupPlace]:
    """The daily backups that may go: there are `backup.keep` newer ones, and all that its journal holds is in
    today's too.

    After a disk was lost, or a wrong state_dir mounted, each day's backup is one of another journal: then the
    last ones of the right journal stay, however long it takes until somebody notices.
    """
    from shepherd.running.backup.reading import checked, journals_in, manifest_of
    from shepherd.store import Journal

    daily = [each for each in backups if each.daily and each.path != newest]
    old = daily[: max(0, len(daily) + 1 - settings.backup.keep)]
    if not old:
        return []
    with checked(newest) as backup, journals_in(backup.journal) as connection:

        def holds(branch: str, seq: int, total: str, entries: int) -> bool:
            journal = Journal(connection, branch)
            return journal.sum_at(seq) == total and journal.count(seq) == entries

        gone = []
        for each in old:
            try:
                ends = manifest_of(each.path).journals
            except ShepherdError:
                # what cannot be read is of no use to anybody, but that is not for us to decide
                continue
            if all(holds(branch, end.seq, end.sum, end.entries) for branch, end in ends.items()):
                gone.append(each)
    return gone
