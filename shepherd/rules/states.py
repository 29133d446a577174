"""The QA state of one landing: the first rule that applies (docs/rules.md#state)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from shepherd.landing import Landing
from shepherd.people import matches
from shepherd.rules.brought import BroughtEvidence, evidence_on, rank, worst_of
from shepherd.rules.evidence import ItemEvidence, TagEvidence
from shepherd.rules.rollbacks import Rollbacks
from shepherd.rules.undoing import Undoing
from shepherd.words import Item, Options, RecordedEvidence, State, TrackerData, Verdict, is_request

Rule = Literal[
    "verdict",
    "reopened",
    "brought",
    "named-bad",
    "exempt",
    "rollback",
    "brings-back",
    "plain-bad",
    "unrepaired",
    "mark",
    "unasked",
    "items",
    "nothing",
]

GOOD: frozenset[State] = frozenset(("ok", "untestable", "testfix", "rollback", "exempt"))
_ORDER: Mapping[str, int] = {"bad": 0, "unknown": 1, "needstesting": 2, "untestable": 3, "ok": 4}


class Judged(Struct, frozen=True, gc=False):
    """A landing's state, which rule gave it, and the evidence that a reason is written from."""

    state: State
    rule: Rule
    good: bool
    evidence: Sequence[ItemEvidence] = ()
    """What each item says that the landing was judged by."""
    named_by: tuple[Item, ...] = ()
    """Items that name it bad."""
    named_as: int = 0
    """N of the bad-commit-N by which the first of them does that has one."""
    by_status: tuple[Item, ...] = ()
    """Those among them whose status or field says so (docs/rules.md#bad-by-status)."""
    verdict: Verdict | None = None
    brought_back: tuple[int, ...] = ()
    """What a rollback brings back."""
    brought: tuple[BroughtEvidence, ...] = ()
    """The evidence on the commits that it brought in."""
    unasked: str = ""
    """Why the forge could not say which request brought it."""
    good_with: tuple[int, ...] = ()
    """The later landings without which it is not good, ascending (docs/rules.md#repairs); of an unrepaired
    one those that are missing."""
    live_without: bool = False
    """Of an unrepaired one: production runs it, and not yet what repairs it. Else that is undone."""


_MARKED = {
    "testfix": Judged("testfix", "mark", True),
    "qa-ok": Judged("ok", "mark", True),
    "no-qa": Judged("untestable", "mark", True),
}
"""Label -> what it makes of a landing, in the order in which they count."""


class StateRules:
    """Judges landing after landing by all the evidence there is."""

    def __init__(
        self,
        undoing: Undoing,
        rollbacks: Rollbacks,
        tags: TagEvidence,
        recorded: RecordedEvidence,
        tracker: TrackerData,
        options: Options,
        live: Collection[int],
        deployed: int,
        tip: int,
    ) -> None:
        """Args: live: revnos that production runs; deployed, tip: as revnos."""
        self._live = live
        self._deployed = deployed
        self._tip = tip
        self._undone: Collection[int] | None = None
        self._undoing = undoing
        self._rollbacks = rollbacks
        self._tags = tags
        self._recorded = recorded
        self._tracker = tracker
        self._options = options
        self._nothing = Judged("orphan", "nothing", False)
        if options.orphans == "needs-qa":
            self._nothing = Judged("needstesting", "nothing", False)
        elif options.orphans == "pass":
            self._nothing = Judged("orphan", "nothing", True)

    def judge(self, landing: Landing) -> Judged:
        """The state of one landing: the worse of its own and that of the commits that it brought in
        (docs/rules.md#words-follow-commits)."""
        own = self._judge(landing)
        if not landing.brought:
            return own
        brought = tuple(self._brought(landing))
        worst = worst_of(brought)
        if worst is None or rank(own.state) <= rank(worst.state):
            return replace(own, brought=brought)
        return Judged(worst.state, "brought", False, brought=brought)

    def _brought(self, landing: Landing) -> Iterator[BroughtEvidence]:
        for commit in landing.brought:
            verdict = self._recorded.verdicts.get(commit.id)
            named_by = tuple(self._tags.named_bad.get(commit.id, ()))
            evidence = evidence_on(
                commit,
                verdict,
                named_by,
                tuple(self._tags.unread_bad.get(commit.id, ())),
                named_as=self._tags.named_as.get((commit.id, named_by[0]), 0) if named_by else 0,
                appeared=partial(self._named_since, commit.id, landing, verdict),
            )
            if evidence is not None:
                yield evidence

    def _judge(self, landing: Landing) -> Judged:
        """The state of one landing by itself, by the first rule that applies."""
        revno, sha = landing.revno, landing.id
        evidence: Sequence[ItemEvidence] = self._tags.of_landing.get(revno, ())
        named_by = tuple(self._tags.named_bad.get(sha, ()))
        verdict = self._recorded.verdicts.get(sha)
        if verdict is not None and verdict.word != "withdraw":
            return self._by_verdict(landing, verdict, evidence, named_by)
        if named_by:
            return self._named_bad(sha, named_by, evidence)
        unasked = self._tracker.unasked.get(sha, "")
        if sha in self._tags.unread_bad and unasked:
            bad = [ItemEvidence(item, "bad", "tag") for item in self._tags.unread_bad[sha]]
            return Judged("unknown", "unasked", False, bad, unasked=unasked)
        if sha in self._tags.unread_bad:
            unread = [ItemEvidence(item, "unknown", "was-bad") for item in self._tags.unread_bad[sha]]
            return Judged("unknown", "items", False, unread)
        if revno in self._tags.failed:
            judged = self._failed(landing, evidence)
            if unasked and judged.good:
                return Judged("unknown", "unasked", False, evidence, unasked=unasked)
            return judged
        patterns = self._options.exempt_subjects
        if patterns and matches(patterns, landing.title):
            return Judged("exempt", "exempt", True)
        if revno in self._undoing.targets:
            if revno in self._rollbacks.pure:
                back = self._brought_back(revno)
                if back:
                    return Judged("needstesting", "brings-back", False, brought_back=back)
                return Judged("rollback", "rollback", True)
            if self._rollbacks.judged_by_own(landing):
                own = self._rollbacks.own_bugs(landing)
                evidence = [each for each in evidence if is_request(each.item) or each.item in own]
        for each in evidence:
            if each.how == "plain-bad":
                return Judged("bad", "plain-bad", False, evidence)
        for each in evidence:
            if each.how == "was-bad":
                return Judged("unknown", "items", False, evidence)
        for label, judged in _MARKED.items() if landing.labels else ():
            if label in landing.labels:
                return judged
        if unasked and all(each.word != "bad" for each in evidence):
            return Judged("unknown", "unasked", False, evidence, unasked=unasked)
        return _of_items(evidence) if evidence else self._nothing

    def _failed(self, landing: Landing, evidence: Sequence[ItemEvidence]) -> Judged:
        """The state of a landing that a status called bad: whatever its marks say, by the worst of its items,
        and only with what repairs it (docs/rules.md#repairs)."""
        judged = _of_items(evidence)
        repairs = sorted({each.repair for each in evidence if each.repair})
        if not judged.good or not repairs:
            return judged
        if self._undone is None:
            self._undone = self._undoing.undone_at(self._tip)
        missing = [r for r in repairs if landing.revno in self._live and r not in self._live]
        undone = [r for r in repairs if r in self._undone or (r in missing and r <= self._deployed)]
        if undone or missing:
            without = tuple(undone or missing)
            return Judged("bad", "unrepaired", False, evidence, good_with=without, live_without=not undone)
        return replace(judged, good_with=tuple(repairs))

    def _named_bad(self, sha: str, named_by: tuple[Item, ...], evidence: Sequence[ItemEvidence]) -> Judged:
        """The state of a landing that items name bad."""
        named_as = {item: self._tags.named_as.get((sha, item), 0) for item in named_by}
        first = next(filter(None, named_as.values()), 0)
        by_status = tuple(item for item, n in named_as.items() if not n and not is_request(item))
        return Judged("bad", "named-bad", False, evidence, named_by, first, by_status)

    def _by_verdict(
        self, landing: Landing, verdict: Verdict, evidence: Sequence[ItemEvidence], named_by: tuple[Item, ...]
    ) -> Judged:
        """The state by a verdict: it outranks what was there when it was given, not what a later run sees
        appear."""
        named = (*named_by, *self._tags.unread_bad.get(landing.id, ()))
        reopening = [item for item in named if self._named_since(landing.id, landing, verdict, item)]
        again = [
            each
            for each in evidence
            if each.how in ("plain-bad", "was-bad")
            and each.item in self._tags.bad_since
            and self._appeared(self._tags.bad_since[each.item], each.item, True, verdict)
        ]
        if reopening or again:
            return Judged("bad", "reopened", False, again, tuple(reopening), verdict=verdict)
        state: State = verdict.word  # type: ignore[assignment]  # withdraw never gets here
        return Judged(state, "verdict", state in GOOD, verdict=verdict)

    def _named_since(self, commit: str, landing: Landing, verdict: Verdict | None, item: Item) -> bool:
        """Whether an item was seen to name this landing, or a commit that it brought in, after a verdict."""
        own = item in landing.bugs or item in landing.requests
        since = self._tags.named_since[commit, item]
        return verdict is not None and self._appeared(since, item, own, verdict)

    def _appeared(self, since: int, item: Item, own: bool, verdict: Verdict) -> bool:
        """Whether evidence came after a verdict. What stood on the landing's own item when that was read for
        the first time is taken to have been there: nobody saw it appear."""
        history = self._recorded.seen.get(item)
        first_read = history[0].seq if history else self._recorded.now
        if own and since == first_read:
            return False
        return since > verdict.seq

    def _brought_back(self, revno: int) -> tuple[int, ...]:
        """Landings, other than pure rollbacks, that were undone just before and are in effect with this one
        (docs/rules.md#undone)."""
        flips = self._undoing.flips.get(revno, {})
        return tuple(sorted(p for p, undone in flips.items() if not undone and p not in self._rollbacks.pure))


def _of_items(evidence: Sequence[ItemEvidence]) -> Judged:
    worst = min(evidence, key=_rank) if len(evidence) > 1 else evidence[0]
    state: State = worst.word
    return Judged(state, "items", state in GOOD, evidence)


def _rank(evidence: ItemEvidence) -> int:
    return _ORDER[evidence.word]
