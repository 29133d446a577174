"""The rules (docs/rules.md) stated a second time: slow, obvious, sentence by sentence.

It shares no line with `shepherd.rules`, so whatever the two say alike is what docs/rules.md says, or a
misreading that two readers made. Every question is answered from the inputs, by asking the next question;
only `undone` remembers its answers, because chains of rollbacks would ask it thousands of times.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from msgspec import UNSET

from shepherd.conditions import NO_CONDITIONS, Conditions
from shepherd.landing import Landing, Reading
from shepherd.words import (
    WORST_FIRST,
    Item,
    ItemTags,
    KeptEvidence,
    Options,
    RecordedEvidence,
    SeenTags,
    TrackerData,
    Verdict,
    Word,
    is_request,
)
from tests.rules.oracle_conditions import ConditionOracle

GOOD = ("ok", "untestable", "testfix", "rollback", "exempt")
SEALS: tuple[Literal["ok", "untestable"], ...] = ("ok", "untestable")
Rollbacks = dict[int, set[int]]
"""For each landing those that roll it back."""


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


class Oracle:
    def __init__(
        self,
        reading: Reading,
        tracker: TrackerData,
        memory: RecordedEvidence,
        options: Options,
        conditions: Conditions = NO_CONDITIONS,
    ) -> None:
        self.reading = reading
        self.landings = reading.landings
        self.by_revno = {p.revno: p for p in reading.landings}
        self.revno_of = {p.id: p.revno for p in reading.landings}
        self.tip = reading.tip.revno
        self.deployed = reading.deployed.revno
        self.tracker, self.memory, self.options = tracker, memory, options
        self.holder = {p.id: p for p in reversed(reading.landings)}
        """The landing that is a commit, or brought it in."""
        for p in reversed(reading.landings):
            self.holder |= {commit.id: p for commit in p.brought}
        self.remembered: dict[tuple[int, int], bool] = {}
        self.taken_away: set[tuple[int, int]] = set()
        self.rollbacks = self.spoken_rollbacks()
        self.counting_rollbacks = self.without_those_that_did_not_do_it()
        self.conditions = ConditionOracle(conditions, self)

    # 3.4 What is undone

    def spoken_rollbacks(self) -> Rollbacks:
        """By marks and reverts, then by persons' words, each alone for the landings there were."""
        rollbacks = {p.revno: {r.revno for r in self.landings if p.revno in r.targets} for p in self.landings}
        for word in self.memory.covers:
            if word.target not in self.revno_of:
                continue
            p = self.revno_of[word.target]
            by = self.revno_of.get(word.by) if word.by else None
            before = rollbacks[p]
            later = {r for r in before if r > word.tip}
            if word.undone and by is not None:
                rollbacks[p] = {by} | later
            elif not word.undone and word.by is None:
                rollbacks[p] = later
            elif not word.undone:
                rollbacks[p] = before - {by}
            self.taken_away |= {(r, p) for r in before - rollbacks[p]}
        return rollbacks

    def without_those_that_did_not_do_it(self) -> Rollbacks:
        """A second rollback of p while p is undone, that does not undo the first: only it counts for p."""
        counting: Rollbacks = {p.revno: set() for p in self.landings}
        for r in (landing.revno for landing in self.landings):
            before = {p: set(those) for p, those in counting.items()}
            for p in self.everything_undone_by(r):
                doing_it = {q for q in before[p] if not undone(before, q, r - 1, {})}
                if doing_it and not doing_it <= self.everything_undone_by(r):
                    counting[p] = {r}
                else:
                    counting[p] = before[p] | {r}
        return counting

    def everything_undone_by(self, r: int) -> set[int]:
        return {p for p, those in self.rollbacks.items() if r in those}

    def undone(self, p: int, t: int) -> bool:
        return undone(self.counting_rollbacks, p, t, self.remembered)

    def targets(self, r: int) -> set[int]:
        """Those that make it a rollback in the sense of 3.3 (4). What a cover gave back is a cover's target,
        and that is one only if r names no bug."""
        by_itself = {p for p in self.by_revno[r].targets if (r, p) not in self.taken_away}
        by_cover = set() if self.by_revno[r].bugs else self.everything_undone_by(r)
        return by_itself | by_cover

    def bugs_of_targets(self, r: int) -> set[Item]:
        return {bug for p in self.targets(r) for bug in self.by_revno[p].bugs}

    def is_pure_rollback(self, r: int) -> bool:
        targets = self.targets(r)
        if not targets or not set(self.by_revno[r].own_bugs) <= self.bugs_of_targets(r):
            return False
        return not self.by_revno[r].mixed or not targets <= self.by_content_alone(r)

    def by_content_alone(self, r: int) -> set[int]:
        """Targets that it undoes among other things that it changes: these make it no pure rollback."""
        return set(self.by_revno[r].revert_targets) - set(self.by_revno[r].mark_targets)

    def brings_something_back(self, r: int) -> bool:
        return any(
            self.undone(p.revno, r - 1) and not self.undone(p.revno, r) and not self.is_pure_rollback(p.revno)
            for p in self.landings
            if p.revno < r
        )

    # 3.2 What people say about QA

    def names(self, landing: Landing, item: Item) -> bool:
        return item in landing.bugs or item in landing.requests

    def spoken(self, item: Item) -> ItemTags | None:
        """What the tracker says now; None where nobody can tell. What no landing names is read only for its
        bad-commits: where it is absent it bears none, and its other tags are as they were read last."""
        if not is_request(item) and not self.tracker.speaks_of_bugs:
            return None
        if is_request(item) and not self.tracker.speaks_of_requests:
            return None
        if item in self.tracker.items:
            spoken = self.tracker.items[item]
            return None if spoken.unreadable else spoken
        told = self.told_before(item)
        if not told or told[-1][1].of_newest or any(self.names(p, item) for p in self.landings):
            return None
        return ItemTags(words=told[-1][1].words)

    def told_before(self, item: Item) -> list[tuple[int, ItemTags]]:
        return [(s.seq, s.tags) for s in self.memory.seen.get(item, ()) if not s.tags.unreadable]

    def readings(self, item: Item) -> list[tuple[int, ItemTags]]:
        """Those that told something, oldest first, the present one included."""
        told, now = self.told_before(item), self.spoken(item)
        return told if now is None else [*told, (self.memory.now, now)]

    def has_counting_bad_commit(self, item: Item, spoken: ItemTags) -> bool:
        return any(item in self.holder[c].bugs for n in spoken.bad_commits for c in self.meant_by(item, n))

    def meant_by(self, bug: Item, n: int) -> list[str]:
        """The commits that bad-commit-N speaks of: that which N was when the tag was first seen, or what
        became of it. On a bug that landing N of another mainline names it speaks of that, unless ours names
        the bug as well."""
        known = self.memory.named.get((bug, n))
        if known is not None and known.seq >= self.borne_since(bug, n):
            commits = [c for c in known.ids if c in self.holder]
        else:
            commits = [self.by_revno[n].id] if n in self.by_revno else []
        named = any(bug in self.holder[c].bugs for c in commits)
        return [] if (bug, n) in self.memory.elsewhere and not named else commits

    def borne_since(self, bug: Item, n: int) -> int:
        """Since when the bug has had bad-commit-N without a break; 0 where it does not have it."""
        since = 0
        for seq, spoken in self.readings(bug):
            if n not in spoken.bad_commits:
                since = 0
            elif not since:
                since = seq
        return since

    def is_plainly_bad(self, item: Item, spoken: ItemTags) -> bool:
        by_label = "bad" in spoken.words and not spoken.of_newest
        return by_label and not self.has_counting_bad_commit(item, spoken)

    def is_bad_by_status(self, item: Item, spoken: ItemTags) -> bool:
        """Its status says so, and nothing on it names a landing."""
        return bool(spoken.of_newest) and not self.has_counting_bad_commit(item, spoken)

    def meant_by_status(self, bug: Item) -> list[str]:
        """The commits of which a status speaks that says bad: the landing that was the bug's newest one when
        the bug was first seen to be bad; where nothing of it is left, the newest one now."""
        since = 0
        for seq, spoken in self.readings(bug):
            since = (since or seq) if "bad" in spoken.words else 0
        known = self.memory.named.get((bug, 0))
        if known and known.seq >= since and any(c in self.holder for c in known.ids):
            return [c for c in known.ids if c in self.holder]
        newest = self.newest_landing(bug)
        return [newest.id] if newest else []

    def newest_landing(self, bug: Item) -> Landing | None:
        """The newest landing of the window that is in effect at the tip; else the newest of the window; else
        the newest that production runs; else the newest. What is there only to take back another one is
        passed over, unless there is nothing else."""

        def kind(p: Landing) -> int:
            if self.only_takes_back(p, bug):
                return 0
            if p.revno > self.deployed:
                return 3 if self.undone(p.revno, self.tip) else 4
            return 2 if self.production_runs(p.revno) else 1

        naming = [p for p in self.landings if self.names(p, bug)]
        return max(naming, key=lambda p: (kind(p), p.revno), default=None)

    def only_takes_back(self, p: Landing, bug: Item) -> bool:
        return self.is_pure_rollback(p.revno) or bug not in self.judged_bugs(p)

    def other_word(self, spoken: ItemTags) -> Word | None:
        """The worst word, where `qa-bad` says nothing because of a counting bad-commit."""
        words = [word for word in WORST_FIRST if word in spoken.words and word != "bad"]
        return words[0] if words else None

    def is_covered(self, p: Landing, item: Item, word: str) -> bool:
        """(a) not a landing found after the word had been seen, until the tag is seen to change. What the
        tagger wrote itself is nobody's word; what was there when it asked for QA is not for that landing."""
        found = self.memory.first_seen[p.id]
        readings = self.readings(item)
        own = self.memory.own.get(item)
        if (
            own
            and own.word == word
            and all(word in spoken.words for seq, spoken in readings if seq > own.seq)
        ):
            return False
        already_seen = any(word in spoken.words for seq, spoken in readings if seq < found)
        changed = self.said_last(readings)
        if self.ended_by_a_status(readings) >= changed:
            return False
        if changed < self.memory.asked.get((p.id, item), 0):
            return False
        return not (already_seen and changed < found)

    def said_last(self, readings: list[tuple[int, ItemTags]]) -> int:
        """When there was another worst word, where labels say it. Where a status or a field may: when the
        newest of what says a good word now began to."""

        def said(spoken: ItemTags) -> set[tuple[str, str]]:
            if not spoken.good_by:
                return {("label", word) for word in spoken.words if word in SEALS}
            return {(by, word) for by, _, word in (way.partition(" ") for way in spoken.good_by)}

        by_labels = not any(spoken.good_by for _, spoken in readings)
        changed = readings[0][0]
        began: dict[tuple[str, str], int] = {}
        for number, (seq, spoken) in enumerate(readings):
            if by_labels and number and readings[number - 1][1].word != spoken.word:
                changed = seq
            began = {each: began.get(each, seq) for each in said(spoken)}
        return changed if by_labels else max(began.values(), default=changed)

    def ended_by_a_status(self, readings: list[tuple[int, ItemTags]]) -> int:
        """When the last spell began in which a status said bad: what was said until then is over."""
        begin = [
            seq
            for number, (seq, spoken) in enumerate(readings)
            if spoken.of_newest and not (number and readings[number - 1][1].of_newest)
        ]
        return begin[-1] if begin else 0

    def named_later(self, p: Landing, item: Item) -> bool:
        return any(later.revno > p.revno and self.names(later, item) for later in self.landings)

    def production_runs(self, p: int) -> bool:
        return p <= self.deployed and not self.undone(p, self.deployed)

    def is_out_of_reach(self, p: int, item: Item) -> bool:
        """Production runs p and a landing after D names the bug: its `qa-bad` speaks of that one. On
        a request it is bad by 3.3 (2), without exception."""
        named_after = any(q.revno > self.deployed and self.names(q, item) for q in self.landings)
        return not is_request(item) and self.production_runs(p) and named_after

    def last_word(self, p: Landing, item: Item) -> KeptEvidence:
        """What speaks for p on the item now, as the journal will keep it."""
        kept = self.memory.kept.get((p.id, item), KeptEvidence(word="needstesting"))
        spoken = self.spoken(item)
        if spoken is None:
            return kept
        if self.is_plainly_bad(item, spoken):
            if self.keeps_its_word(p, item, kept):
                return kept
            return KeptEvidence(word="bad", seal=kept.seal, failed=kept.failed)
        if self.is_bad_by_status(item, spoken) and p.id in self.meant_by_status(item):
            return KeptEvidence(word="bad", failed=True)
        word = self.other_word(spoken)
        good = next((seal for seal in SEALS if seal == word and self.is_covered(p, item, seal)), None)
        failed = kept.failed if good is None or self.repair_of(p, item, good) else UNSET
        if not self.named_later(p, item):
            return KeptEvidence(word=good or "needstesting", seal=good, failed=failed)
        if good:
            return KeptEvidence(word=good, seal=kept.seal, failed=failed)
        return KeptEvidence(word=kept.seal or "needstesting", seal=kept.seal, failed=failed)

    def keeps_its_word(self, p: Landing, item: Item, kept: KeptEvidence) -> bool:
        """A label's `qa-bad` is not about p, and what a status called bad was repaired in production."""
        later = [q for q in self.landings if q.revno > p.revno and self.names(q, item)]
        repaired = not kept.failed or any(self.production_runs(q.revno) for q in later)
        return self.is_out_of_reach(p.revno, item) and repaired

    # What is good only with what repairs it

    def has_failed(self, p: Landing, item: Item) -> bool:
        """A status called it bad, and nobody has said since that it works as it is."""
        if self.spoken(item) is None:
            return bool(self.memory.kept.get((p.id, item), KeptEvidence(word="needstesting")).failed)
        return bool(self.last_word(p, item).failed)

    def repair_of(self, p: Landing, item: Item, word: str) -> int:
        """The newest landing of the item that the word speaks for and that was not undone by then; 0: p."""
        speaking = [q for q in self.landings if self.names(q, item) and self.is_covered(q, item, word)]
        there = [
            q.revno
            for q in speaking
            if q.revno > p.revno
            and not self.only_takes_back(q, item)
            and not self.was_undone_then(q.revno, item, word)
        ]
        return max(there, default=0)

    def was_undone_then(self, q: int, item: Item, word: str) -> bool:
        if not self.undone(q, self.tip):
            return False
        newest = max(r for r in self.counting_rollbacks[q] if not self.undone(r, self.tip))
        return self.is_covered(self.by_revno[newest], item, word)

    def repairs(self, p: Landing) -> set[int]:
        """What p needs to be good, by the good words on its items."""
        return {
            repair
            for item in p.bugs
            if (spoken := self.spoken(item)) is not None
            # what keeps its word in production is repaired there
            if self.has_failed(p, item) and not self.is_plainly_bad(item, spoken)
            if (good := self.last_word(p, item).word) in SEALS
            if (repair := self.repair_of(p, item, str(good)))
        }

    def is_repaired(self, p: Landing, t: int) -> bool:
        return all(r <= t and not self.undone(r, t) for r in self.repairs(p))

    def is_unrepaired_in_production(self, p: Landing, item: Item) -> bool:
        """Production runs it, nothing later of the item, and nobody has said since that it works."""
        if not self.production_runs(p.revno) or not self.has_failed(p, item):
            return False
        later = [q.revno for q in self.landings if q.revno > p.revno and self.names(q, item)]
        return self.word_of(p, item) == "needstesting" and not any(map(self.production_runs, later))

    def state_after_failing(self, p: Landing) -> str:
        """By the worst of all its items, whatever its marks say; bad while what repairs it is not there."""
        items = (*p.bugs, *(p.requests if self.tracker.speaks_of_requests else ()))
        words = [
            "bad" if self.is_unrepaired_in_production(p, item) else self.word_of(p, item) for item in items
        ]
        state = next(w for w in ("bad", "unknown", "needstesting", "untestable", "ok") if w in words)
        if state in ("untestable", "ok"):
            if not self.is_repaired(p, self.tip):
                return "bad"
            if self.production_runs(p.revno) and not self.is_repaired(p, self.deployed):
                return "bad"
            if p.id in self.tracker.unasked:
                return "unknown"
        return state

    # 3.3 The QA state of one landing: the first that applies

    def state(self, p: int) -> str:
        """Its own, or the word on a commit that it brought in, where that is worse."""
        states = [self.own_state(p), *(self.word_on(c.id) for c in self.by_revno[p].brought)]
        for word in ("bad", "unknown", "needstesting"):
            if word in states:
                return word
        return states[0]

    def word_on(self, commit: str) -> str:
        """What a person said of a commit that was brought in; empty: nothing, or it was undone before."""
        if any(c.id == commit and c.undone for c in self.holder[commit].brought):
            return ""
        verdict = self.memory.verdicts.get(commit)
        if verdict is not None:
            return "bad" if self.named_bad_since(self.holder[commit], commit, verdict) else verdict.word
        if self.is_named_bad(commit):
            return "bad"
        return "unknown" if self.was_named_bad(commit) else ""

    def own_state(self, p: int) -> str:
        landing = self.by_revno[p]
        verdict = self.memory.verdicts.get(landing.id)
        if verdict is not None:
            return "bad" if self.turned_bad_since(landing, verdict) else verdict.word
        if self.is_named_bad(landing.id):
            return "bad"
        if self.was_named_bad(landing.id) or self.bad_ones_of_the_unasked(landing.id):
            return "unknown"
        if any(self.has_failed(landing, bug) for bug in landing.bugs):
            return self.state_after_failing(landing)
        if any(matches(pattern, landing.title) for pattern in self.options.exempt_subjects):
            return "exempt"
        if self.is_pure_rollback(p):
            return "needstesting" if self.brings_something_back(p) else "rollback"
        for bug in self.judged_bugs(landing):
            spoken = self.spoken(bug)
            if spoken and self.is_plainly_bad(bug, spoken) and not self.is_out_of_reach(p, bug):
                return "bad"
        for bug in self.judged_bugs(landing):
            last = self.last_told_of_the_unreadable(bug)
            if last and self.is_plainly_bad(bug, last) and not self.is_out_of_reach(p, bug):
                return "unknown"
        for label, state in (("testfix", "testfix"), ("qa-ok", "ok"), ("no-qa", "untestable")):
            if label in landing.labels:
                return state
        words = [self.word_of(landing, item) for item in self.judged_items(landing)]
        if landing.id in self.tracker.unasked:
            words.append("unknown")
        for word in ("bad", "unknown", "needstesting", "untestable", "ok"):
            if word in words:
                return word
        return "needstesting" if self.options.orphans == "needs-qa" else "orphan"

    def is_named_bad(self, commit: str) -> bool:
        by_bugs = any(
            commit in self.meant_by(item, n)
            for item in self.tracker.items
            if not is_request(item) and (spoken := self.spoken(item))
            for n in spoken.bad_commits
        )
        by_bugs = by_bugs or any(
            commit in self.meant_by_status(item)
            for item in self.tracker.items
            if (spoken := self.spoken(item)) and self.is_bad_by_status(item, spoken)
        )
        requests = self.requests_of(commit)
        by_requests = any("bad" in spoken.words for r in requests if (spoken := self.spoken(r)))
        return by_bugs or by_requests

    def requests_of(self, commit: str) -> list[str]:
        """A landing's own; of a brought-in commit those that are remembered of it."""
        if commit in self.revno_of:
            return list(self.by_revno[self.revno_of[commit]].requests)
        known = self.memory.named.items()
        return [r for (r, _), named in known if is_request(r) and commit in named.ids]

    def bad_ones_of_the_unasked(self, commit: str) -> list[str]:
        """Where the forge cannot say whose a landing is: the requests that were qa-bad for it once, and are
        qa-bad by their last readable answer."""
        return [
            item
            for (item, _), known in self.memory.named.items()
            if commit in self.tracker.unasked and is_request(item) and commit in known.ids
            if any("bad" in spoken.words for _, spoken in self.readings(item)[-1:])
        ]

    def last_told_of_the_unreadable(self, item: Item) -> ItemTags | None:
        """What it said when it could last be read: a "bad" has not been seen to disappear."""
        speaks = self.tracker.speaks_of_requests if is_request(item) else self.tracker.speaks_of_bugs
        if not speaks or self.spoken(item) is not None:
            return None
        told = self.told_before(item)
        return told[-1][1] if told else None

    def was_named_bad(self, commit: str) -> bool:
        for item in self.memory.seen:
            last = self.last_told_of_the_unreadable(item)
            if last and any(commit in self.meant_by(item, n) for n in last.bad_commits):
                return True
            if last and self.is_bad_by_status(item, last) and commit in self.meant_by_status(item):
                return True
            if last and item in self.requests_of(commit) and "bad" in last.words:
                return True
        return False

    def judged_bugs(self, p: Landing) -> tuple[Item, ...]:
        """All it names; of a rollback by mark that names bugs of its own, those alone."""
        by_mark = self.targets(p.revno) & set(p.mark_targets)
        if by_mark and not self.is_pure_rollback(p.revno):
            return tuple(bug for bug in p.own_bugs if bug not in self.bugs_of_targets(p.revno))
        return p.bugs

    def judged_items(self, p: Landing) -> tuple[Item, ...]:
        bugs = self.judged_bugs(p)
        if self.tracker.speaks_of_requests or not bugs:
            return bugs + p.requests
        return bugs

    def word_of(self, p: Landing, item: Item) -> str:
        speaks = self.tracker.speaks_of_requests if is_request(item) else self.tracker.speaks_of_bugs
        if not speaks:
            return "needstesting"
        if self.spoken(item) is None:
            return "unknown"
        return self.last_word(p, item).word or "needstesting"

    def turned_bad_since(self, p: Landing, verdict: Verdict) -> bool:
        """Evidence that a later run saw appear, and that has not been seen to disappear: on any bug that p
        names, also on one by which it is not judged, for so the sentence reads."""
        if self.named_bad_since(p, p.id, verdict):
            return True
        for bug in p.bugs:
            if not self.is_out_of_reach(p.revno, bug) and self.appeared(
                p, bug, verdict.seq, partial(self.is_plainly_bad, bug)
            ):
                return True
        return False

    def named_bad_since(self, p: Landing, commit: str, verdict: Verdict) -> bool:
        """The same for p's own commit, or for one that p brought in, by tags and labels that name it."""
        for item in {*self.memory.seen, *self.tracker.items}:
            for n in {n for _, spoken in self.readings(item) for n in spoken.bad_commits}:
                meant = not is_request(item) and commit in self.meant_by(item, n)
                if meant and self.appeared(p, item, verdict.seq, partial(bears, n)):
                    return True
            last = self.spoken(item) or self.last_told_of_the_unreadable(item)
            by_status = last and self.is_bad_by_status(item, last) and commit in self.meant_by_status(item)
            if by_status and self.appeared(p, item, verdict.seq, lambda spoken: "bad" in spoken.words):
                return True
        return any(
            self.appeared(p, request, verdict.seq, lambda spoken: "bad" in spoken.words)
            for request in [*self.requests_of(commit), *self.bad_ones_of_the_unasked(commit)]
            if self.tracker.speaks_of_requests
        )

    def appeared(self, p: Landing, item: Item, since: int, is_evidence: Callable[[ItemTags], bool]) -> bool:
        readings = self.readings(item)
        begin, was_always_there = None, True
        for seq, spoken in reversed(readings):
            if not is_evidence(spoken):
                was_always_there = False
                break
            begin = seq
        if begin is None or begin < since:
            return False
        seen = self.memory.seen.get(item, ())
        looked_in_vain = bool(seen) and bool(seen[0].tags.unreadable)
        return not (was_always_there and self.names(p, item) and not looked_in_vain)

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
                warnings.append(f"bug {item} bears {' and '.join(f'qa-{word}' for word in spoken.words)}")
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


def bears(n: int, spoken: ItemTags) -> bool:
    return n in spoken.bad_commits


def undone(rollbacks: Rollbacks, p: int, t: int, remembered: dict[tuple[int, int], bool]) -> bool:
    """At t: some rollback of p at or before t is itself not undone at t."""
    if (p, t) not in remembered:
        remembered[p, t] = any(not undone(rollbacks, r, t, remembered) for r in rollbacks[p] if r <= t)
    return remembered[p, t]


def items_of(p: Landing) -> tuple[Item, ...]:
    return (*p.bugs, *p.requests)


def matches(pattern: str, text: str) -> bool:
    """Only `*` and `?` are special, the whole text, case ignored (docs/rules.md#marks)."""
    signs = {"*": ".*", "?": "."}
    regex = "".join(signs.get(sign, re.escape(sign)) for sign in pattern)
    return re.fullmatch(regex, text, re.IGNORECASE | re.DOTALL) is not None
