"""No tracker: nothing is tagged, and verdicts alone settle bugs and requests
(docs/rules.md#what-people-say)."""

from __future__ import annotations

from collections.abc import Collection

from shepherd.words import Item, TrackerData


class NoTracker:
    """A tracker without any tags."""

    def read(self, items: Collection[Item], revnos: Collection[int], memory: bytes = b"") -> TrackerData:
        """An empty reading that speaks neither of bugs nor of requests."""
        return TrackerData(items={}, speaks_of_requests=False, speaks_of_bugs=False)

    def probe(self) -> str:
        """There is nothing to ask."""
        return "none: QA is settled by verdicts"
