"""What the tagger could not write: since when, why, and when it is time to try again
(docs/tagging.md#when-something-goes-wrong).

The journal alone knows it, so that a run which asks the tracker nothing knows it, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from shepherd.store import Journal, JournalEntry
from shepherd.words import Item

TAG = "tag"
"""The kind of the tagger's acts in the journal."""
NOT_READ = "it could not be read: "
"""So begins why an item was not written that could not even be read: nothing was tried then."""
LONGEST_PAUSE = timedelta(hours=6)
"""Between two tries."""


class FailedWriting(Struct, frozen=True):
    """A landing and an item: the last try failed."""

    sha: str
    item: Item
    why: str
    since: datetime
    """When the first of the tries failed that failed one after the other."""
    last: datetime
    seq: int
    """The last one's place in the journal."""

    def is_due(self, now: datetime) -> bool:
        """Whether it is time to try again: after as long as it has failed already."""
        if self.why.startswith(NOT_READ):
            return True
        pause = min(self.last - self.since, LONGEST_PAUSE)
        # a clock that was put back makes nobody wait
        return not self.last <= now < self.last + pause


def failed_writings(acted: Iterable[JournalEntry]) -> list[FailedWriting]:
    """What failed and was not begun again since.

    Args:
        acted: "meant" and "done" of the tagger, oldest first. Without "meant" what was begun again, and killed,
            counts as failed.
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


def not_due(acted: Iterable[JournalEntry], every: Journal, now: datetime) -> dict[tuple[str, Item], str]:
    """(SHA, item) of what is not to be tried again yet -> why it failed. Where people said something else about
    an item since, it is tried.

    Args:
        acted: see `failed_writings`.
        every: of all branches that share the items.
    """
    resting = [each for each in failed_writings(acted) if not each.is_due(now)]
    changed = _last_changes(every, {each.item for each in resting})
    return {(each.sha, each.item): each.why for each in resting if changed.get(each.item, 0) < each.seq}


def _last_changes(every: Journal, items: Collection[Item]) -> dict[Item, int]:
    entries = every.entries("item", subjects=items) if items else []
    return {entry.subject: entry.seq for entry in entries}
