"""The QA state of a landing, stated a second time (docs/rules.md#state). It shares no line with
`shepherd.rules`."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from shepherd.landing import Landing
from shepherd.words import (
    Item,
    ItemTags,
    Verdict,
    is_request,
)
from tests.rules.oracle_words import WordsOracle

GOOD = ("ok", "untestable", "testfix", "rollback", "exempt")


class StatesOracle(WordsOracle):
    """What each landing is, by what people said."""

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
                if meant and self.appeared(p, item, verdict.seq, partial(has_bad_commit, n)):
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


def has_bad_commit(n: int, spoken: ItemTags) -> bool:
    return n in spoken.bad_commits


def matches(pattern: str, text: str) -> bool:
    """Only `*` and `?` are special, the whole text, case ignored (docs/rules.md#marks)."""
    signs = {"*": ".*", "?": "."}
    regex = "".join(signs.get(sign, re.escape(sign)) for sign in pattern)
    return re.fullmatch(regex, text, re.IGNORECASE | re.DOTALL) is not None
