"""Opening a backup: nothing in it is believed before it was checked, and nothing is unpacked by its own name.

Somebody who puts a file in the place of a backup could else write anywhere, fill the disk, or take away a
verdict.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import msgspec
from sqlalchemy import Connection, StaticPool, create_engine

from shepherd.errors import SettingsError, StoreError
from shepherd.running.backup import manifest
from shepherd.running.backup.manifest import BackupManifest, JournalEnd, PartSum
from shepherd.store import Journal
from shepherd.store.tables import journal as journal_table
from shepherd.values import quoted

_CHUNK = 1 << 20
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, sqlite3.Error, msgspec.MsgspecError, EOFError, OSError),
    *(ValueError, RuntimeError, NotImplementedError, OverflowError, KeyError),
)
"""What reading a file that is no sound backup may raise."""
_OBJECTS = {("table", "journal"), ("index", "journal_by_subject"), ("table", "sqlite_sequence")}
"""All that the database of a backup has; a trigger could write what nobody said."""


class CheckedBackup:
    """An open backup in which every byte is what its manifest says, and whose journal can be read."""

    def __init__(
        self, archive: zipfile.ZipFile, document: BackupManifest, journal: sqlite3.Connection
    ) -> None:
        self.manifest = document
        self.journal = journal
        self._archive = archive

    def content(self, name: str) -> bytes:
        """All of a part, empty if there is none."""
        return _content(self._archive, name) if name in self.manifest.parts else b""

    def copy(self, name: str, file: BinaryIO) -> None:
        """Write a part into an open file. Raises OSError."""
        with self._archive.open(name) as part:
            while chunk := part.read(_CHUNK):
                file.write(chunk)

    @property
    def answers(self) -> list[str]:
        """The parts that are answers."""
        return [name for name in self.manifest.parts if manifest.answer_of(name)]

    def rows(self) -> dict[int, tuple[object, ...]]:
        """The journal: its entries by their place."""
        return {row[0]: row for row in self.journal.execute("SELECT * FROM journal")}


@contextmanager
def checked(path: Path) -> Iterator[CheckedBackup]:
    """A backup that was read from its first byte to its last.

    Raises:
        SettingsError: there is no such file. StoreError: it is no backup, is damaged, or of a newer format.
    """
    with _opened(path) as (archive, document), closing(_checked_parts(path, archive, document)) as journal:
        yield CheckedBackup(archive, document, journal)


def manifest_of(path: Path) -> BackupManifest:
    """What a backup says of itself; that it is sound is not looked at. Raises SettingsError, StoreError."""
    with _opened(path) as (_, document):
        return document


@contextmanager
def _opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, BackupManifest]]:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be opened ({error.strerror}): name a backup") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise SettingsError(f"{path}: is not a regular file: name a backup")
    with os.fdopen(handle, "rb") as file:
        with _sound(path):
            archive = zipfile.ZipFile(file)
            _check_names(archive)
            format = msgspec.json.decode(_content(archive, manifest.MANIFEST), type=_Format).format
        if format > manifest.FORMAT:
            raise StoreError(
                f"{path}: was made by a newer shepherd (format {format}, this one knows {manifest.FORMAT}):"
                " restore it with the release that made it"
            )
        with _sound(path):
            document = msgspec.json.decode(_content(archive, manifest.MANIFEST), type=BackupManifest)
        yield archive, document


@contextmanager
def _sound(path: Path) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise StoreError(f"{path}: is not a sound backup ({_first_line(error)}): use another one") from None


def _checked_parts(path: Path, archive: zipfile.ZipFile, document: BackupManifest) -> sqlite3.Connection:
    """Check every part, and open the journal, in memory."""
    with _sound(path):
        there = {info.filename for info in archive.infolist()} - {manifest.MANIFEST}
        if there != document.parts.keys():
            raise ValueError("its parts are not those that its manifest names")
        journal_part = document.journal_part
        for name, part in document.parts.items():
            if name != journal_part and _sum(archive, name) != part:
                raise ValueError(f"{name} is not what it was")
        content = _content(archive, journal_part)
        if PartSum(len(content), hashlib.sha256(content).hexdigest()) != document.parts[journal_part]:
            raise ValueError(f"{journal_part} is not what it was")
        connection = _opened_journal(journal_part, content)
        try:
            _check_journal(connection)
            if ends_of(connection) != document.journals:
                raise ValueError("its journal ends elsewhere than its manifest says")
        except BaseException:
            connection.close()
            raise
        return connection


def _opened_journal(name: str, content: bytes) -> sqlite3.Connection:
    if name == manifest.DUMP:
        from shepherd.running.backup.dumping import journal_in

        with tempfile.TemporaryFile() as file:
            file.write(content)
            return journal_in(file)
    # also used by the thread of a pool
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    try:
        connection.deserialize(content)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_names(archive: zipfile.ZipFile) -> None:
    names: set[str] = set()
    for info in archive.infolist():
        limit = manifest.largest(info.filename)
        if limit is None or info.filename in names or len(names) > manifest.MOST_PARTS:
            raise ValueError(f"it holds {quoted(info.filename)}, which no backup holds")
        if info.file_size > limit:
            raise ValueError(f"{info.filename} is too large")
        if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{info.filename} is packed as no backup is")
        names.add(info.filename)


def _check_journal(connection: sqlite3.Connection) -> None:
    outcome = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if outcome != "ok":
        raise ValueError(f"its journal is damaged: {outcome}")
    objects = {(kind, name) for kind, name in connection.execute("SELECT type, name FROM sqlite_master")}
    if not {("table", "journal")} <= objects <= _OBJECTS:
        raise ValueError("its database is not that of a journal")
    columns = [row[1] for row in connection.execute("PRAGMA table_info(journal)")]
    if columns != list(journal_table.columns.keys()):
        raise ValueError("its journal has columns that this release does not know")
    decode = msgspec.json.Decoder(dict).decode
    for seq, at, data in connection.execute("SELECT seq, at, data FROM journal"):
        try:
            datetime.fromisoformat(at)
            decode(data)
        except (ValueError, TypeError, msgspec.MsgspecError) as error:
            raise ValueError(f"entry {seq} of its journal cannot be read ({error})") from None


def ends_of(connection: sqlite3.Connection) -> dict[str, JournalEnd]:
    """Where the journal of each branch ends."""
    with journals_in(connection) as journals:
        ends = {}
        for name in Journal.every_name(journals):
            journal = Journal(journals, name)
            seq = journal.last_seq()
            ends[name] = JournalEnd(seq, journal.sum_at(seq) or "", journal.count(seq))
        return ends


@contextmanager
def journals_in(connection: sqlite3.Connection) -> Iterator[Connection]:
    """A connection of SQLite's, for `Journal`."""
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    with engine.connect() as journals:
        yield journals


def _sum(archive: zipfile.ZipFile, name: str) -> PartSum:
    digest, size = hashlib.sha256(), 0
    with archive.open(name) as part:
        while chunk := part.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return PartSum(size, digest.hexdigest())


def _content(archive: zipfile.ZipFile, name: str) -> bytes:
    limit = manifest.largest(name) or 0
    with archive.open(name) as part:
        # what the list of parts says of its size need not be so
        content = part.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"{name} is too large")
    return content


class _Format(msgspec.Struct, frozen=True):
    format: int


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]
