"""A landing as the snapshot lists it (docs/interfaces.md#snapshot)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from shepherd.conditions import ConditionState
from shepherd.sentence import Parts, Sentence
from shepherd.words import BugName, State

Progress = Literal[
    "live",
    "promoted",
    "rolled-back",
    "deployable",
    "not-on-qa-yet",
    "waiting",
    "needs-qa",
    "bad",
    "orphan",
    "unknown",
]


class BroughtIn(Struct, frozen=True, gc=False):
    """A commit that a landing brought in, and what people said of it: one with words, or one that was a
    landing itself before the mainline was moved."""

    id: str
    title: str
    said: str
    state: State | None
    """None: nothing was said of it."""
    counts: bool
    """Whether it is not good, and so the landing is not: a good word on it counts for no landing."""


class CheckEntry(Struct, frozen=True, gc=False):
    """A check that a candidate needs (docs/rules.md#checks)."""

    name: str
    """Of the result; the pattern of the settings where no result matches it."""
    state: ConditionState
    said: str
    """In a few words: "success", "running", "failed", "not reported yet", or why it could not be read."""
    since: datetime | None = None
    """When it ended; of a pending one when it began."""
    url: str = ""


class LimitTouch(Struct, frozen=True, gc=False):
    """A limit that a landing counts for (docs/rules.md#limits)."""

    limit: int
    """Its place in `limits` of the snapshot."""
    paths: tuple[str, ...]
    """The first few that it changes."""
    undoes_from: int | None = None
    """Of a pure rollback that changes no other path of the limit than what it undoes, the oldest that it
    undoes: it counts only where that is live. None: it counts."""

    @property
    def counts(self) -> bool:
        """Whether one deployment of all that is not live yet brings this change."""
        return self.undoes_from is None


LEFT_OUT: tuple[int, ...] = (0,)
"""`blocked_by` where a document leaves it out. No landing that was read has it: `shepherd.snapshot_json`
looks where `blocked_by_of` says."""


class LandingEntry(Struct, frozen=True, kw_only=True, gc=False):
    """One landing as people see it."""

    revno: int
    id: str
    title: str = ""
    branch: str = ""
    url: str = ""
    person: str = ""
    landed_at: datetime
    bugs: tuple[BugName, ...] = ()
    requests: tuple[str, ...] = ()
    closes: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    state: State
    good: bool
    reason: str
    whose_move: str = ""
    remedy: str = ""
    progress: Progress
    undone_by: int | None = None
    undoes: tuple[int, ...] = ()
    """What it undoes at the tip; nothing while it is undone itself."""
    targets: tuple[int, ...] = ()
    """What it undoes wherever it is in effect."""
    deployable_as_tip: bool | None
    """None for a landing at or before what production runs: it is not a candidate."""
    blocked_by: tuple[int, ...] = LEFT_OUT
    blocked_by_of: int | UnsetType = UNSET
    """Only in a document: the revno of the landing at which the same list stands."""
    blocked_by_count: int
    promoted_at: datetime | None = None
    promoted_by: str = ""
    """Empty: the shepherd saw it, and does not know who."""
    live_since: datetime | None = None
    warnings: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    brought: tuple[BroughtIn, ...] = ()
    reason_parts: Parts | UnsetType = UNSET
    """What `reason` is made of (docs/interfaces.md#parts). Unset: it is text alone, or a release before 0.2
    wrote it."""
    remedy_parts: Parts | UnsetType = UNSET
    merged_by: str = ""
    """Who merged it, where it belongs to somebody else."""
    co_authors: tuple[str, ...] = ()
    """Who else wrote a part of it."""
    conditions: tuple[str, ...] = ()
    """Why it may not go to production although nothing blocks it, a sentence each: first one for each of
    `exceeds`, then those of its checks. Empty where all conditions hold, or none was asked."""
    checks: tuple[CheckEntry, ...] = ()
    """What the checks say of it as a candidate, worst first; empty where they were not asked."""
    touches: tuple[LimitTouch, ...] = ()
    """The limits that it counts for."""
    exceeds: tuple[int, ...] = ()
    """The limits that do not hold for it as a candidate: their places in `limits` of the snapshot."""
    rule: str = ""
    """Which rule gave it its state: a word of `shepherd.rules.states.Rule`; empty in a snapshot of a release
    that did not say so."""
    components: tuple[str, ...] = ()
    """The components that it touches, of those that the snapshot names. Read only of what production does not
    run (docs/trends.md#waits)."""
    good_with: tuple[int, ...] | UnsetType = UNSET
    """The later landings without which it is not good (docs/rules.md#repairs). Unset: it needs none."""

    @property
    def repairs(self) -> tuple[int, ...]:
        """The later landings that it has to wait for, since it is good only together with them."""
        goes = self.progress in ("live", "promoted", "deployable")
        return (self.good_with or ()) if self.good and not goes else ()

    @property
    def blocks_itself(self) -> bool:
        """Whether it is among what blocks it as a candidate (docs/rules.md#deployable)."""
        return not self.good or bool(self.good_with)

    def waits_for(self, most: int) -> tuple[int, ...]:
        """The first few of the landings that it waits for: what else blocks it, as far as listed, and what
        repairs it."""
        blockers = (revno for revno in self.blocked_by[: most + 1] if revno != self.revno)
        return (*blockers, *self.repairs)[:most]

    @property
    def waits_for_count(self) -> int:
        """How many these are, listed or not."""
        return max(0, self.blocked_by_count - self.blocks_itself) + len(self.repairs)

    @property
    def missing(self) -> tuple[CheckEntry, ...]:
        """The checks that are not known to hold, worst first."""
        return tuple(each for each in self.checks if each.state != "holds")

    @property
    def over_limits(self) -> tuple[str, ...]:
        """The sentences of the limits that it exceeds."""
        return self.conditions[: len(self.exceeds)]

    @property
    def people(self) -> tuple[str, ...]:
        """Whose it is, and who else wrote a part of it: by these it is found."""
        return self.person, *self.co_authors

    @property
    def reason_sentence(self) -> Sentence:
        """The reason with its parts."""
        return Sentence(*(self.reason_parts or (self.reason,)))

    @property
    def remedy_sentence(self) -> Sentence:
        """The remedy with its parts."""
        return Sentence(*(self.remedy_parts or (self.remedy,)))
