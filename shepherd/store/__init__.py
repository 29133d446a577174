"""The tagger's database: a cache that can be dropped, and an append-only journal that cannot (design 6)."""

from __future__ import annotations

from shepherd.store.cache import Cache
from shepherd.store.database import Database
from shepherd.store.journal import Entry, Journal

__all__ = ["Cache", "Database", "Entry", "Journal"]
