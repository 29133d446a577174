"""What an audit tells: why a promotion went out as it did, and how each statement of it is known
(docs/audit.md)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct, field

from shepherd.snapshot import Rev

TrailKind = Literal["promotion", "foreign", "seen", "recorded"]
"""How it went out: the shepherd moved the promoted ref · somebody else did, and the shepherd saw it ·
production was seen to run it, and no promotion had brought it · a person said that production runs it."""
TrailRole = Literal["live", "undone", "back", "taken-out"]
"""What a move did with a landing: brought it live · brought it together with what undid it · brought back
what had been undone in production · took it out, since something that went live undid it."""


class TrailWord(Struct, frozen=True, gc=False):
    """One thing that was said, seen or done."""

    at: datetime
    """When the journal took it, by the clock of the host."""
    what: str
    how: str
    """How it is known."""
    entry: int
    """Its number in the journal."""
    who: str = ""
    why: str = ""
    by_their_clock: datetime | None = None
    """When it was said, by the clock of who said it; None: nothing says so."""
    marks: bool = False
    """It makes the landing one to look at: a bad word, a person's word, something that could not be read."""


class AuditedLanding(Struct, frozen=True, gc=False):
    """One landing, as it was known when the move was made."""

    revno: int
    id: str
    title: str
    """Empty: not known any more."""
    person: str
    merged_by: str
    landed_at: datetime | None
    url: str
    role: TrailRole
    state: str
    """Its state then; empty: it had not been judged."""
    reason: str
    rule: str
    """Which rule gave it; empty: not recorded by the release of that time, or not judged."""
    rule_says: str
    rule_anchor: str
    judged_at: datetime | None
    """Since when the journal has that state by that rule."""
    judged_by: str
    """The run that judged so."""
    judged_entry: int | None
    words: tuple[TrailWord, ...] = ()
    """What was known of it then, oldest first."""
    since: tuple[TrailWord, ...] = ()
    """What the journal learned later: it did not count then."""
    live_since: datetime | None = None
    """When production was first seen to run it, from this move on; None: it was not, or not before it was
    taken back."""
    asked: bool = False
    """It was asked about by a name of its own."""
    plain: bool = True
    """Nothing about it has to be looked at: it was good by a rule that is recorded, nobody had called it bad,
    and no person's word was needed."""


class TrailCheck(Struct, frozen=True):
    """A check of the revision as it was when that was promoted."""

    name: str
    state: str
    said: str


class TrailLimit(Struct, frozen=True):
    """A limit of the settings as it was when the revision was promoted."""

    max: int
    paths: tuple[str, ...]
    holds: bool


class AuditedMove(Struct, frozen=True):
    """One promotion; or one step of production that none had brought."""

    kind: TrailKind
    to: Rev
    base: Rev | None = field(name="from")
    """None: nothing was promoted before."""
    at: datetime
    who: str
    why: str
    how: str
    """How it is known."""
    ref: str
    run_id: str
    code: str
    """The shepherd that did it; empty: not recorded by the release of that time."""
    entry: int
    hash: str
    """Of the journal up to this entry; empty: a release wrote it that knew no chain."""
    said_by: TrailWord | None
    """The answer that the journal had then."""
    despite: str
    """The reason that somebody gave for passing what kept it back; empty: nothing was passed."""
    passed: tuple[str, ...]
    """What that passed, a sentence each."""
    drop_hotfix: str
    """The reason for which commits of production were dropped."""
    dropped: tuple[str, ...] | None
    """Those commits; None: not recorded."""
    checks: tuple[TrailCheck, ...] | None
    """None: not recorded."""
    limits: tuple[TrailLimit, ...] | None
    cautions: tuple[str, ...] | None
    """What the plan warned of."""
    freezes: tuple[TrailWord, ...]
    """A person's word that nobody should deploy, which was in force."""
    alarms: tuple[TrailWord, ...]
    """That production ran something bad, which was in force."""
    landings: tuple[AuditedLanding, ...]
    live: tuple[TrailWord, ...]
    """Where production was seen after it, until the next move."""
    since: tuple[TrailWord, ...]
    """What became of it later: it was taken back, production went back."""
    gaps: tuple[str, ...]
    """What is not known, and why."""
    replay: str = ""
    """The command that judges again what its run judged, as long as the host still keeps its input; empty:
    that is too long ago."""


class NeverLive(Struct, frozen=True):
    """A landing that no move of the journal brought live."""

    revno: int
    id: str
    title: str
    what: str
    """What is known of it instead, in a sentence."""
    words: tuple[TrailWord, ...] = ()


class AuditTrail(Struct, frozen=True):
    """Everything that one question brought out."""

    branch: str
    asked: str
    made_at: datetime
    moves: tuple[AuditedMove, ...]
    """Newest first."""
    never_live: tuple[NeverLive, ...] = ()
    shepherd: str = ""
    """Which shepherd made this audit."""
    schema: int = 1
