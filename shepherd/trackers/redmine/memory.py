"""What the tracker keeps until its next reading, so that it need not ask for it again: what each issue said.

Of the issues that were seen only those are read again that were changed since; how many of them can still be
seen is counted each time, since an issue that is deleted or hidden does not change. Once a day everything is
read again: the name of a status, or who may see a field, changes without any issue.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

OVERLAP = timedelta(minutes=70)
"""How far before the newest change that is known "changed since" begins. Redmine keeps the time of a change
as its host's clock shows it: it is an hour early in the hour in which summer time ends, and hosts of one
Redmine may differ."""


class SeenIssue(Struct, frozen=True, gc=False, array_like=True):
    """One issue that the account could see."""

    status: str
    values: tuple[str, ...] = ()
    """Of the field of the settings."""
    field: str = ""
    """The name of that field; empty: the issue has none that the account may see."""


class RedmineMemory(Struct, frozen=True):
    """After a complete reading."""

    basis: str
    """Checksum of the settings that the reading depends on: with another one, all of this is worthless."""
    account: int
    """Number of the account that asked, who saw what another one may not; 0: anonymous."""
    full: datetime
    """When everything was last read, by our clock."""
    newest: datetime | None
    """The last change of any of these issues, by Redmine's clock, and no later than the last reading; None:
    none was seen."""
    seen: dict[int, SeenIssue]
