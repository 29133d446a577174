"""`inv db.copy FROM TO`: the journal to another database (docs/backups.md#to-another-database)."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from shepherd import plainfile
from shepherd.atomic import link_new, temporary_beside
from shepherd.errors import NoAnswerError, SettingsError, StoreError
from shepherd.run import Run
from shepherd.running.output import say, write
from shepherd.running.runner import StageResult, run_stage
from shepherd.running.tasking import TaskOptions
from shepherd.settings import Settings
from shepherd.settings.kinds import has_no_password, is_postgresql
from shepherd.values import some

if TYPE_CHECKING:
    from shepherd.store import Database
    from shepherd.store.copying import Progress

_SHOWN = 5


class CopyPlace(Struct, frozen=True):
    """One end of a copy."""

    url: str
    password: str
    path: Path | None
    """Where it is a file of SQLite."""

    @property
    def name(self) -> str:
        return str(self.path or self.url)


def db_copy(options: TaskOptions, source: str, to: str) -> int:
    """`inv db.copy FROM TO`.

    Raises:
        SettingsError: one of them is no database that can be named. NoAnswerError: nothing is in FROM.
        StoreError: TO holds something else, one of them cannot be used, or FROM changed meanwhile.
    """
    start, end = (_place(options.settings, text, Path.cwd()) for text in (source, to))
    if _same(start, end):
        raise SettingsError("FROM and TO are the same database: name another one to copy to")
    return run_stage(options, "db.copy", partial(_copy, start=start, end=end), noted=False)


def _place(settings: Settings, text: str, cwd: Path) -> CopyPlace:
    from sqlalchemy import URL
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    from shepherd.store import sqlite

    if "://" not in text:
        path = Path(os.path.realpath(cwd / text))
        if "?" in str(path):
            raise SettingsError(f"{path}: expected a path without ?, since the database is named by a URL")
        return CopyPlace(URL.create("sqlite", database=str(path)).render_as_string(), "", path)
    if not has_no_password(text):
        raise SettingsError(
            "expected a URL without a password: write that into a file of mode 0600, and name it as"
            " database_password_file in shepherd.toml, or in PGPASSFILE"
        )
    if text.startswith("sqlite"):
        try:
            return _place(settings, os.path.realpath(cwd / (make_url(text).database or "")), cwd)
        except ArgumentError:
            raise SettingsError(f"{text!r} is no URL: expected sqlite:////PATH, or a path") from None
    if not is_postgresql(text):
        kind = text.partition(":")[0]
        raise SettingsError(
            f"{kind} is not supported: name a file of SQLite, or postgresql://USER@HOST/DATABASE"
        )
    # before a move the settings name the file, and the password is there already
    ours = settings.database_url == text or sqlite.path_of(settings.database_url) is not None
    return CopyPlace(text, settings.database_password if ours else "", None)


def _same(one: CopyPlace, other: CopyPlace) -> bool:
    if one.path and other.path:
        return one.path == other.path or (
            one.path.exists() and other.path.exists() and one.path.samefile(other.path)
        )
    return one.url == other.url


def _copy(options: TaskOptions, run: Run, *, start: CopyPlace, end: CopyPlace) -> StageResult:
    from shepherd.store import Database, copying

    settings = options.settings
    with ExitStack() as held:
        for place in () if options.dry else (start, end):
            held.enter_context(_nobody_works_with(settings, place, options.wait or 0.0))
        _check_log(start)
        source = held.enter_context(Database(start.url, password=start.password, read_only=True))
        there = copying.look(source)
        if there.unfit and end.path is None:
            raise StoreError(
                f"nothing was copied, since PostgreSQL cannot hold what is in {start.name}:"
                f" {some(there.unfit, _SHOWN)}; stay with SQLite, or let a person correct these entries there"
            )
        why = _obstacle(source, end)
        if why:
            raise StoreError(why)
        if why is not None:
            say(f"{end.name} has all {there.entries} journal entries of {start.name} already")
        elif options.dry:
            say(f"would copy {there.entries} journal entries from {start.name} to {end.name}")
            return StageResult()
        else:
            with _progress(there.entries) as progress:
                fill = _fill_file if end.path else _fill_server
                entries = fill(source, end, progress)
            about = {"what": "copy", "on": start.name, "to": end.name, "entries": entries, "by": run.who}
            run.tell("act", **about)
            say(f"copied {entries} journal entries to {end.name}, and compared each with {start.name}")
    _say_what_is_next(settings, start, end)
    return StageResult()


@contextmanager
def _nobody_works_with(settings: Settings, place: CopyPlace, wait: float) -> Iterator[None]:
    """Hold the work lock of a database that is not that of the settings: for that one it is held already."""
    from shepherd.store import postgresql

    if place.path is not None or place.url == settings.database_url:
        yield
        return
    session = postgresql.Session(place.url, place.password, "copying")
    try:
        if not session.take(postgresql.WORK, wait):
            raise StoreError(
                f"{place.name}: a shepherd works with it just now; try again later, or: --wait 60"
            )
        yield
    finally:
        session.close()


def _check_log(place: CopyPlace) -> None:
    """Refuse a file of SQLite whose log is that of another state of it (`store.sqlite.stale_log`)."""
    from shepherd.store import sqlite
    from shepherd.store.database import BUSY_SECONDS

    if place.path is None:
        return
    if odd := plainfile.odd_for_sqlite(place.path):
        raise StoreError(f"{odd} is not a regular file: name a database")
    try:
        wrong = sqlite.stale_log(place.path, BUSY_SECONDS)
    except sqlite3.Error as error:
        raise StoreError(f"{place.path}: {error}") from None
    if wrong:
        raise StoreError(f"{place.path}: does not fit the -wal file next to it ({wrong.splitlines()[0]})")


def _obstacle(source: Database, end: CopyPlace) -> str | None:
    """See `store.copying.obstacle`; a file that is there is not empty, whatever it holds."""
    from shepherd.store import Database, copying

    if end.path is not None:
        if not os.path.lexists(end.path):
            if end.path.parent.is_dir():
                return None
            raise SettingsError(f"{end.path.parent} is no folder: make it first")
        if odd := plainfile.odd_for_sqlite(end.path):
            return f"{odd} is not a regular file: name another place"
    try:
        with Database(end.url, password=end.password, read_only=True) as target:
            why = copying.obstacle(source, target)
    except NoAnswerError:
        return copying.foreign(_tables(end), f"database {end.name}")
    if why is None and end.path is not None:
        return f"{end.path} is there already, without a journal: move it away, or name another file"
    return why


def _tables(place: CopyPlace) -> list[str]:
    """What a server's database without a journal holds."""
    from shepherd.store import postgresql

    session = postgresql.Session(place.url, place.password, "copying")
    try:
        found = session.ask("SELECT tablename FROM pg_tables WHERE schemaname = ANY (current_schemas(false))")
        return [name for (name,) in found]
    finally:
        session.close()


def _fill_server(source: Database, end: CopyPlace, progress: Progress) -> int:
    from shepherd.store import Database, copying

    with Database(end.url, password=end.password) as target:
        return copying.fill(source, target, progress)


def _fill_file(source: Database, end: CopyPlace, progress: Progress) -> int:
    """Make the file next to its place, and give it its name when all is in it, and on the disk."""
    from shepherd.running.backup.making import sweep
    from shepherd.store import Database, copying

    assert end.path is not None
    try:
        sweep(end.path.parent)
        with temporary_beside(end.path) as (unfinished, file):
            url = f"sqlite:///{unfinished}"
            with Database(url) as target:
                entries = copying.fill(source, target, progress)
            with Database(url, read_only=True) as target, target.begin() as connection:
                # once more, as the file is when nothing is left in a log next to it
                copying.compare(source, connection, str(end.path))
            os.fsync(file.fileno())
            link_new(unfinished, end.path)
    except FileExistsError:
        raise StoreError(f"{end.path}: somebody else made it meanwhile; nothing was changed") from None
    except OSError as error:
        raise StoreError(
            f"{end.path}: cannot be made ({error.strerror or error}); nothing was copied"
        ) from None
    return entries


@contextmanager
def _progress(total: int) -> Iterator[Progress]:
    """How far it is, on a terminal."""
    shown = sys.stderr is not None and sys.stderr.isatty()

    def tell(done: int) -> None:
        if shown:
            write(sys.stderr, f"\r{done} of {total} journal entries")

    try:
        yield tell
    finally:
        if shown:
            write(sys.stderr, "\r\x1b[K")


def _say_what_is_next(settings: Settings, start: CopyPlace, end: CopyPlace) -> None:
    from shepherd.running import maintenance

    say("not copied, since it is read again: what find and judge keep, and the archive of older landings")
    if end.path == settings.state_path / "shepherd.db":
        say(f"next, take the line that begins with `database =` out of {settings.file}")
    else:
        say(f"next, in {settings.file}, above the first [table], in place of any other `database =`:")
        say(f'database = "{end.url}"')
        if end.path is None and not settings.database_password_file:
            say("if the server wants a password, in a file of mode 0600:")
            say('database_password_file = "database-password"')
    off = "inv maintenance.off; " if maintenance.present(settings.state_path) else ""
    say(f"then: inv doctor --only database,journals; {off}inv run")
    ours = start.url == settings.database_url or start.path == _own_path(settings)
    if ours and not maintenance.present(settings.state_path):
        say(
            "what is said or done here before shepherd.toml names the copy is not in the copy: better set"
            ' inv maintenance.on --reason "the database moves", and copy again'
        )


def _own_path(settings: Settings) -> Path | None:
    from shepherd.store import sqlite

    path = sqlite.path_of(settings.database_url)
    return Path(os.path.realpath(path)) if path else None
