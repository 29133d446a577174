"""What chats and webhooks are told, and in which words (docs/notices.md); pure."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shepherd.settings.model import NoticeKind
from shepherd.snapshot import Rev


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
    command: str = ""
    """What to type about it, complete for one paste; empty: there is nothing to type."""
    url: str = ""
    """Where it is to be seen: what a deployment brings, a landing on the page; empty: the page does."""


class Notice(Struct, frozen=True):
    """One message to one place: the changes of one branch since the last one, oldest first."""

    id: str
    """The same at each attempt to deliver the same message."""
    to: str
    """`name` of the table [[notify]]."""
    branch: str
    """Empty: it is about the host, and so about all branches (a run that hangs); then `answer` is, too."""
    changes: tuple[Change, ...]
    answer: str
    """The first line of the page as it is now: "deploy r123"."""
    url: str = ""
    """The page of the branch; empty: settings do not say where it is."""
    deployable: Rev | None = None
    """What may be deployed now; None: nothing, or something keeps everybody from deploying."""
    since: datetime | None = None
    """When the place was told of the branch before; None: never, or that is not known."""
    left_out: int = 0
    """How many more changes there were, which are not told one by one."""
