"""Writes to Redmine for the tagger."""

from __future__ import annotations

from shepherd.errors import TrackerError
from shepherd.settings import Settings
from shepherd.trackers.writing import Edit
from shepherd.words import Item


class RedmineWriter:
    """See Writer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def edit(self, item: Item, edit: Edit) -> str:
        """See Writer.edit."""
        raise TrackerError("Redmine cannot be written to yet")
