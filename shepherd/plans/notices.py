"""What chats and webhooks are told, and in which words (docs/notices.md); pure."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shepherd.settings.model import NoticeKind


class Change(Struct, frozen=True):
    """One thing that happened on a branch, and is told once to each place that wants it."""

    kind: NoticeKind
    key: str
    """What makes it this change and no other, also in a later run."""
    at: datetime
    text: str
    """One sentence that can be read alone, without the branch's name."""
    again: bool = False
    """It may have been told before: the run that told it was killed, or got no answer."""


class Notice(Struct, frozen=True):
    """One message to one place: the changes of one branch since the last one, oldest first."""

    id: str
    """The same at each attempt to deliver the same message."""
    to: str
    """`name` of the table [[notify]]."""
    branch: str
    changes: tuple[Change, ...]
    answer: str
    """The first line of the page as it is now: "deploy r123"."""
    url: str = ""
    """The page of the branch; empty: settings do not say where it is."""
