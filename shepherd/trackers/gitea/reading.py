"""See Tracker: Gitea and Forgejo."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shepherd.trackers.forge.reading import ForgeService, ForgeTracker, session_with, token_of
from shepherd.trackers.http import HttpSession

if TYPE_CHECKING:
    from shepherd.trackers.gitea.service import GiteaService


class GiteaTracker(ForgeTracker):
    sign = "#"
    name = "Gitea"
    root = "https://codeberg.org"
    requires_patterns = True

    def open(self, session: HttpSession) -> ForgeService:
        """See ForgeTracker.open. Public projects are read without a token. Raises SettingsError."""
        return self._service(session)

    def required_checks(self, branch: str) -> list[str]:
        """See ForgeTracker.required_checks. Raises SettingsError."""
        return self._service(session_with(self._settings, type(self))).required_checks(branch)

    def _service(self, session: HttpSession) -> GiteaService:
        from shepherd.trackers.gitea.service import GiteaService

        return GiteaService(session, token_of(self._settings, os.environ), self._settings.tracker.project)
