"""What the tracker keeps of Jira until its next reading, so that it need not ask for it again.

Labels, statuses and values are kept as they were read: what they mean follows from the settings of now.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from shepherd.trackers.jira.service import Edition
from shepherd.trackers.jira.wire import JiraField, JiraIssue
from shepherd.words import Item

OVERLAP = timedelta(minutes=10)
"""How far before the last reading "changed since" begins: Cloud's index lags behind what was written
(developer.atlassian.com/cloud/jira/platform/search-and-reconcile)."""


class JiraMemory(Struct, frozen=True):
    """After a reading, or of one that broke off: then of what it had read by then."""

    basis: str
    """Checksum of the settings that the reading depends on: with another one, all of this is worthless."""
    edition: Edition
    field: JiraField
    """See JiraService.field."""
    began: datetime
    """By Jira's clock: everything that follows was true then, or later."""
    ours: datetime
    """The same moment by our own clock, which may be wrong."""
    full: datetime
    """When everything was last read, by Jira's clock."""
    issues: dict[str, JiraIssue]
    """By id."""
    asked: dict[Item, str]
    """Item -> the id of its issue, which may have another key by now."""
    revnos: tuple[int, ...]
    """N of the `bad-commit-N` that were searched for."""
    projects: dict[str, str] = {}
    """Key of a project that no query may name -> its key now; "": there is none, or it may not be seen."""
