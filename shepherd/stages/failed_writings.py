"""What the tagger could not write: since when, why, and when it is time to try again
(docs/tagging.md#when-something-goes-wrong).

The journal alone knows it, so that a run which asks the tracker nothing knows it, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from shepherd.plans.tag_events import FailedWriting
from shepherd.store import Journal, JournalEntry
from shepherd.words import Item

TAG = "tag"
"""The kind of the tagger's acts in the journal."""
NOT_READ = "it could not be read: "
"""So begins why an item was not written that could not even be read: nothing was tried then."""
LONGEST_PAUSE = timedelta(hours=6)
"""Between two tries."""


def is_due(failed: FailedWriting, now: datetime) -> bool:
    """Whether it is time to try again: after as long as it has failed already."""
    if failed.why.startswith(NOT_READ):
        return True
    pause = min(failed.last - failed.since, LONGEST_PAUSE)
    # a clock that was put back makes nobody wait
    return not failed.last <= now < failed.last + pause


def failed_writings(acted: Iterable[JournalEntry]) -> list[FailedWriting]:
    """What failed and was not begun again since.

    Args:
        acted: "meant" and "done" of the tagger, oldest first. Without "meant" what was begun again, and
            killed, counts as failed.
    """
    failed: dict[str, FailedWriting] = {}
    begun: set[str] = set()
    for entry in acted:
        subject = entry.subject
        if entry.kind == "meant":
            begun.add(subject)
            continue
        begun.discard(subject)
        before = failed.pop(subject, None)
        if entry.data["result"] != "done":
            same = before is not None and before.why.startswith(NOT_READ) == entry.why.startswith(NOT_READ)
            since = before.since if before is not None and same else entry.time
            sha, _, item = subject.partition(" ")
            failed[subject] = FailedWriting(sha, item, entry.why, since, entry.time, entry.seq)
    return [each for subject, each in failed.items() if subject not in begun]


def open_failures(journal: Journal) -> list[FailedWriting]:
    """All of a branch."""
    subjects = {
        entry.subject
        for result in ("failed", "unsure")
        for entry in journal.entries("done", holding=f'"act":"{TAG}","result":"{result}"')
    }
    return failed_writings(journal.entries("done", subjects=subjects)) if subjects else []


def not_due(
    acted: Iterable[JournalEntry], every: Journal, now: datetime
) -> dict[tuple[str, Item], FailedWriting]:
    """(SHA, item) of what is not to be tried again yet. Where people said something else about an item since,
    it is tried.

    Args:
        acted: see `failed_writings`.
        every: of all branches that share the items.
    """
    resting = [each for each in failed_writings(acted) if not is_due(each, now)]
    changed = _last_changes(every, {each.item for each in resting})
    return {(each.sha, each.item): each for each in resting if changed.get(each.item, 0) < each.seq}


def _last_changes(every: Journal, items: Collection[Item]) -> dict[Item, int]:
    entries = every.entries("item", subjects=items) if items else []
    return {entry.subject: entry.seq for entry in entries}
