"""The snapshot: the one answer that page, feeds, command line, mails and promotions all show
(docs/interfaces.md#snapshot)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import UNSET, Struct, UnsetType, field

# with their own names: they are part of this interface
from shepherd.landing_entry import LEFT_OUT as LEFT_OUT
from shepherd.landing_entry import BroughtIn as BroughtIn
from shepherd.landing_entry import CheckEntry as CheckEntry
from shepherd.landing_entry import LandingEntry as LandingEntry
from shepherd.landing_entry import LimitTouch as LimitTouch
from shepherd.landing_entry import Progress as Progress
from shepherd.words import State as State

SCHEMA = 1
SCHEMA_SHARING = 2
"""Of a document in which lists that repeat stand once (docs/interfaces.md#schema-2)."""
BLOCKED_BY_SHOWN = 100
LATELY = timedelta(days=30)
"""How long a landing that went live stays in the list of those that did (docs/interfaces.md#snapshot,
landings)."""

Answer = Literal["deploy", "nothing-new", "blocked", "no-data"]


class Rev(Struct, frozen=True):
    revno: int
    id: str


class DeployedRev(Struct, frozen=True):
    revno: int
    id: str
    extra_commits: tuple[str, ...] = ()
    since: datetime | None = None
    """When production was first seen to run it. None: an earlier release wrote this."""
    at_least: bool = False
    """It ran it already when the shepherd looked for the first time."""
    by: str = ""
    """Who promoted it, or said that production runs it, as far as the shepherd knows."""


class PromotedRev(Struct, frozen=True):
    revno: int
    id: str
    at: datetime | None = None
    """None: it stood there when the shepherd looked for the first time."""
    by: str = ""
    """Who promoted it, as far as the shepherd knows."""


class LastGood(Struct, frozen=True):
    """What the answer was before the data failed, and when. Never to be acted on."""

    run_id: str
    generated_at: datetime
    answer: Answer
    deployable: Rev | None


class LimitEntry(Struct, frozen=True):
    """A limit as the settings have it."""

    paths: tuple[str, ...]
    max: int
    reason: str = ""


class Blocker(Struct, frozen=True, gc=False):
    """A landing that keeps the tip from being deployed, ranked by what clearing it alone would free."""

    revno: int
    person: str
    since: datetime
    waiting: int
    tip_if_cleared: int | None
    frees: int
    list_told_on: date | None = None
    """The day (of `timezone`) on which the list is told of it; None while that is more than two days off."""
    if_checks_pass: bool = False
    """The checks of `tip_if_cleared` are not known to hold."""


class StairStep(Struct, frozen=True):
    """What making some blockers good together would give (docs/rules.md#staircase)."""

    cleared: tuple[int, ...]
    """The oldest blockers, ascending: those of the steps before, and more."""
    tip: int
    """The latest deployable then."""
    frees: int
    """How many landings more than now that is."""
    if_checks_pass: bool = False
    """The checks of `tip` are not known to hold."""


class Alarm(Struct, frozen=True):
    """Production runs a landing that is bad."""

    revno: int
    reason: str
    undone_by: int | None
    repaired_by: int | UnsetType = UNSET
    """The newest landing that repairs it, where production does not run that yet (docs/rules.md#repairs)."""


class JournalPlace(Struct, frozen=True):
    """The journal's last entry of the branch when the answer was given: a journal that lacks it is lost, or
    older than the answer (docs/rules.md#what-people-say)."""

    seq: int
    """Its place in the journal."""
    sum: str
    """SHA-256 of its content, hex."""
    entries: int
    """How many entries of the branch there are up to it."""
    first_run: datetime
    """When the shepherd first looked at the branch: nobody is mailed about what had landed by then."""
    first_tip: int
    """Revno of the tip that it found; 0: not known."""
    head: str = ""
    """The hash of the whole journal, of all branches, up to this entry (docs/audit.md#the-chain); empty: not
    known, since a release wrote the entry or the snapshot that knew no chain."""

    @property
    def head_name(self) -> str:
        """The head as people and programs copy it, `NUMBER:HASH`, for `inv audit --verify --head`; empty if
        there is none."""
        return f"{self.seq}:{self.head}" if self.head else ""


class Next(Struct, frozen=True):
    """The deployment that the answer proposes."""

    base: Rev = field(name="from")
    """What production runs; revno 0 and no SHA: nothing of this mainline yet."""
    to: Rev
    landings: tuple[int, ...]
    """What goes live by it, in the order in which it landed; also what production has, undone, and would run
    again."""
    compare_url: str | None
    """Where a forge shows the whole of it; None: no page is known."""
    undone_later: tuple[int, ...]
    """Those of its landings that a landing which must wait undoes."""
    undone: tuple[int, ...] = ()
    """Those of its landings that are rolled back again within it."""
    taken_out: tuple[int, ...] = ()
    """What production runs now and does not after it: something that goes live undoes it."""


class PastPromotion(Struct, frozen=True):
    """A step that production, or what is released for it, took (docs/interfaces.md#history)."""

    at: datetime
    base: Rev = field(name="from")
    to: Rev
    landings: int
    """How many lie between; 0: it went back, or the mainline was rewritten between the two, so that their
    numbers cannot be compared."""
    by: str = ""
    """Who did it, as far as the shepherd knows."""
    reason: str = ""
    seen: bool = False
    """The shepherd found it done: it did not do it, and the time is when it looked."""
    waited_median_s: int | None = None
    """Seconds from landing to this step: half of its landings waited longer. None: not known of all."""
    waited_longest_s: int | None = None
    compare_url: str | None = None
    passed: tuple[str, ...] = ()
    """What kept it back, a sentence each, and somebody passed with a reason (docs/promoting.md#despite)."""


class Snapshot(Struct, frozen=True):
    """The answer for one branch at one moment, complete with every reason."""

    run_id: str
    branch: str
    generated_at: datetime
    valid_until: datetime
    complete: bool
    answer: Answer
    tip: Rev | None
    on_qa: Rev | None
    deployed: DeployedRev | None
    promoted: PromotedRev | None
    deployable: Rev | None
    last_good: LastGood | None
    landings: tuple[LandingEntry, ...]
    blockers: tuple[Blocker, ...]
    alarms: tuple[Alarm, ...]
    warnings: tuple[str, ...]
    problems: tuple[str, ...]
    bug_url: str = ""
    """Pattern with {bug} for links, so that a page needs nothing but this file."""
    request_url: str = ""
    """Pattern with {request}, the bare number."""
    timezone: str = "UTC"
    """Whose midnight starts a day."""
    journal: JournalPlace | UnsetType | None = UNSET
    """None: nothing was ever read, so the journal need not hold anything. Unset: a release before 0.2 wrote
    this, which claimed nothing."""
    several: bool = False
    """Several branches are set up: what is said of one names it."""
    next: Next | None = None
    """None unless the answer is `deploy`; and in a snapshot of a release that did not know it."""
    verdict_notes: str = ""
    """The git notes ref by which people can say what QA found; empty: none is read."""
    staircase: tuple[StairStep, ...] = ()
    """The first steps that clearing blockers together gives; empty in a snapshot of a release before 0.3."""
    staircase_more: int = 0
    """How many steps follow those."""
    promotions: tuple[PastPromotion, ...] = ()
    """The last ones, newest first; empty in a snapshot of a release before 0.3."""
    checks: tuple[str, ...] = ()
    """The checks that a candidate needs, as the settings name them (docs/rules.md#checks)."""
    limits: tuple[LimitEntry, ...] = ()
    waits: Rev | None = None
    """The newest candidate after the latest deployable that nothing blocks, and that waits for a condition:
    its `conditions` say for what. None: there is none."""
    components: tuple[str, ...] = ()
    """The parts of the project that the settings name, in their order."""
    schema: int = SCHEMA

    @property
    def branch_to_name(self) -> str:
        """What `--branch` has to say in a printed command; empty where there is only one branch."""
        return self.branch if self.several else ""

    @property
    def head_name(self) -> str:
        """The journal's head behind the answer, `NUMBER:HASH`; empty: not known."""
        return self.journal.head_name if isinstance(self.journal, JournalPlace) else ""
