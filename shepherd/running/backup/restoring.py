"""Putting a backup back (docs/backups.md#restoring).

Whenever it is killed, what is there is the old state, or the new one, or one that says of itself that the
journal is lost, or may be: one rename replaces the database by one that says so, answers come after it, and
settings, without which nothing runs, come last. Called again, it goes on from there.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path

from shepherd.atomic import create_atomically
from shepherd.errors import RefusedError, SettingsError, ShepherdError, StoreError
from shepherd.places import places_of
from shepherd.run import Run
from shepherd.running.backup import manifest, on_server
from shepherd.running.backup.comparing import RestorePlan, compare, words_of
from shepherd.running.backup.making import BUSY_SECONDS
from shepherd.running.backup.reading import CheckedBackup, checked, ends_of
from shepherd.running.output import complain, say
from shepherd.running.runner import StageResult, run_stage
from shepherd.running.tasking import CLONE, TaskOptions
from shepherd.settings import Settings, parse
from shepherd.store import Database
from shepherd.values import clean

_SIDES = ("-wal", "-shm", "-journal")
"""What SQLite keeps next to a database."""


def restore_from(options: TaskOptions, sources: Sequence[Path], despite: str | None) -> int:
    """Check a backup, print what it would change, and do it.

    Args:
        sources: one backup, or several, of which the best is restored, the newest first.
        despite: why, although something is lost by it; None: then it is refused.

    Raises:
        RefusedError: something would be lost. SettingsError, StoreError: the backup or the settings cannot be
            used.
    """
    if despite is not None and not clean(despite, 300):
        raise SettingsError("say why what would be lost may be lost: --despite 'the old disk is gone'")
    source = sources[0] if len(sources) == 1 else _best(options, sources)
    file = _settings_file()
    here = file.exists()
    with checked(source) as backup:
        settings = options.settings if here else _settings_of(backup, file)
        there = TaskOptions(settings, options.who, dry=options.dry, wait=options.wait)
        stage = partial(_restore, backup=backup, source=source, despite=despite, settings_are_here=here)
        return run_stage(there, "restore", stage, why=despite or "", noted=False)


def _best(options: TaskOptions, sources: Sequence[Path]) -> Path:
    """The newest backup that lacks nothing of what is known here; if each lacks something, the one with most
    entries: a journal that was lost and begun again has backups, too, and they are the newest.

    Raises:
        StoreError: none of them can be read.
    """
    file = _settings_file()
    here, entries = file.exists(), dict[Path, int]()
    best = None
    for source in sources:
        try:
            with checked(source) as backup:
                settings = options.settings if here else _settings_of(backup, file)
                lacks = compare(settings, backup, settings_are_here=here).lacks
                entries[source] = backup.manifest.entries
        except StoreError as why:
            complain(str(why))
            continue
        if not lacks:
            best = source
            break
        say(f"{source}: lacks what is known here")
    if not entries:
        raise StoreError(f"{sources[0].parent}: no backup in it can be read: name another folder, or a file")
    best = best or max(entries, key=lambda each: entries[each])
    older = [each.name for each in sources if each not in entries]
    if older:
        say(f"others in {best.parent}: {', '.join(older)}")
    return best


def _settings_file() -> Path:
    """Where the settings are or, if there are none, belong."""
    places = places_of(os.environ, CLONE, Path.cwd())
    return Path(os.path.realpath(next((each for each in places if os.path.lexists(each)), places[0])))


def _settings_of(backup: CheckedBackup, file: Path) -> Settings:
    try:
        return parse(backup.content(manifest.SETTINGS).decode(), file)
    except UnicodeDecodeError:
        raise StoreError("the settings in the backup are no text") from None


def _restore(
    options: TaskOptions,
    run: Run,
    *,
    backup: CheckedBackup,
    source: Path,
    despite: str | None,
    settings_are_here: bool,
) -> StageResult:
    settings = options.settings
    plan = compare(settings, backup, settings_are_here=settings_are_here)
    keep = _free_name(settings, plan.database, run.now)
    for line in words_of(plan, backup, source, str(keep)):
        say(line)
    if plan.loses and despite is None:
        raise RefusedError(_refusal(plan))
    if options.dry:
        return StageResult()
    try:
        _apply(settings, plan, backup, keep, run)
    except OSError as error:
        raise StoreError(
            f"{error.filename or settings.state_path}: cannot be restored ({error.strerror or error}); repair"
            " that, and restore again"
        ) from None
    run.tell(
        "act",
        what="restore",
        on=plan.name,
        to=source,
        lost=len(plan.lost),
        because=despite or "",
        by=run.who,
    )
    _say_what_is_next(settings, plan)
    return StageResult()


def _refusal(plan: RestorePlan) -> str:
    if plan.lacks or plan.unreadable:
        return (
            "the backup lacks what is known here, so nothing was changed: restore another backup, or say why"
            " that may be lost: --despite 'the disk was damaged'"
        )
    return (
        "nothing here shows what people said after the backup was made, so nothing was changed: look for a"
        " newer backup; if there is none, say why that may be lost: --despite 'the disk is lost'"
    )


def _free_name(settings: Settings, database: Path | None, now: datetime) -> Path:
    """What the database that is here will be called, or its journal's table; two restores of one second keep
    one each."""
    if database is None:
        return Path(on_server.free_name(settings, now))
    base = f"{database.name}.before-restore-{now:%Y%m%dT%H%M%SZ}"
    names = (database.with_name(f"{base}{f'.{number}' if number else ''}") for number in count())
    return next(each for each in names if not any(map(os.path.lexists, (each, *_sides(each)))))


def _apply(settings: Settings, plan: RestorePlan, backup: CheckedBackup, keep: Path, run: Run) -> None:
    if plan.same:
        pass
    elif plan.database is None:
        on_server.bring_journal(settings, plan, backup, keep.name, run)
    else:
        _bring_journal(plan.database, plan, backup, keep, run)
    for branch in plan.answers:
        _bring_answers(settings.state_path, branch, backup, run.now)
    folder = settings.file.parent
    if plan.deployments:
        create_atomically(folder / manifest.DEPLOYMENTS, backup.content(manifest.DEPLOYMENTS))
    if plan.settings is not None:
        create_atomically(settings.file, plan.settings.encode())


def _bring_answers(state: Path, branch: str, backup: CheckedBackup, now: datetime) -> None:
    """Make the folder of a branch's answers, whole, next to its place, and move it there."""
    place, unfinished = state / "snapshots" / branch, state / "snapshots.restoring"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o755)
    for name in backup.answers:
        if manifest.answer_of(name) == (branch, Path(name).name):
            with (unfinished / Path(name).name).open("xb") as file:
                backup.copy(name, file)
                os.fchmod(file.fileno(), 0o644)
                file.flush()
                os.fsync(file.fileno())
    unfinished.chmod(0o755)
    if place.exists():
        base = f"snapshots-{branch}.before-restore-{now:%Y%m%dT%H%M%SZ}"
        names = (state / f"{base}{f'.{number}' if number else ''}" for number in count())
        place.rename(next(each for each in names if not os.path.lexists(each)))
    unfinished.rename(place)
    _sync(place.parent)


def _bring_journal(place: Path, plan: RestorePlan, backup: CheckedBackup, keep: Path, run: Run) -> None:
    """Make the database next to its place, keep what is there, and rename over it."""
    unfinished = place.with_name(f"{place.name}.restoring")
    try:
        for path in (unfinished, *_sides(unfinished)):
            path.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(unfinished)) as copy:
            backup.journal.backup(copy)
        # with empty tables for what is read again, and in WAL mode
        Database(f"sqlite:///{unfinished}").close()
        with closing(sqlite3.connect(f"{unfinished.as_uri()}?mode=ro&immutable=1", uri=True)) as copy:
            if _sides_there(unfinished) or ends_of(copy) != backup.manifest.journals:
                raise StoreError(f"{unfinished}: is not what was written into it; is the disk sound?")
        _mark(unfinished, plan, backup, run)
        _sync(unfinished)
        _set_aside(place, plan, keep)
        unfinished.replace(place)
        _sync(place.parent)
    except sqlite3.Error as error:
        raise StoreError(f"{unfinished}: {error}; nothing was changed") from None
    finally:
        for path in (unfinished, *_sides(unfinished)):
            path.unlink(missing_ok=True)


def _mark(unfinished: Path, plan: RestorePlan, backup: CheckedBackup, run: Run) -> None:
    """Let a journal that may lack what people said say so itself, whatever is restored after it and whenever
    we are killed: there is no answer until a person has accepted that (`store.wholeness`)."""
    names, entry = on_server.marks(plan, backup, run)
    if not names:
        return
    with Database(f"sqlite:///{unfinished}") as database:
        for name in names:
            database.append(name, [entry], run)
    if _sides_there(unfinished):
        raise StoreError(f"{unfinished}: cannot be closed; is the disk sound?")


def _set_aside(place: Path, plan: RestorePlan, keep: Path) -> None:
    """Keep the database that is there under another name, too; what SQLite has next to it is gone from there.

    A sound one is first made a single file, so that one rename replaces all of it.

    Raises:
        StoreError: somebody reads it just now.
    """
    if plan.there and not plan.unreadable:
        try:
            with closing(sqlite3.connect(place, timeout=BUSY_SECONDS, isolation_level=None)) as there:
                there.execute("PRAGMA journal_mode=DELETE").fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"{place}: {error}; nothing was changed, try again") from None
        if _sides_there(place):
            raise StoreError(f"{place}: somebody reads it just now; nothing was changed, try again")
    if plan.there:
        try:
            os.link(place, keep)
        except PermissionError:
            place.rename(keep)
    for path in _sides_there(place):
        path.rename(f"{keep}{path.name.removeprefix(place.name)}")


def _sides(path: Path) -> list[Path]:
    return [path.with_name(f"{path.name}{each}") for each in _SIDES]


def _sides_there(path: Path) -> list[Path]:
    return [each for each in _sides(path) if os.path.lexists(each)]


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _say_what_is_next(settings: Settings, plan: RestorePlan) -> None:
    say("restored")
    for key in settings.secret_keys:
        try:
            settings.secret(key, os.environ)
        except ShepherdError as missing:
            say(f"still to be brought by hand: {missing}")
    unproved = dict.fromkeys([*plan.missing, *plan.unknown])
    for branch in unproved:
        named = f" --branch {branch}" if len(settings.branches) > 1 else ""
        say(
            f'next: inv find{named} --accept-new-journal --reason "…"'
            ", since what people said after the backup is lost or not known; then say it again"
        )
    say("then: inv run" if unproved else "next: inv run, inv status")
