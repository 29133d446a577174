"""What a restore would change: the journal that is here and the one in the backup, entry by entry."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from sqlalchemy import inspect, select

from shepherd import plainfile
from shepherd.errors import NoAnswerError, SettingsError, StoreError
from shepherd.running.backup import manifest
from shepherd.running.backup.making import BUSY_SECONDS
from shepherd.running.backup.reading import CheckedBackup, journals_in
from shepherd.settings import Settings
from shepherd.settings.difference import difference
from shepherd.settings.one_text import one_text
from shepherd.store import Database, Journal, JournalEntry, sqlite
from shepherd.store.snapshots import Snapshots
from shepherd.store.tables import journal as journal_table
from shepherd.store.wholeness import loss_of, named_by
from shepherd.values import clean, utc

_WORDS = ("verdict", "cover", "snooze", "rewrite", "began", "promoted", "deployed")
"""Kinds of entries that are shown one by one if they would be lost: people said them, or acted by them."""
_SHOWN = 20
_KIND = list(journal_table.columns.keys()).index("kind")


class RestorePlan(Struct, frozen=True):
    """What a restore would do, and what it would lose."""

    branches: frozenset[str]
    """Those of the settings."""
    database: Path | None
    """Where it is a file of SQLite; None: it is on a server."""
    name: str
    """The same, in messages."""
    there: bool
    """A database is here."""
    same: bool
    """Its journal is that of the backup: it stays."""
    lost: tuple[JournalEntry, ...]
    """Entries that are here and not in the backup."""
    unreadable: str
    """Why it is not known what the journal that is here holds; empty: it is."""
    missing: dict[str, str]
    """Branch -> what the backup lacks of what the answers that are here rest on."""
    unknown: tuple[str, ...]
    """Branches of which nothing here shows what people said after the backup was made."""
    answers: tuple[str, ...]
    """Branches whose answers come from the backup, since none are here."""
    settings: str | None
    """The text of shepherd.toml where none is here, else None."""
    difference: str
    """How the backup's settings differ from those that are here and stay."""
    deployments: bool
    """The deployment record comes from the backup."""

    @property
    def lacks(self) -> bool:
        """Whether the backup is known to lack something."""
        return bool(self.lost or self.missing)

    @property
    def loses(self) -> bool:
        """Whether a person has to say why all the same."""
        return bool(self.lacks or self.unreadable or self.unknown)


def compare(settings: Settings, backup: CheckedBackup, *, settings_are_here: bool) -> RestorePlan:
    """What a restore would do now.

    Raises:
        StoreError: there is something else in the place of the database.
    """
    database = sqlite.path_of(settings.database_url)
    if database is not None and (odd := plainfile.odd_for_sqlite(database)):
        raise StoreError(f"{odd} is not a regular file: move it away")
    unreadable = ""
    here: dict[int, tuple[object, ...]] = {}
    unconfirmed: set[str] = set()
    try:
        here, unconfirmed = _journal_here(settings, database)
    except StoreError as why:
        unreadable = str(why)
    rows = backup.rows()
    # a restore that was killed, or is done once more, put it there; nobody said it
    here = {seq: row for seq, row in here.items() if seq in rows or row[_KIND] != "restored"}
    goes_on = bool(here) and all(here.get(seq) == row for seq, row in rows.items())
    lost = [_entry(row) for seq, row in here.items() if rows.get(seq) != row]
    same = goes_on and not lost
    missing: dict[str, str] = {}
    unknown = []
    folder = settings.state_path / "snapshots"
    with journals_in(backup.journal) as connection:
        for branch in settings.branches:
            named = named_by(Snapshots(folder, branch), settings.report_path / f"{branch}.json", branch)
            loss = loss_of(Journal(connection, branch), named)
            if loss is not None and not (same and branch in unconfirmed):
                missing[branch] = loss.what
            # pages show what was said up to the last run only; a person's word writes a snapshot at once
            proved = goes_on or any(
                each.journal for each in named_by(Snapshots(folder, branch), None, branch)
            )
            if not same and (branch in unconfirmed or not proved):
                unknown.append(branch)
    held = {branch for branch, _ in filter(None, map(manifest.answer_of, backup.answers))}
    text = backup.content(manifest.SETTINGS).decode(errors="replace")
    deployments = manifest.DEPLOYMENTS in backup.manifest.parts
    return RestorePlan(
        branches=frozenset(settings.branches),
        database=database,
        name=str(database or settings.database_url),
        there=bool(here or unreadable) if database is None else database.exists(),
        same=same,
        lost=tuple(lost),
        unreadable=unreadable,
        missing=missing,
        unknown=tuple(unknown),
        answers=tuple(sorted(branch for branch in held if not Snapshots(folder, branch).any())),
        settings=None if settings_are_here else text,
        difference=_difference(settings.file, text) if settings_are_here else "",
        deployments=deployments and not (settings.file.parent / manifest.DEPLOYMENTS).exists(),
    )


def _journal_here(
    settings: Settings, database: Path | None
) -> tuple[dict[int, tuple[object, ...]], set[str]]:
    """The journal that is here, by place, empty where there is none; and the branches of which nobody has
    confirmed yet what an earlier restore brought. Raises StoreError."""
    if database is not None:
        if not database.exists():
            return {}, set()
        try:
            if wrong := sqlite.stale_log(database, BUSY_SECONDS):
                raise StoreError(
                    f"{database} does not fit the -wal file next to it ({wrong.splitlines()[0]})"
                )
        except sqlite3.Error as error:
            raise StoreError(f"{database}: {error}") from None
    try:
        opened = Database.of(settings, read_only=True)
    except NoAnswerError:
        return {}, set()
    with opened, opened.begin() as connection:
        if journal_table.name not in inspect(connection).get_table_names():
            return {}, set()
        losses = {branch: loss_of(Journal(connection, branch), ()) for branch in settings.branches}
        unconfirmed = {branch for branch, loss in losses.items() if loss is not None and loss.restored}
        return {row[0]: tuple(row) for row in connection.execute(select(journal_table))}, unconfirmed


def _entry(row: tuple[object, ...]) -> JournalEntry:
    held = dict(zip(journal_table.columns.keys(), row, strict=True))
    kind, subject, who, why, at = (str(held[name]) for name in ("kind", "subject", "who", "why", "at"))
    return JournalEntry(kind, subject, who=who, why=why, at=at)


def _difference(file: Path, text: str) -> str:
    try:
        here = one_text(file)
    except SettingsError as why:
        return str(why)
    return "\n".join(difference(text.splitlines(), here.splitlines(), ("in the backup", str(file))))


def words_of(plan: RestorePlan, backup: CheckedBackup, source: Path, keep: str) -> Iterator[str]:
    """The plan, a line at a time.

    Args:
        keep: what the database that is here will be called, or its journal's table.
    """
    document = backup.manifest
    made_by = ", ".join(f"{name} {version}" for name, version in document.versions.items())
    yield (
        f"{source}: sound, made {utc(document.at)} by {clean(document.by, 80)} on {clean(document.host, 80)}"
        f" ({clean(made_by, 200)}): {document.entries} journal entries of"
        f" {', '.join(clean(name, 80) for name in document.journals) or 'no branch'}"
    )
    if plan.same:
        yield f"{plan.name}: has the same journal, and stays"
    elif plan.there and plan.database is None:
        yield f"{plan.name}: its journal is replaced, and kept as the table {keep}"
    elif plan.there:
        yield f"{plan.name}: is replaced, and kept as {keep}"
    elif plan.database is None:
        yield f"{plan.name}: has no entry, and gets them"
    else:
        yield f"{plan.name}: is not there, and is made"
    if plan.unreadable:
        why = f"what its journal holds cannot be read: {plan.unreadable}"
        yield f"it is not known what the backup lacks, since {why}"
    if plan.lost:
        kinds = Counter(entry.kind for entry in plan.lost)
        listed = ", ".join(f"{number} {clean(kind, 40)}" for kind, number in kinds.most_common())
        yield f"what is here and not in the backup would be lost, by kind of entry: {listed}"
        said = [entry for entry in plan.lost if entry.kind in _WORDS]
        for entry in said[-_SHOWN:]:
            yield f"  {_line(entry)}"
    for branch, what in plan.missing.items():
        yield f"{branch}: the backup's journal {what}"
    for branch in plan.unknown:
        yield f"{branch}: what people said since {utc(document.at)} is not known"
    for branch in plan.answers:
        yield f"{branch}: its answers come from the backup"
    if plan.settings is not None:
        yield "shepherd.toml comes from the backup"
    elif plan.difference:
        yield "shepherd.toml here stays as it is; in the backup it was another one:"
        yield plan.difference
    if plan.deployments:
        yield "the deployment record comes from the backup"


def _line(entry: JournalEntry) -> str:
    try:
        at = utc(datetime.fromisoformat(entry.at))
    except ValueError:
        at = clean(entry.at, 30)
    by = f" by {clean(entry.who, 80)}" if entry.who else ""
    why = f": {clean(entry.why, 200)}" if entry.why else ""
    return f"{at} {clean(entry.kind, 40)} {clean(entry.subject, 80)}{by}{why}".rstrip()
