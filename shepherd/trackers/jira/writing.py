"""Writes to Jira for the tagger."""

from __future__ import annotations

from shepherd.errors import TrackerError
from shepherd.settings import Settings
from shepherd.trackers.writing import Edit
from shepherd.words import Item


class JiraWriter:
    """See Writer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def edit(self, item: Item, edit: Edit) -> str:
        """See Writer.edit."""
        raise TrackerError("Jira cannot be written to yet")
