"""The tables of the tagger's database: a journal that only grows, and a cache that may be dropped."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

CACHE_LAYOUT = "5"
"""Raised whenever a cache table or a cached value changes its meaning: the cache is then rebuilt."""

cache_tables = MetaData()
layout = Table("cache_layout", cache_tables, Column("layout", String(32), primary_key=True))
landings = Table(
    "landings",
    cache_tables,
    Column("branch", String(100), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("revno", Integer, nullable=False),
    Column("bugs", Text, nullable=False, comment="JSON list of the bugs linked to the landing"),
    Column("document", LargeBinary, nullable=False, comment="the whole Landing, as JSON"),
    Index("landings_by_revno", "branch", "revno"),
)
facts = Table(
    "facts",
    cache_tables,
    Column("branch", String(100), primary_key=True),
    Column("name", String(60), primary_key=True),
    Column("document", LargeBinary, nullable=False),
)
# The archive (docs/architecture.md#a-landing-that-is-live): an earlier release leaves these tables alone.
archives = Table(
    "archives",
    cache_tables,
    Column("branch", String(100), primary_key=True),
    Column("document", LargeBinary, nullable=False, comment="the ArchiveSpan, as JSON"),
)
older = Table(
    "older",
    cache_tables,
    Column("branch", String(100), primary_key=True),
    Column("revno", Integer, primary_key=True, autoincrement=False),
    Column("undoes", Boolean, nullable=False, comment="whether it has targets"),
    Column("document", LargeBinary, nullable=False, comment="the Landing without what nobody asks, as JSON"),
    Index("older_that_undo", "branch", "undoes", "revno"),
    sqlite_with_rowid=False,
)
older_names = Table(
    "older_names",
    cache_tables,
    Column("branch", String(100), primary_key=True),
    Column("kind", String(10), primary_key=True, comment="sha, bug, request, review or branch"),
    Column("name", String(300), primary_key=True, comment="what it can be found by: see store/older.py"),
    Column("revno", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

journal_tables = MetaData()
journal = Table(
    "journal",
    journal_tables,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False, comment="ISO 8601, UTC"),
    Column("run_id", String(60), nullable=False),
    Column("branch", String(100), nullable=False),
    Column("kind", String(30), nullable=False),
    Column(
        "subject",
        # SQLite looks at no length, and a subject may hold somebody's mail address
        String(200).with_variant(Text(), "postgresql"),
        nullable=False,
    ),
    Column("who", String(200), nullable=False),
    Column("why", Text, nullable=False),
    Column("data", Text, nullable=False, comment="JSON object; keys depend on the kind"),
    Index("journal_by_subject", "branch", "kind", "subject", "seq"),
    sqlite_autoincrement=True,
)

shared_tables = MetaData()
shared = Table(
    "shared",
    shared_tables,
    Column("name", String(200), primary_key=True),
    Column("document", LargeBinary, nullable=False),
    comment="PostgreSQL: what the hosts of one database tell each other (docs/running.md#two-hosts)",
)
