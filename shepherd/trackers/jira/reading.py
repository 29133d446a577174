"""Reads Jira: what issues say by their labels, their status and one field (docs/rules.md#what-people-say)."""

from __future__ import annotations

from collections.abc import Collection

from shepherd.errors import TrackerError
from shepherd.settings import Settings
from shepherd.words import Item, TrackerData


class JiraTracker:
    """See Tracker."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def read(self, items: Collection[Item], revnos: Collection[int], memory: bytes = b"") -> TrackerData:
        """See Tracker.read."""
        raise TrackerError("Jira cannot be read yet")

    def probe(self) -> str:
        """See Tracker.probe."""
        raise TrackerError("Jira cannot be read yet")
