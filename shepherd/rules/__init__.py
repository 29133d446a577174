"""Reading + evidence + journal -> judgement: pure; nothing is decided anywhere else (docs/rules.md).

A landing passes through: undoing (is it in effect?) -> evidence (what do its items say?) -> states
(is it good?) -> answer (what may be deployed?).
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from msgspec.structs import replace

from shepherd.conditions import NO_CONDITIONS, CommitChecks, Conditions
from shepherd.landing import Landing, Reading
from shepherd.rules.answer import Blocking, Clearing, WindowAnswer, answer, blocked_by
from shepherd.rules.conditions import (
    CheckOutcome,
    LimitCounts,
    check_outcomes,
    checks_hold,
    results_hold,
)
from shepherd.rules.evidence import ItemEvidence, TagEvidence
from shepherd.rules.newest import NewestLandings
from shepherd.rules.repairs import Blocks, Repairs, blocks_of
from shepherd.rules.rollbacks import Rollbacks
from shepherd.rules.states import Judged, StateRules
from shepherd.rules.tag_reader import read_tags
from shepherd.rules.undoing import Undoing
from shepherd.words import Cover, Item, KeptEvidence, Options, RecordedEvidence, SeenTags, TrackerData

__all__ = ["Judgement", "judge", "scope_of"]


class Judgement:
    """What the rules say of one reading.

    Attributes:
        reading: what was judged.
        judged: revno -> state, with what it rests on; the landings that were looked at.
        undoing: what is undone, at every candidate.
        live: revnos that production runs.
        conditions: what else a candidate needs, as far as it is known.
        limits: what counts for the limits among these.
        window: the answer for the window.
    """

    def __init__(
        self,
        reading: Reading,
        undoing: Undoing,
        live: Collection[int],
        evidence: TagEvidence,
        judged: dict[int, Judged],
        blocks: Blocks,
        conditions: Conditions,
        limits: LimitCounts,
        window: WindowAnswer,
    ) -> None:
        self.reading = reading
        self.undoing = undoing
        self.live = live
        self.judged = judged
        self._blocks = blocks
        self.conditions = conditions
        self.limits = limits
        self._evidence = evidence
        if conditions.checks:
            window = replace(window, deployable=tuple(self._holding(window.unblocked)))
        self.window = window
        self.undone_by: dict[int, int] = undoing.undone_by()

    @property
    def states(self) -> dict[int, str]:
        return {revno: judged.state for revno, judged in self.judged.items()}

    @property
    def latest(self) -> int | None:
        """The latest deployable revision; None: stay at D."""
        return self.window.latest

    @property
    def unblocked(self) -> list[str]:
        """The SHAs of the candidates that nothing blocks and that exceed no limit, newest first: whose checks
        decide (docs/rules.md#checks)."""
        return [self._sha(revno) for revno in reversed(self.window.unblocked)]

    def checked(self, results: Mapping[str, CommitChecks]) -> Judgement:
        """The same with all that was read of checks, by SHA: nothing is judged again."""
        return Judgement(
            self.reading,
            self.undoing,
            self.live,
            self._evidence,
            self.judged,
            self._blocks,
            replace(self.conditions, results=results),
            self.limits,
            self.window,
        )

    def checks_of(self, revno: int) -> tuple[CheckOutcome, ...] | None:
        """What the checks say of a candidate; None: they were not asked."""
        return check_outcomes(self.conditions, self._sha(revno))

    def checks_hold(self, revno: int) -> bool:
        """Whether the checks of a candidate are known to hold; where none is needed, they do."""
        return checks_hold(self.conditions, self._sha(revno))

    def _holding(self, candidates: Iterable[int]) -> Iterator[int]:
        checks, results, landings = self.conditions.checks, self.conditions.results, self.reading.landings
        first = landings[0].revno if landings else 0
        for revno in candidates:
            read = results.get(landings[revno - first].id)
            if read is not None and results_hold(checks, read):
                yield revno

    def _sha(self, revno: int) -> str:
        landings = self.reading.landings
        return landings[revno - landings[0].revno].id

    @property
    def deployable(self) -> list[int]:
        return list(self.window.deployable)

    @property
    def blockers(self) -> Sequence[Blocking]:
        return self.window.blockers

    @property
    def staircase(self) -> Sequence[Clearing]:
        return self.window.staircase

    def evidence(self, revno: int) -> Sequence[ItemEvidence]:
        """What every item that a landing names says of it, whether the landing was judged by it or not."""
        return self._evidence.of_landing.get(revno, ())

    def blocked_by(self, candidate: int) -> list[int]:
        """All landings that block a candidate, ascending.

        Raises:
            KeyError: it is not a candidate.
        """
        for run, blocking in blocked_by(
            self.reading.deployed.revno + 1, self.reading.tip.revno, *self._blocks, self.live
        ):
            if candidate in run:
                return list(blocking)
        raise KeyError(candidate)

    @property
    def alarms(self) -> list[int]:
        """Bad landings that production runs; and those that it does not contain, but of which it runs a bad
        commit: they brought it in when it was live already."""
        extra = {sha for sha, _ in self.reading.deployed.extra}
        return sorted(
            p
            for p, judged in self.judged.items()
            if (p in self.live and judged.state == "bad")
            or any(w.counts and w.state == "bad" and w.commit.id in extra for w in judged.brought)
        )

    @property
    def warnings(self) -> dict[int, list[str]]:
        """Revno -> the landing's own warnings, then those about the tags on its items."""
        warnings: dict[int, list[str]] = {}
        for landing in self.reading.landings:
            if landing.revno in self.judged:
                own = [*landing.warnings, *self._evidence.warnings.get(landing.revno, ())]
                if "testfix" in landing.labels and landing.bugs:
                    own.append("a testfix that names bugs: its bugs do not count")
                if own:
                    warnings[landing.revno] = own
        return warnings

    @property
    def seen(self) -> Collection[tuple[Item, SeenTags]]:
        """What the journal should remember of this reading of the tracker."""
        return self._evidence.seen.items()

    @property
    def named(self) -> Collection[tuple[tuple[Item, int], tuple[str, ...]]]:
        """What each bad-commit-N, and each request's qa-bad, was first seen to name, for the journal."""
        return self._evidence.named.items()

    @property
    def kept(self) -> Collection[tuple[tuple[str, Item], KeptEvidence]]:
        """The words that speak for a landing and did not before, for the journal."""
        return self._evidence.kept.items()


def scope_of(reading: Reading, covers: Sequence[Cover], live_lately: Collection[int]) -> set[int]:
    """The landings whose items are to be read (docs/rules.md#answer): the window, what went live lately, what
    is undone in production but in effect at some candidate, and everything that undoes one of these.

    Args:
        live_lately: revnos <= D that went live within `keep`.
    """
    undoing = Undoing(reading.landings, covers)
    deployed = reading.deployed.revno
    known = {landing.revno for landing in reading.landings}
    back = undoing.undone_at(deployed) & {
        p for t, flips in undoing.flips.items() if t > deployed for p, undone in flips.items() if not undone
    }
    scope = {revno for revno in known if revno > deployed} | (known & set(live_lately)) | (known & back)
    undoers = undoing.undone_by()
    return scope | {undoers[p] for p in scope if p in undoers}


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Switch off the garbage collector: judging makes many objects and no cycles, and a collector that goes
    through all of them again and again would make it slower than linear."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@_no_collecting()
def judge(
    reading: Reading,
    tracker: TrackerData,
    recorded: RecordedEvidence,
    options: Options,
    scope: Collection[int] | None = None,
    conditions: Conditions = NO_CONDITIONS,
) -> Judgement:
    """Judge one reading. `scope` are the revnos whose items were read; None: all of them."""
    landings: Sequence[Landing] = reading.landings
    by_revno = {landing.revno: landing for landing in landings}
    if scope is None:
        scope = by_revno
    undoing = Undoing(landings, recorded.covers)
    deployed = reading.deployed.revno
    undone = undoing.undone_at(deployed)
    live = {landing.revno for landing in landings if landing.revno <= deployed} - undone
    rollbacks = Rollbacks(by_revno, undoing)
    tip = reading.tip.revno
    newest = NewestLandings(undoing, rollbacks, live, deployed, tip)
    repairs = Repairs(by_revno, undoing, rollbacks)
    evidence = read_tags(by_revno, scope, live, deployed, tracker, recorded, newest, repairs)
    rules = StateRules(undoing, rollbacks, evidence, recorded, tracker, options, live, deployed, tip)
    judged = {landing.revno: rules.judge(landing) for landing in landings if landing.revno in scope}
    limits = LimitCounts(conditions, landings, undoing, deployed, rollbacks.pure)
    blocks = blocks_of(judged, undoing) if evidence.failed else (judged, undoing.flips)
    window = answer(deployed, tip, *blocks, live, limits.exceeded(tip))
    return Judgement(reading, undoing, live, evidence, judged, blocks, conditions, limits, window)
