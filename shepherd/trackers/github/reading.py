"""See Tracker: GitHub."""

from __future__ import annotations

import os

from shepherd.trackers.forge.reading import ForgeService, ForgeTracker, token_of
from shepherd.trackers.http import HttpSession

NEEDS_TOKEN = "GitHub answers such questions only with a token"  # noqa: S105  # a sentence


class GitHubTracker(ForgeTracker):
    sign = "#"
    name = "GitHub"
    root = "https://api.github.com"

    def open(self, session: HttpSession) -> ForgeService:
        """See ForgeTracker.open. Raises SettingsError."""
        from shepherd.trackers.github.service import GitHubService

        token = token_of(self._settings, os.environ, needed=NEEDS_TOKEN)
        return GitHubService(session, token, self._settings.tracker.project)
