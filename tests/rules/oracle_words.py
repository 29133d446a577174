"""What is undone, and what people say on items, stated a second time (docs/rules.md#undone,
docs/rules.md#what-people-say). It shares no line with `shepherd.rules`."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET

from shepherd.landing import Landing, Reading
from shepherd.words import (
    WORST_FIRST,
    Item,
    ItemTags,
    KeptEvidence,
    Options,
    RecordedEvidence,
    TrackerData,
    Word,
    is_request,
)

SEALS: tuple[Literal["ok", "untestable"], ...] = ("ok", "untestable")
Rollbacks = dict[int, set[int]]
"""For each landing those that roll it back."""


class WordsOracle:
    """What stands behind the states of landings."""

    def __init__(
        self, reading: Reading, tracker: TrackerData, memory: RecordedEvidence, options: Options
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
        bad-commits: where it is absent it has none, and its other tags are as they were read last."""
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

    def judged_bugs(self, p: Landing) -> tuple[Item, ...]:
        """All it names; of a rollback by mark that names bugs of its own, those alone."""
        by_mark = self.targets(p.revno) & set(p.mark_targets)
        if by_mark and not self.is_pure_rollback(p.revno):
            return tuple(bug for bug in p.own_bugs if bug not in self.bugs_of_targets(p.revno))
        return p.bugs


def undone(rollbacks: Rollbacks, p: int, t: int, remembered: dict[tuple[int, int], bool]) -> bool:
    """At t: some rollback of p at or before t is itself not undone at t."""
    if (p, t) not in remembered:
        remembered[p, t] = any(not undone(rollbacks, r, t, remembered) for r in rollbacks[p] if r <= t)
    return remembered[p, t]
