"""The line by which a developer says from a clone that a landing is good: a git note, made here for page,
terminal and mail alike (docs/rules.md#verdicts)."""

from __future__ import annotations

import re
from shlex import quote

from shepherd.sentence import Part, statement
from shepherd.snapshot import LandingEntry, Snapshot

REFUSED = "if git says that the push was rejected, somebody else pushed a note meanwhile: paste it again"
"""What everybody who is given such a line has to know."""

_PLAIN = re.compile(r"[A-Za-z0-9._/-]+")


def note_line(ref: str, sha: str) -> str:
    """One line to paste in a clone, which adds "QA: ok" to the note of a commit.

    It starts from the notes that the server has now, also where the clone never fetched any or there are none
    yet, and keeps them in a ref of its own: notes of the developer that are not pushed stay where they are,
    and a line that came too late can be pasted again.
    """
    name = ref.removeprefix("refs/").removeprefix("notes/")
    kept = f"refs/notes/origin/{name}"
    # `git fetch` fails for a ref that is not there, and does not for a pattern that matches none
    refspec = _word(f"+{ref}*:{kept}*", ref)
    push = _word(f"{kept}:{ref}", ref, bare=True)
    where = _word(f"--ref=origin/{name}", ref, bare=True)
    return (
        f'git fetch origin {refspec} && git notes {where} append -m "QA: ok" {sha} && git push origin {push}'
    )


def note_for(entry: LandingEntry, ref: str, branch: str = "") -> str:
    """The line for a landing that a person's ok would clear; empty where notes are not read, or where that
    would not clear it.

    Args:
        branch: the one that commands name; empty where there is only one.
    """
    if not ref or entry.good:
        return ""
    match entry.remedy_sentence.parts:
        case [*_, Part(kind="command", text=text)] if (
            text == statement(f"verdict r{entry.revno} ok", branch).text
        ):
            return note_line(ref, entry.id)
        case _:
            return ""


def note_in(entry: LandingEntry | None, snapshot: Snapshot) -> str:
    """The same for a landing of a snapshot."""
    return note_for(entry, snapshot.verdict_notes, snapshot.branch_to_name) if entry is not None else ""


def _word(text: str, ref: str, *, bare: bool = False) -> str:
    """A word of a shell's line. Double quotes are what every shell knows."""
    if not _PLAIN.fullmatch(ref):
        return quote(text)
    return text if bare else f'"{text}"'
