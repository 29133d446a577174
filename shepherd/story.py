"""What happened, as the journal has it, and what would happen: for `explain`, `history` and `whatif`."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shepherd.words import Item


class StoryEvent(Struct, frozen=True):
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
    in_production: bool | None
    """Production contains it; it runs it if nothing there has undone it. None: there is no data."""
    undone_by: int | None
    live_since: datetime | None
    promoted_at: datetime | None
    promoted_by: str
    merged_by: str = ""
    co_authors: tuple[str, ...] = ()
    events: tuple[StoryEvent, ...] = ()
    requests: tuple[Item, ...] = ()
    branch: str = ""
    """The branch that was merged, where the message says it."""
    url: str = ""


class Supposition(Struct, frozen=True):
    """The answer under two suppositions: these are good, and the next landing rolls those back."""

    ok: tuple[int, ...]
    rollback: tuple[int, ...]
    deployable: int | None
    """The latest deployable then; None: stay."""
    next_landing: int | None
    """The revno that the rollback would have."""
    blocked_by: tuple[int, ...]
    """What would still block the newest landing, oldest first."""
    blocked_by_count: int
    brings_back: tuple[int, ...]
    """What the rollback would bring back, so that it needs QA itself."""
