"""Release notes: what a deployment or a past promotion brings, in the order in which it landed
(docs/guide.md#what-goes-live)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field

from shepherd.snapshot import Rev
from shepherd.words import BugName


class NoteLine(Struct, frozen=True):
    """One landing in them."""

    revno: int
    id: str
    title: str
    person: str
    bugs: tuple[BugName, ...] = ()
    requests: tuple[str, ...] = ()
    url: str = ""
    state: str = ""
    """Its QA state as it was last known; empty: it was never judged."""
    rolled_back: bool = False
    """It is rolled back again within the deployment."""
    rolled_back_by: int | None = None
    """By which landing, where that is known."""
    again: bool = False
    """It was live before and rolled back; with the deployment it is in effect again."""


class ReleaseNotes(Struct, frozen=True):
    """Everything between two revisions of one mainline."""

    branch: str
    base: Rev = field(name="from")
    """Revno 0: from the beginning."""
    to: Rev
    landings: tuple[NoteLine, ...]
    """What goes live by it, as `next` of the snapshot counts it."""
    taken_out: tuple[NoteLine, ...] = ()
    """What is live before and not after: something in it rolls that back."""
    compare_url: str | None = None
    bug_url: str = ""
    """Pattern with {bug}."""
    request_url: str = ""
    """Pattern with {request}, the bare number."""
    promoted_at: datetime | None = None
    """When it was promoted; None: it is only proposed, or not one promotion."""
    promoted_by: str = ""

    @property
    def rolled_back(self) -> int:
        """How many of its landings are rolled back again within it."""
        return sum(line.rolled_back for line in self.landings)


def rolled_back_by(
    revnos: Iterable[int], to: int, gone: Collection[int], targets: Mapping[int, Sequence[int]]
) -> dict[int, int]:
    """Return, of these landings, those that a landing up to `to` which is in effect there rolls back, and the
    newest that does.

    Args:
        gone: what is undone at `to`. targets: landing -> those that it undoes while it is in effect.
    """
    asked = set(revnos)
    by: dict[int, int] = {}
    for rollback in sorted(targets) if asked else ():
        if rollback <= to and rollback not in gone:
            by.update((target, rollback) for target in targets[rollback] if target in asked)
    return by
