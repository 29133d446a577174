"""What must hold of promotions, whatever was killed or raced: the repository against the journal."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from shepherd.act import unfinished
from shepherd.settings import Settings
from shepherd.store import Database, Journal, JournalEntry


class Books(Struct):
    """What the journal has of promotions."""

    moves: list[JournalEntry]
    """Entries of moves, by whomever."""
    open: list[JournalEntry]
    """Acts that were meant, and of which nobody knows."""

    @property
    def ours(self) -> list[tuple[int | None, int]]:
        """(from, to) of the moves that the shepherd made."""
        return [(e.data["from"], e.data["revno"]) for e in self.moves if not e.data.get("foreign")]


def books(settings: Settings) -> Books:
    database = Database.of(settings)
    try:
        with database.begin() as connection:
            journal = Journal(connection, "stable")
            moves = [entry for entry in journal.entries("promoted") if "from" in entry.data]
            return Books(moves, unfinished(journal, "promote"))
    finally:
        database.close()


def ref_log(repository: Path, ref: str) -> list[tuple[str, str, str]]:
    """(old, new, message) of each move of a ref, as git itself kept it."""
    file = repository / "logs" / "refs" / "heads" / ref
    found = []
    for line in file.read_text().splitlines() if file.exists() else []:
        head, _, message = line.partition("\t")
        old, new, *_ = head.split(" ")
        found.append((old, new, message))
    return found
