"""See Tracker: Gitea and Forgejo."""

from __future__ import annotations

import os

from shepherd.trackers.forge.reading import ForgeService, ForgeTracker, token_of
from shepherd.trackers.http import HttpSession


class GiteaTracker(ForgeTracker):
    sign = "#"
    name = "Gitea"
    root = "https://codeberg.org"

    def open(self, session: HttpSession) -> ForgeService:
        """See ForgeTracker.open. Public projects are read without a token. Raises SettingsError."""
        from shepherd.trackers.gitea.service import GiteaService

        return GiteaService(session, token_of(self._settings, os.environ), self._settings.tracker.project)
