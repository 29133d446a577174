"""Whether a tracker knows the statuses that the settings name: one that is misspelt never means anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches

from shepherd.label_text import folded_name
from shepherd.running.doctor.checking import Finding, ok, warn
from shepherd.settings import Settings
from shepherd.settings.tracker import TrackerSettings
from shepherd.values import clean, quoted

WORDS = ("ok", "bad", "untestable", "needstesting", "silent")


def statuses(settings: Settings, tracker: str, known: Callable[[], Iterable[str]]) -> Iterator[Finding]:
    """Args: tracker: as sentences call it; known: gives the names of all its statuses."""
    table = settings.tracker_key
    named = list(_named(settings.tracker, table))
    if not named:
        return
    names = list(known())
    forms = set(map(folded_name, names))
    strange = [(key, status) for key, status in named if folded_name(status) not in forms]
    for key, status in strange:
        yield warn(
            "words",
            f"{key} names {quoted(status)}, and {tracker} shows this account no status of that name",
            near(status, names) or f"spell it as {tracker} does, or take it out",
        )
    if not strange:
        yield ok("words", f"{tracker} has each status that {table} names")


def near(name: str, known: Iterable[str]) -> str:
    """Which names are perhaps meant; empty: none is like it."""
    forms = {folded_name(each): each for each in known}
    found = [quoted(clean(forms[form], 60)) for form in get_close_matches(folded_name(name), forms)]
    return f"near: {', '.join(found)}" if found else ""


def _named(tracker: TrackerSettings, table: str) -> Iterator[tuple[str, str]]:
    """Yield each status with the key that names it."""
    for word in WORDS:
        for status in getattr(tracker.statuses, word):
            yield f"{table}.statuses.{word}", status
    if tracker.writes:
        for key, status in zip(("landed", "rolled_back"), tracker.tag_statuses, strict=True):
            if status:
                yield f"{table}.status.{key}", status
