"""What happened to a landing or a branch, as the journal tells it: for `explain` and `history`."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Event(Struct, frozen=True):
    """One thing that was said or done."""

    at: str
    """ISO 8601, UTC."""
    what: str
    who: str = ""
    why: str = ""


class Story(Struct, frozen=True):
    """What is known of a landing that the last answer does not list."""

    revno: int
    id: str
    title: str
    person: str
    bugs: tuple[int, ...]
    landed_at: datetime
    live: bool
    live_since: datetime | None
    promoted_at: datetime | None
    events: tuple[Event, ...]
