"""Making a backup: answers first, then the journal that they rest on, then read back (docs/backups.md).

No lock is taken, so that one can be made next to a run, or under the maintenance switch. The journal only
grows: one that is copied after the answers has all that they name.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from shepherd import plainfile
from shepherd.atomic import TEMPORARY, link_new, sweep_leftovers, temporary_beside
from shepherd.errors import NoAnswerError, SettingsError, StoreError
from shepherd.running.backup import manifest
from shepherd.running.backup.dumping import dump, journal_in
from shepherd.running.backup.manifest import BackupManifest, PartSum
from shepherd.running.backup.reading import CheckedBackup, checked, ends_of
from shepherd.running.situation import versions
from shepherd.settings import Settings
from shepherd.settings.one_text import one_text
from shepherd.store import sqlite
from shepherd.store.snapshots import LATEST, Snapshots

EARLIER = 50_000_000
"""Bytes of the earlier answers that are taken along, the newest first, for each branch."""
BUSY_SECONDS = 30
_LEVEL = 1
"""Of compression: journals shrink to a seventh, and a higher level saves little more."""
_CHUNK = 1 << 20


class BackupPlan(NamedTuple):
    """What is to be in a backup that is made now."""

    answers: list[tuple[str, Path]]
    """The name of the part, and the file."""
    left_out: int
    journal: Path | None
    """Where it is a file of SQLite; None: it is on a server."""
    others: list[tuple[str, Path]]


def planned(settings: Settings) -> BackupPlan:
    """What there is to back up.

    Raises:
        NoAnswerError: there is no journal yet. StoreError: it cannot be read.
    """
    journal = sqlite.path_of(settings.database_url)
    if journal is None:
        _must_hold_a_journal(settings)
    elif odd := plainfile.odd_for_sqlite(journal):
        raise StoreError(f"{odd} is not a regular file: move it away")
    elif not journal.exists():
        raise NoAnswerError(f"{journal} is not there, so there is nothing to back up yet: inv find")
    answers: list[tuple[str, Path]] = []
    left_out = 0
    for branch in settings.branches:
        snapshots = Snapshots(settings.state_path / "snapshots", branch)
        notes = [path for path in (snapshots.folder / "failed-reads",) if path.exists()]
        room = EARLIER
        for path in (*notes, *(path for path in snapshots.files() if path.exists())):
            needed = path.name in (LATEST, "failed-reads")
            room -= 0 if needed else path.stat().st_size
            if room < 0:
                left_out += 1
            else:
                answers.append((f"snapshots/{branch}/{path.name}", path))
    others: list[tuple[str, Path]] = []
    if (deployments := settings.file.parent / manifest.DEPLOYMENTS).is_file():
        others.append((manifest.DEPLOYMENTS, deployments))
    return BackupPlan(answers, left_out, journal, others)


def _must_hold_a_journal(settings: Settings) -> None:
    from sqlalchemy import inspect

    from shepherd.store import Database
    from shepherd.store.tables import journal

    with Database.of(settings, read_only=True) as database, database.begin() as connection:
        if journal.name not in inspect(connection).get_table_names():
            raise NoAnswerError(
                f"{database.name} has no journal, so there is nothing to back up yet: inv find"
            )


def make(settings: Settings, plan: BackupPlan, target: Path, who: str, now: datetime) -> BackupManifest:
    """Write a backup to `target`, whole or not at all, and read it back.

    Raises:
        SettingsError: something is there already. StoreError: it could not be written, or was not read back
            as it was written; nothing is left of it.
    """
    folder = target.parent
    try:
        sweep(folder)
        with temporary_beside(target) as (unfinished, file):
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
                parts = {name: _add_file(archive, name, path) for name, path in plan.answers}
                with temporary_beside(target) as (copy, _):
                    if plan.journal is None:
                        name = manifest.DUMP
                        dump(settings, copy)
                        with copy.open("rb") as dumped, closing(journal_in(dumped)) as journal:
                            ends = ends_of(journal)
                    else:
                        name = manifest.JOURNAL
                        _copy_journal(plan.journal, copy)
                        with closing(sqlite3.connect(copy)) as journal:
                            ends = ends_of(journal)
                    parts[name] = _add_file(archive, name, copy)
                parts |= {name: _add_file(archive, name, path) for name, path in plan.others}
                # with what it includes: this one file is all that a restore has to put back
                parts[manifest.SETTINGS] = _add_text(archive, manifest.SETTINGS, one_text(settings.file))
                document = BackupManifest(
                    format=manifest.FORMAT,
                    at=now,
                    by=who,
                    host=socket.gethostname(),
                    versions=versions(),
                    state_dir=str(settings.state_path),
                    settings=str(settings.file),
                    journals=ends,
                    parts={name: part for name, part in parts.items() if part is not None},
                    secrets=tuple(_secrets(settings)),
                    left_out=plan.left_out,
                )
                archive.writestr(manifest.MANIFEST, msgspec.json.encode(document))
            _to_the_disk(file)
            with checked(unfinished) as backup:
                _must_be(document, backup)
            link_new(unfinished, target)
    except FileExistsError:
        raise SettingsError(f"{target} is there already: name another file") from None
    except (OSError, zipfile.BadZipFile) as error:
        why = getattr(error, "strerror", None) or error
        raise StoreError(
            f"no backup was made in {folder} ({why}); what was there before is untouched"
        ) from None
    except (sqlite3.Error, ValueError) as error:
        place = plan.journal or "the database"
        full = " (is the disk full?)" if "disk I/O" in str(error) else ""
        raise StoreError(f"no backup was made: {place}: {error}{full}") from None
    return document


def sweep(folder: Path) -> None:
    """Remove what killed makers left, also what SQLite had next to their copy of the journal."""
    sweep_leftovers(folder)
    for side in folder.glob(".*.new-*"):
        copy, _, kind = side.name.rpartition("-")
        beside = re.fullmatch(TEMPORARY, copy) and kind in ("wal", "shm", "journal")
        if beside and not side.with_name(copy).exists():
            side.unlink(missing_ok=True)


def _add_file(archive: zipfile.ZipFile, name: str, path: Path) -> PartSum | None:
    """Add one file as it is now; None if it is gone by now, as old answers may be."""
    digest, size = hashlib.sha256(), 0
    try:
        source = path.open("rb")
    except FileNotFoundError:
        return None
    with source, archive.open(name, "w", force_zip64=True) as part:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            part.write(chunk)
    return PartSum(size, digest.hexdigest())


def _add_text(archive: zipfile.ZipFile, name: str, text: str) -> PartSum:
    content = text.encode()
    archive.writestr(name, content)
    return PartSum(len(content), hashlib.sha256(content).hexdigest())


def _copy_journal(database: Path, copy: Path) -> None:
    """The database without what can be read again, by SQLite's own backup: as it was at one moment, even if
    somebody writes meanwhile. Raises sqlite3.Error."""
    source = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
    with closing(source), closing(sqlite3.connect(copy, isolation_level=None)) as target:
        source.backup(target)
        # it is on its own now: nothing is left next to it if we are killed
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "temp_store=MEMORY"):
            target.execute(f"PRAGMA {pragma}").fetchall()
        tables = target.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in tables:
            if name != "journal" and not name.startswith("sqlite_"):
                quoted = name.replace('"', '""')
                target.execute(f'DROP TABLE "{quoted}"')
        target.execute("VACUUM")


def _secrets(settings: Settings) -> Iterator[str]:
    for key in settings.secret_keys:
        path, variable = settings.secret_sources(key)
        yield f"{key}: {settings.file.parent / path if path else f'the environment variable {variable}'}"


def _to_the_disk(file: BinaryIO) -> None:
    """Write it out, and forget what memory holds of it: what is read back is to come from the disk."""
    file.flush()
    os.fsync(file.fileno())
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _must_be(document: BackupManifest, backup: CheckedBackup) -> None:
    if backup.manifest != document:
        raise StoreError("no backup was made: what was read back is not what was written. Is the disk sound?")
