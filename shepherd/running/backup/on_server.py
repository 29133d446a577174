"""Putting the journal of a backup onto a PostgreSQL server (docs/backups.md#on-postgresql).

In one transaction of our own, and not by `pg_restore --single-transaction`: in the same one the journal that
is there is kept, and a journal that may lack what people said says so.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from itertools import count

from sqlalchemy import delete, inspect, text

from shepherd.errors import NoAnswerError, StoreError
from shepherd.run import Run
from shepherd.running.backup.comparing import RestorePlan
from shepherd.running.backup.reading import CheckedBackup, journals_in
from shepherd.settings import Settings
from shepherd.store import BranchStore, Database, JournalEntry, copying
from shepherd.store.tables import cache_tables, journal


def free_name(settings: Settings, now: datetime) -> str:
    """What the table will be called that keeps the journal which is there. Raises StoreError."""
    taken: set[str] = set()
    with suppress(NoAnswerError):
        # nothing is read from an empty database
        database = Database.of(settings, read_only=True)
        with database, database.begin() as connection:
            taken = set(inspect(connection).get_table_names())
    base = f"{copying.SET_ASIDE}{now:%Y%m%dt%H%M%Sz}"
    names = (f"{base}{f'_{number}' if number else ''}" for number in count())
    return next(each for each in names if each not in taken)


def bring_journal(settings: Settings, plan: RestorePlan, backup: CheckedBackup, keep: str, run: Run) -> None:
    """Put the entries of the backup in the place of those that are there, all of them or none.

    Raises:
        StoreError: nothing was changed.
    """
    with Database.of(settings) as database, database.begin() as connection:
        if plan.there:
            connection.execute(text(f'CREATE TABLE "{keep}" AS TABLE {journal.name}'))
        # not TRUNCATE: who reads just now would see no entry (PostgreSQL's documentation, "MVCC Caveats")
        connection.execute(delete(journal))
        with journals_in(backup.journal) as held:
            copying.put(connection, copying.rows(held))
            place = copying.first_difference(copying.rows(held), copying.rows(connection))
        if place is not None:
            raise StoreError(
                f"{database.name}: entry {place} is not what was written into it; nothing was changed"
            )
        names, entry = marks(plan, backup, run)
        for name in names:
            BranchStore(connection, name).append([entry], run)
        # it is of the other journal's time; who opens the database next makes it
        cache_tables.drop_all(connection)


def marks(plan: RestorePlan, backup: CheckedBackup, run: Run) -> tuple[list[str], JournalEntry]:
    """The entry by which a journal that may lack what people said says so itself, and the branches that get
    it; none where nothing can be missing."""
    entry = JournalEntry("restored", data={"made": backup.manifest.at.isoformat()}, who=run.who, why=run.why)
    # a branch that carries on the journal of another name reads that one's mark, too
    left = backup.manifest.journals.keys() - plan.branches
    return sorted({*plan.unknown, *left}) if plan.unknown else [], entry
