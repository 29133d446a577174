"""What happened, as the journal has it, and what would happen: for `explain`, `history` and `whatif`."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shepherd.words import BugName, Item


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
    bugs: tuple[BugName, ...]
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
    """The answer under suppositions: these are good, the next landing rolls those back, and production runs
    another revision by then."""

    ok: tuple[int, ...]
    rollback: tuple[int, ...]
    deployable: int | None
    """The latest deployable then, as far as its checks are not known to have failed; None: stay."""
    next_landing: int | None
    """The revno that the rollback would have."""
    blocked_by: tuple[int, ...]
    """What would still block the newest landing, oldest first."""
    blocked_by_count: int
    brings_back: tuple[int, ...]
    """What the rollback would bring back, so that it needs QA itself."""
    deploy: int | None = None
    """The revision that production runs by then; None: what it runs now."""
    if_checks_pass: bool = False
    """The checks of `deployable` are not known to hold."""
    checks_hold: int | None = None
    """The latest whose checks are known to hold, or that needs none; None: there is none."""
    over: tuple[str, ...] = ()
    """The limits that the newest landing would exceed, a sentence each."""
    limits_unknown: bool = False
    """What the rollback would touch is not known: it takes back what is live already."""
