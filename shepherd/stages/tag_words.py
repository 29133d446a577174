"""How the tagger says a word on this team's tracker: by a status, in the field, or as a tag or label."""

from __future__ import annotations

from shepherd.plans.tag_plan import Writing, changes
from shepherd.settings import TrackerSettings
from shepherd.trackers.writing import NO_WORD, NOT_GIVEN, STATUS_KEPT, Edit

NO_WAY = "", ""
"""Redmine has no labels, and neither a status nor a value was named."""


def labels_of(tracker: TrackerSettings, word: str) -> tuple[str, ...]:
    """The tags or labels that stand for a word here, the one that is written first."""
    return (*tracker.words.get(word, ()), f"qa-{word}")


def edit_of(tracker: TrackerSettings, writing: Writing) -> Edit:
    """What is to be written for the words that were planned.

    A word is the first status that the settings name for it, else the first value of the field, else a tag or
    label. An item has one status: where it is to say a word, that of [tracker.status] is left out, also if
    the word is there already, since an earlier run was killed half-way.
    """
    said_by_status = any(getattr(tracker.statuses, word) for word in writing.after.words)
    status, field, labels = "" if said_by_status else writing.status, "", []
    for word in writing.add:
        match _how(tracker, word):
            case "status", text:
                status = text
            case "field", text:
                field = text
            case "label", text:
                labels.append(text)
    return Edit(
        add=tuple(labels),
        remove=tuple(text for word in writing.remove for text in labels_of(tracker, word)),
        status=status,
        field=field,
        resumed=writing.resumed,
        comment=writing.comment,
    )


def shown_changes(tracker: TrackerSettings, writing: Writing) -> list[str]:
    """What is changed but for the comment, as people have it on their tracker: `status "In QA"`."""
    if tracker.type != "redmine" and not any(_says_words(tracker, table) for table in ("statuses", "field")):
        return changes(writing)
    edit = edit_of(tracker, writing)
    status = [f'status "{edit.status}"'] if edit.status else []
    field = [f'"{edit.field}" in the field "{tracker.field.name}"'] if edit.field else []
    by_label = (word for word in writing.remove if _how(tracker, word)[0] == "label")
    gone = [f"without {labels_of(tracker, word)[0]}" for word in by_label]
    return [*status, *field, *edit.add, *gone]


def says_what_was_planned(tracker: TrackerSettings, writing: Writing, edit: Edit, changed: str) -> bool:
    """Whether the item's words are certainly those of the plan now, and were not before.

    Args:
        changed: what the writer answered.
    """
    if not (writing.add or writing.remove) or any(
        part in changed for part in (NO_WORD, NOT_GIVEN, STATUS_KEPT)
    ):
        return False
    by_status, by_field = _says_words(tracker, "statuses"), _says_words(tracker, "field")
    if not (by_status or by_field):
        return True
    if any(_how(tracker, word) == NO_WAY for word in writing.add):
        return False
    # a word that a status or the field said is gone only where another one took its place
    replaced = (by_status and bool(edit.status)) if not by_field else (bool(edit.field) and not by_status)
    return bool(writing.add) and (replaced or not writing.remove)


def _how(tracker: TrackerSettings, word: str) -> tuple[str, str]:
    """By what a word is said, and its text."""
    if statuses := getattr(tracker.statuses, word):
        return "status", statuses[0]
    if tracker.field.name and (values := getattr(tracker.field, word)):
        return "field", values[0]
    return NO_WAY if tracker.type == "redmine" else ("label", labels_of(tracker, word)[0])


def _says_words(tracker: TrackerSettings, table: str) -> bool:
    words = getattr(tracker, table)
    return any(getattr(words, word) for word in ("ok", "bad", "untestable", "needstesting"))
