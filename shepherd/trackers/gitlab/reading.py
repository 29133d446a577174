"""See Tracker: GitLab."""

from __future__ import annotations

import os

from shepherd.trackers.forge.reading import ForgeService, ForgeTracker, token_of
from shepherd.trackers.http import HttpSession


class GitLabTracker(ForgeTracker):
    sign = "!"
    name = "GitLab"
    root = "https://gitlab.com"

    def open(self, session: HttpSession) -> ForgeService:
        """See ForgeTracker.open. Public projects are read without a token. Raises SettingsError."""
        from shepherd.trackers.gitlab.service import GitLabService

        return GitLabService(session, token_of(self._settings, os.environ), self._settings.tracker.project)
