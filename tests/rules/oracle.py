"""The rules (docs/rules.md) stated a second time: slow, obvious, sentence by sentence.

It shares no line with `shepherd.rules`, so whatever the two say alike is what docs/rules.md says, or a
misreading that two readers made. Every question is answered from the inputs, by asking the next question;
only `undone` remembers its answers, because chains of rollbacks would ask it thousands of times. What is
undone and what people say is in `oracle_words`, the states in `oracle_states`; here is the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shepherd.conditions import NO_CONDITIONS, Conditions
from shepherd.landing import Landing, Reading
from shepherd.words import (
    Item,
    ItemTags,
    KeptEvidence,
    Options,
    RecordedEvidence,
    SeenTags,
    TrackerData,
    is_request,
)
from tests.rules.oracle_conditions import ConditionOracle
from tests.rules.oracle_states import GOOD, StatesOracle


@dataclass
class Blocking:
    revno: int
    waiting: int
    tip_if_cleared: int | None
    frees: int


@dataclass
class Clearing:
    cleared: tuple[int, ...]
    tip: int
    frees: int


@dataclass
class Answer:
    """The same attributes as the judgement of `shepherd.rules`."""

    states: dict[int, str]
    latest: int | None
    deployable: list[int]
    blockers: list[Blocking]
    staircase: list[Clearing]
    alarms: list[int]
    undone_by: dict[int, int]
    """Of several that undo a landing at the tip, the newest."""
    warnings: dict[int, list[str]]
    seen: list[tuple[Item, SeenTags]]
    kept: list[tuple[tuple[str, Item], KeptEvidence]]
    named: list[tuple[tuple[Item, int], tuple[str, ...]]]
    unblocked: list[str]
    """SHAs, newest first."""
    over: dict[int, list[tuple[int, list[int]]]]
    checks: dict[int, Mapping[str, str] | None]
    blocked: dict[int, list[int]] = field(default_factory=dict)

    def blocked_by(self, t: int) -> list[int]:
        return self.blocked[t]


def judge(
    reading: Reading,
    tracker: TrackerData,
    memory: RecordedEvidence,
    options: Options,
    conditions: Conditions = NO_CONDITIONS,
) -> Answer:
    return Oracle(reading, tracker, memory, options, conditions).answer()


class Oracle(StatesOracle):
    """What may be deployed, and what the journal keeps."""

    def __init__(
        self,
        reading: Reading,
        tracker: TrackerData,
        memory: RecordedEvidence,
        options: Options,
        conditions: Conditions = NO_CONDITIONS,
    ) -> None:
        super().__init__(reading, tracker, memory, options)
        self.conditions = ConditionOracle(conditions, self)

    # 3.5 The answer

    def answer(self) -> Answer:
        states = {p.revno: self.state(p.revno) for p in self.landings}
        good = {p for p, state in states.items() if self.is_good(state)}
        candidates = range(self.deployed + 1, self.tip + 1)
        unblocked = [t for t in candidates if self.is_free(t, good)]
        deployable = [t for t in unblocked if self.conditions.holds(t)]
        undone_by = {
            p.revno: max(r for r in self.counting_rollbacks[p.revno] if not self.undone(r, self.tip))
            for p in self.landings
            if self.undone(p.revno, self.tip)
        }
        return Answer(
            states=states,
            latest=max(deployable, default=None),
            deployable=deployable,
            blockers=self.blockers(good, max(unblocked, default=self.deployed)),
            staircase=self.staircase(good, max(unblocked, default=self.deployed)),
            alarms=[p for p in states if self.is_alarming(p, states[p])],
            undone_by=undone_by,
            warnings={p.revno: self.warnings(p) for p in self.landings},
            seen=self.newly_seen(),
            kept=self.newly_kept(),
            named=self.newly_named(),
            unblocked=[self.by_revno[t].id for t in reversed(unblocked)],
            over={t: self.conditions.exceeded(t) for t in candidates},
            checks={t: self.conditions.what_checks_say(t) for t in candidates},
            blocked={t: self.blocking(t, good) for t in range(self.tip + 1)},
        )

    def is_alarming(self, p: int, state: str) -> bool:
        """Production runs it and it is bad, or production runs a bad commit that it brought in."""
        runs = {commit for commit, _ in self.reading.deployed.extra}
        brought = self.by_revno[p].brought
        bad_commit = any(c.id in runs and self.word_on(c.id) == "bad" for c in brought)
        return bad_commit or (self.production_runs(p) and state == "bad")

    def is_good(self, state: str) -> bool:
        return state in GOOD or (state == "orphan" and self.options.orphans == "pass")

    def blocking(self, t: int, good: set[int]) -> list[int]:
        return [
            p.revno
            for p in self.landings
            if p.revno <= t
            and not self.undone(p.revno, t)
            and (p.revno not in good or self.lacks_its_repair(p, t))
            and not self.production_runs(p.revno)
        ]

    def lacks_its_repair(self, p: Landing, t: int) -> bool:
        """It is good only with that; what a person says of p itself, or is supposed to say, needs none."""
        if p.id in self.memory.verdicts or self.is_repaired(p, t):
            return False
        return self.is_good(self.state(p.revno))

    def is_free(self, t: int, good: set[int]) -> bool:
        """Nothing blocks it and it exceeds no limit: only checks decide."""
        return not self.blocking(t, good) and self.conditions.keeps_all_limits(t)

    def blockers(self, good: set[int], stay: int) -> list[Blocking]:
        blockers = []
        for p in self.blocking(self.tip, good):
            candidates = range(self.deployed + 1, self.tip + 1)
            cleared = max((t for t in candidates if self.is_free(t, good | {p})), default=None)
            waiting = len([q for q in self.landings if q.revno >= p and q.revno > self.deployed])
            frees = 0 if cleared is None else cleared - stay
            blockers.append(Blocking(p, waiting, cleared, frees))
        return sorted(blockers, key=lambda b: (-b.frees, b.revno))

    def staircase(self, good: set[int], stay: int) -> list[Clearing]:
        """The oldest blocker made good, then the two oldest, and so on: whatever gives a newer revision."""
        steps: list[Clearing] = []
        oldest_first = self.blocking(self.tip, good)
        for number in range(1, len(oldest_first) + 1):
            cleared = oldest_first[:number]
            candidates = range(self.deployed + 1, self.tip + 1)
            free = [t for t in candidates if self.is_free(t, good | set(cleared))]
            if free and max(free) > (steps[-1].tip if steps else stay):
                steps.append(Clearing(tuple(cleared), max(free), max(free) - stay))
        return steps[:10]

    def warnings(self, p: Landing) -> list[str]:
        warnings = list(p.warnings)
        for item, spoken in ((i, self.spoken(i)) for i in self.tracker.items):
            if spoken is None:
                continue
            if self.names(p, item) and len(spoken.words) > 1:
                warnings.append(f"bug {item} has {' and '.join(f'qa-{word}' for word in spoken.words)}")
            for n in spoken.bad_commits:
                known = self.memory.named.get((item, n))
                if self.names(p, item) and not self.meant_by(item, n) and known and n in self.by_revno:
                    warnings.append(f"bad-commit-{n} was said of what is not here any more")
                meant = self.meant_by(item, n)
                named = any(item in self.holder[commit].bugs for commit in meant)
                if (item, n) in self.memory.elsewhere and not meant:
                    continue
                if not named and (self.names(p, item) or p.id in meant):
                    warnings.append(f"bad-commit-{n} on bug {item} names no landing of that bug")
        if "testfix" in p.labels and p.bugs:
            warnings.append("a testfix names bugs")
        return warnings

    # What the journal will keep

    def newly_seen(self) -> list[tuple[Item, SeenTags]]:
        news = []
        for item in {*self.memory.seen, *self.tracker.items}:
            *before, (seq, spoken) = self.readings(item) or [(0, ItemTags())]
            if seq == self.memory.now and (not before or before[-1][1] != spoken):
                news.append((item, SeenTags(seq=seq, tags=spoken)))
        for item in {item for p in self.landings for item in self.read_of(p)}:
            if not self.memory.seen.get(item) and self.spoken(item) is None:
                why = self.tracker.items[item].unreadable if item in self.tracker.items else "it was not read"
                news.append((item, SeenTags(self.memory.now, ItemTags(unreadable=why))))
        return news

    def read_of(self, p: Landing) -> tuple[Item, ...]:
        """The items that the tracker is asked for because of p."""
        bugs = p.bugs if self.tracker.speaks_of_bugs else ()
        return bugs + (p.requests if self.tracker.speaks_of_requests else ())

    def newly_named(self) -> list[tuple[tuple[Item, int], tuple[str, ...]]]:
        """Whom each bad-commit-N and each request's qa-bad names that is seen for the first time."""
        news: list[tuple[tuple[Item, int], tuple[str, ...]]] = []
        for item in {*self.memory.seen, *self.tracker.items}:
            spoken = self.spoken(item)
            for n in spoken.bad_commits if spoken else ():
                known = self.memory.named.get((item, n))
                is_new = known is None or known.seq < self.borne_since(item, n)
                if is_new and n in self.by_revno and self.meant_by(item, n):
                    news.append(((item, n), (self.by_revno[n].id,)))
            last = spoken or self.last_told_of_the_unreadable(item)
            if last and self.is_bad_by_status(item, last):
                known = self.memory.named.get((item, 0))
                meant = tuple(self.meant_by_status(item))
                if meant and (known is None or not set(meant) <= set(known.ids) or self.is_new_bad(item)):
                    news.append(((item, 0), meant))
            if is_request(item) and last and "bad" in last.words:
                known = self.memory.named.get((item, 0))
                before = known.ids if known else ()
                now = [p.id for p in self.landings if item in p.requests and p.id not in before]
                if now:
                    news.append(((item, 0), (*before, *now)))
        return news

    def is_new_bad(self, bug: Item) -> bool:
        """Whether it was not bad any more since it was remembered whom its status means."""
        since = 0
        for seq, spoken in self.readings(bug):
            since = (since or seq) if "bad" in spoken.words else 0
        return self.memory.named[bug, 0].seq < since

    def newly_kept(self) -> list[tuple[tuple[str, Item], KeptEvidence]]:
        pairs = [(p, item) for p in self.landings for item in items_of(p)]
        kept = [((p.id, item), self.last_word(p, item)) for p, item in pairs if self.spoken(item) is not None]
        return [(pair, word) for pair, word in kept if self.memory.kept.get(pair) != word]


def items_of(p: Landing) -> tuple[Item, ...]:
    return (*p.bugs, *p.requests)
