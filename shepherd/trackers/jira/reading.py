"""Reads Jira: what issues say by their labels, their status and one field (docs/rules.md#what-people-say)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from shepherd.errors import TrackerError
from shepherd.settings import Settings
from shepherd.trackers.jira.memory import JiraMemory
from shepherd.trackers.jira.one_reading import JiraReading
from shepherd.trackers.jira.service import JiraService
from shepherd.trackers.jira.site import session_with
from shepherd.trackers.memories import decode
from shepherd.values import clean
from shepherd.words import Item, TrackerData, is_request


class JiraTracker:
    """See Tracker."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def read(self, items: Collection[Item], revnos: Collection[int], memory: bytes = b"") -> TrackerData:
        """See Tracker.read. Jira has no requests, so none is read; `bad-commit-N` is searched for in the
        projects of `tracker.keys`."""
        settings, session = self._settings, session_with(self._settings)
        basis = self._basis()
        reading = JiraReading(settings, session, decode(memory, JiraMemory, basis), basis)
        try:
            return reading.read({item for item in items if not is_request(item)}, set(revnos))
        except TrackerError as error:
            error.requests, error.budget = session.requests, session.budget
            error.memory = reading.memory()
            raise

    def probe(self) -> str:
        """See Tracker.probe."""
        service = self.service()
        server, cloud = service.server(), service.edition() == "cloud"
        service.field()
        what = "Cloud" if cloud else clean(server.version, 20)
        return f"{what} at {service.session.host}, {service.caller()}"

    def service(self) -> JiraService:
        """A session for `inv doctor`; nothing is asked yet. Raises SettingsError."""
        return JiraService(self._settings, session_with(self._settings))

    def _basis(self) -> str:
        tracker = self._settings.tracker
        parts = (tracker.service_root, tracker.login, tracker.credentials_file, tracker.credentials_env)
        return hashlib.sha256(repr((*parts, tracker.field.name, sorted(tracker.keys))).encode()).hexdigest()
