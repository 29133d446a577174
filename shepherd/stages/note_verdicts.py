"""Verdicts by git note: what is new, changed or gone, as entries of the journal, and what a notes ref that is
not there means (docs/rules.md#what-people-say)."""

from __future__ import annotations

from shepherd.git.branch_reading import BranchReading
from shepherd.git.notes import NoteVerdict, missing_notes
from shepherd.landing import commits_of
from shepherd.store import Journal, JournalEntry


def _last_notes(journal: Journal, current: BranchReading) -> dict[str, JournalEntry]:
    """The last word that a note was seen to say of each landing."""
    ids = commits_of(current.reading.landings)
    words = journal.entries("verdict", subjects=ids)
    return {entry.subject: entry for entry in words if entry.data["source"] == "note"}


def lost_notes(ref: str, journal: Journal, current: BranchReading) -> list[str]:
    """A notes ref that is gone takes no verdict back: it was moved or misspelt."""
    standing = [e for e in _last_notes(journal, current).values() if e.data["word"] != "removed"]
    if not ref or current.notes_there or not standing:
        return []
    return [f"the notes ref {ref} is gone: the {len(standing)} verdicts in it still count"]


def no_notes(ref: str, current: BranchReading) -> tuple[str, ...]:
    """A notes ref that never was there may be one that nobody fetched: its verdicts would be missed."""
    if not ref or current.notes_there:
        return ()
    return (f"{missing_notes(ref)}; inv doctor says what to do",)


def note_words(journal: Journal, current: BranchReading, seen_at: int) -> list[JournalEntry]:
    """Verdicts by git note that are new, changed or gone. A note's date may lie; it is no later than now."""
    if not current.notes_there:
        return []
    last = _last_notes(journal, current)
    revnos = {sha: each.revno for each in current.reading.landings for sha in commits_of([each])}
    notes: dict[str, NoteVerdict] = {note.id: note for note in current.notes if note.id in revnos}
    entries = [
        JournalEntry(
            "verdict",
            note.id,
            {
                "source": "note",
                "word": note.word,
                "when": min(note.when, seen_at),
                "commit": note.commit,
                "revno": revnos[note.id],
            },
            who=note.who,
            why=note.reason,
        )
        for note in notes.values()
        if note.id not in last
        or last[note.id].data.get("commit") != note.commit
        or last[note.id].data["word"] != note.word
    ]
    entries += [
        JournalEntry("verdict", sha, {"source": "note", "word": "removed", "when": 0, "revno": revnos[sha]})
        for sha, entry in last.items()
        if sha not in notes and entry.data["word"] != "removed"
    ]
    return entries
