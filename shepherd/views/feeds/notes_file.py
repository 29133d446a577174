"""`BRANCH.notes.txt`: the release notes of the deployment that the answer proposes, for people without
script."""

from __future__ import annotations

from shepherd.cautions import cautions, released
from shepherd.situation import Situation
from shepherd.snapshot import Snapshot
from shepherd.views.notes import as_text, notes_of


def notes_file(snapshot: Snapshot, situation: Situation) -> bytes:
    """The notes, or nothing at all: there is nothing to deploy, or a caution stops."""
    if released(snapshot, cautions(snapshot, situation)) is None:
        return b""
    notes = notes_of(snapshot)
    return f"{as_text(notes)}\n".encode("utf-8", "replace") if notes is not None else b""
