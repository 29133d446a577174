"""A copy of a project's database, put back later: as files of SQLite, or as the rows of a server's tables."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

from sqlalchemy import create_engine, insert, inspect, select, text

from shepherd.store.tables import cache_tables, journal_tables, shared_tables
from tests.project import Project

FILES = ("shepherd.db", "shepherd.db-wal", "shepherd.db-shm")
_ROWS = "database.pickle"
_TABLES = {**journal_tables.tables, **cache_tables.tables, **shared_tables.tables}


def keep(project: Project, folder: Path) -> None:
    """Copy the database as it is now into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if not project.database:
        for file in FILES:
            if (project.state / file).exists():
                shutil.copy2(project.state / file, folder)
        return
    engine = create_engine(_sqlalchemy(project))
    with engine.begin() as connection:
        there = inspect(connection).get_table_names()
        rows = {
            name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for name, table in _TABLES.items()
            if name in there
        }
    engine.dispose()
    (folder / _ROWS).write_bytes(pickle.dumps(rows))


def put_back(project: Project, folder: Path) -> None:
    """Make the database what was kept there; nothing if nothing was."""
    lose(project)
    if not project.database:
        for file in FILES:
            if (folder / file).exists():
                shutil.copy2(folder / file, project.state)
        return
    if not (folder / _ROWS).exists():
        return
    rows = pickle.loads((folder / _ROWS).read_bytes())
    engine = create_engine(_sqlalchemy(project))
    with engine.begin() as connection:
        for name, kept in rows.items():
            _TABLES[name].create(connection)
            if kept:
                connection.execute(insert(_TABLES[name]), kept)
        if rows.get("journal"):
            sequence = "pg_get_serial_sequence('journal', 'seq')"
            connection.execute(text(f"SELECT setval({sequence}, (SELECT max(seq) FROM journal))"))
    engine.dispose()


def lose(project: Project) -> None:
    """The database is gone, with all that it held."""
    if not project.database:
        for file in FILES:
            (project.state / file).unlink(missing_ok=True)
        return
    change(project, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")


def change(project: Project, statement: str) -> None:
    """Do something to the database behind the shepherd's back."""
    engine = create_engine(_sqlalchemy(project))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def entries(project: Project) -> list[tuple[object, ...]]:
    """All rows of the journal, of whatever branch."""
    engine = create_engine(_sqlalchemy(project))
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text("SELECT * FROM journal ORDER BY seq"))]
    engine.dispose()
    return rows


def _sqlalchemy(project: Project) -> str:
    if not project.database:
        return f"sqlite:///{project.state / 'shepherd.db'}"
    return project.database.replace("postgresql:", "postgresql+psycopg:", 1)
