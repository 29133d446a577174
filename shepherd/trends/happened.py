"""What trends are computed from: what was seen of one branch, in the order of its journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from shepherd.landing import Landing
from shepherd.words import Cover, State


class SeenPlace(Struct, frozen=True, gc=False):
    """Where production, the promoted ref or the QA server was seen, or what an answer allowed."""

    revno: int
    """As revisions were numbered then."""
    id: str
    """Empty where an older release did not note it."""
    at: datetime
    era: int = 0
    """How often the mainline had been rewritten."""
    moved: bool = True
    """False: the mainline moved, and it did not; or only where it was when somebody first looked."""
    answered: bool = True
    """Of an answer: False where it allowed nothing beyond production, which stood here."""


class AlarmChange(Struct, frozen=True, gc=False):
    """An alarm about a landing went on, or off."""

    id: str
    at: datetime
    on: bool


class Happened(Struct, frozen=True):
    """All of it."""

    landings: Sequence[Landing] = ()
    """Ascending and without gaps up to the tip, as far down as they can be read without git."""
    covers: Sequence[Cover] = ()
    production: Sequence[SeenPlace] = ()
    promoted: Sequence[SeenPlace] = ()
    on_qa: Sequence[SeenPlace] = ()
    answers: Sequence[SeenPlace] = ()
    states: Mapping[str, Sequence[tuple[datetime, State]]] = {}
    """SHA of a landing -> the states that it came to have, and when."""
    alarms: Sequence[AlarmChange] = ()
    written: Sequence[datetime] = ()
    """When runs wrote something down, ascending."""
    era: int = 0
    """How often the mainline was rewritten by now."""
    looked: datetime | None = None
    """When the sources were last read, or somebody said what production runs."""
    lost: Sequence[tuple[datetime | None, datetime]] = ()
    """From when to when the journal was lost; None: from its beginning."""
