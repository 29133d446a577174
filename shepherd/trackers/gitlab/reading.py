"""See Tracker: GitLab."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shepherd.trackers.forge.reading import ForgeService, ForgeTracker, session_with, token_of
from shepherd.trackers.http import HttpSession

if TYPE_CHECKING:
    from shepherd.trackers.gitlab.service import GitLabService


class GitLabTracker(ForgeTracker):
    sign = "!"
    name = "GitLab"
    root = "https://gitlab.com"

    def open(self, session: HttpSession) -> ForgeService:
        """See ForgeTracker.open. Public projects are read without a token. Raises SettingsError."""
        return self._service(session)

    def required_checks(self, branch: str) -> list[str]:
        """See ForgeTracker.required_checks: GitLab requires the pipeline or nothing, on all branches. Raises
        SettingsError."""
        from shepherd.trackers.gitlab.statuses import required_checks

        return required_checks(self._service(session_with(self._settings, type(self))))

    def _service(self, session: HttpSession) -> GitLabService:
        from shepherd.trackers.gitlab.service import GitLabService

        return GitLabService(session, token_of(self._settings, os.environ), self._settings.tracker.project)
