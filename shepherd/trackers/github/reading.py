"""See Tracker: GitHub."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shepherd.trackers.forge.reading import ForgeService, ForgeTracker, session_with, token_of
from shepherd.trackers.http import HttpSession

if TYPE_CHECKING:
    from shepherd.trackers.github.service import GitHubService

NEEDS_TOKEN = "GitHub answers such questions only with a token"  # noqa: S105  # a sentence


class GitHubTracker(ForgeTracker):
    sign = "#"
    name = "GitHub"
    root = "https://api.github.com"

    def open(self, session: HttpSession) -> ForgeService:
        """See ForgeTracker.open. Raises SettingsError."""
        return self._service(session)

    def required_checks(self, branch: str) -> list[str]:
        """See ForgeTracker.required_checks. Raises SettingsError."""
        from shepherd.trackers.github.required import required_checks

        return required_checks(self._service(session_with(self._settings, type(self))), branch)

    def _service(self, session: HttpSession) -> GitHubService:
        from shepherd.trackers.github.service import GitHubService

        token = token_of(self._settings, os.environ, needed=NEEDS_TOKEN)
        return GitHubService(session, token, self._settings.tracker.project)
