"""The tagger's database: a cache that can be dropped, and an append-only journal that cannot
(docs/architecture.md).

Its parts are imported when they are first used: who only reads a snapshot does not wait for SQLAlchemy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shepherd.store.cache import Cache
    from shepherd.store.database import BranchStore, Database, open_branch
    from shepherd.store.journal import Journal, JournalEntry

__all__ = ["BranchStore", "Cache", "Database", "Journal", "JournalEntry", "open_branch"]

_HOMES = {
    "BranchStore": "database",
    "Cache": "cache",
    "Database": "database",
    "Journal": "journal",
    "JournalEntry": "journal",
    "open_branch": "database",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
