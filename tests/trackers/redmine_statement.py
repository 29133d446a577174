"""What the answer must be, by what people said on Redmine, stated without a line of the shepherd's.

It is docs/rules.md for a team like that of `redmine_team.py`: landings name issues, an issue says one word at
a time, and a revert undoes one landing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Said = Literal["ok", "untestable", "needstesting", "bad", "", "hidden"]
"""What an issue says: "" is nothing, "hidden" is an issue that the shepherd cannot see."""
WORST_FIRST = ("bad", "unknown", "needstesting", "untestable", "ok")
TRIED = ("ok", "untestable")


@dataclass
class Landed:
    """One landing of the mainline."""

    revno: int
    issues: tuple[int, ...] = ()
    undoes: int = 0
    """The landing that it takes back; 0: none."""


@dataclass
class Statement:
    """Told of every landing, run and word, in order.

    Attributes:
        landings: found by a run, or to be found by the next one.
        deployed: what production runs.
        verdicts: what a person said of a landing itself.
    """

    landings: list[Landed] = field(default_factory=list)
    deployed: int = 1
    verdicts: dict[int, str] = field(default_factory=dict)
    _found: int = 0
    _found_before: int = 0
    """The newest landing of the last run, and of the one before."""
    _read: dict[int, Said] = field(default_factory=dict)
    """What each issue said when it was last seen."""
    _spoken: dict[tuple[int, int], str] = field(default_factory=dict)
    """(landing, issue) -> ok or untestable, where that was said of it."""
    _sealed: set[tuple[int, int]] = field(default_factory=set)
    _failed: set[tuple[int, int]] = field(default_factory=set)
    """Said to be bad, and not yet that it works as it is."""
    _repairs: dict[tuple[int, int], int] = field(default_factory=dict)
    """(landing, issue) -> the later landing together with which it was said that it works."""
    _meant: dict[int, int] = field(default_factory=dict)
    """Issue that is bad -> the landing that this means."""
    _now: dict[int, Said] = field(default_factory=dict)

    def run(self, said: dict[int, Said]) -> None:
        """A run reads this of each issue."""
        for issue, word in said.items():
            ours = [each.revno for each in self.landings if issue in each.issues]
            if not ours or word == "hidden":
                continue
            changed = issue not in self._read or self._read[issue] != word
            self._hear(issue, word, changed, ours)
            self._read[issue] = word
        self._now = dict(said)
        self._found_before, self._found = self._found, self.landings[-1].revno

    def written(self, said: dict[int, Said]) -> None:
        """The tagger wrote, and this is what issues say since."""
        for issue, word in said.items():
            if word == "hidden" or word == self._read.get(issue, word):
                continue
            assert word == "needstesting", f"the tagger set {issue} to {word!r}"
            ours = [each.revno for each in self.landings if issue in each.issues]
            for revno in ours:
                # a word that came together with a landing may be about the earlier ones, which keep it
                if revno > self._found_before and revno != min(ours):
                    self._spoken.pop((revno, issue), None)
                elif self._repairs.pop((revno, issue), 0):
                    # alone it was never tried
                    self._spoken.pop((revno, issue), None)
                elif (revno, issue) in self._spoken:
                    self._sealed.add((revno, issue))
            self._read[issue] = word
        self._now = dict(said)

    def _hear(self, issue: int, word: Said, changed: bool, ours: list[int]) -> None:
        if word in TRIED and changed:
            self._spoken |= {(revno, issue): word for revno in ours}
            self._repair(issue, ours)
        if word == "bad":
            if issue not in self._meant:
                undone = self._undone_at(self.landings[-1].revno)
                waiting = [revno for revno in ours if revno > self.deployed]
                tried = [revno for revno in waiting if revno not in undone]
                meant = self._meant[issue] = max(tried or waiting or ours)
                # what was said of it before is taken back, also for the time when the issue goes back to QA
                self._spoken.pop((meant, issue), None)
                self._sealed.discard((meant, issue))
                self._failed.add((meant, issue))
                self._repairs.pop((meant, issue), None)
        else:
            self._meant.pop(issue, None)
        if word not in TRIED:
            for revno in ours:
                if (revno, issue) not in self._sealed or (word != "bad" and revno == max(ours)):
                    self._spoken.pop((revno, issue), None)
                    self._sealed.discard((revno, issue))
                    self._repairs.pop((revno, issue), None)
        if (max(ours), issue) in self._spoken:
            self._sealed.add((max(ours), issue))

    def _repair(self, issue: int, ours: list[int]) -> None:
        """Somebody tried all that is there: what was bad works with what landed for the issue since."""
        undone = self._undone_at(self.landings[-1].revno)
        for revno in ours:
            later = [each for each in ours if each > revno and each not in undone]
            if (revno, issue) not in self._failed:
                continue
            if later:
                self._repairs[revno, issue] = max(later)
            else:
                self._failed.discard((revno, issue))

    def states(self) -> dict[int, str]:
        """Of the landings that wait for production."""
        return {each.revno: self._state(each) for each in self.landings if each.revno > self.deployed}

    def _state(self, landed: Landed) -> str:
        if landed.revno in self.verdicts:
            return self.verdicts[landed.revno]
        if landed.undoes:
            return "rollback"
        words = [self._of_pair(landed.revno, issue) for issue in landed.issues]
        word = min(words, key=WORST_FIRST.index)
        there = self._is_repaired(landed, self.landings[-1].revno)
        if landed.revno in self._live():
            there = there and self._is_repaired(landed, self.deployed)
        return word if there or word not in TRIED else "bad"

    def _is_repaired(self, landed: Landed, candidate: int) -> bool:
        """Whether what it was tried together with is there, too."""
        undone = self._undone_at(candidate)
        repairs = [self._repairs.get((landed.revno, issue), 0) for issue in landed.issues]
        return all(each <= candidate and each not in undone for each in repairs)

    def _live(self) -> set[int]:
        return {each.revno for each in self.landings if each.revno <= self.deployed} - self._undone_at(
            self.deployed
        )

    def _of_pair(self, revno: int, issue: int) -> str:
        if self._now[issue] == "hidden":
            return "unknown"
        if self._meant.get(issue) == revno:
            return "bad"
        word = self._spoken.get((revno, issue), "needstesting")
        if word == "needstesting" and (revno, issue) in self._failed and revno in self._live():
            later = {each.revno for each in self.landings if each.revno > revno and issue in each.issues}
            return word if later & self._live() else "bad"
        return word

    def deployable(self) -> int | None:
        """The newest candidate that nothing blocks; None: production stays as it is."""
        states = self.states()
        good = (*TRIED, "rollback")
        for candidate in sorted(states, reverse=True):
            undone = self._undone_at(candidate)
            reached = [revno for revno in states if revno <= candidate and revno not in undone]
            if all(states[revno] in good and self._goes(revno, candidate) for revno in reached):
                return candidate
        return None

    def _goes(self, revno: int, candidate: int) -> bool:
        return revno in self.verdicts or self._is_repaired(self.landings[revno - 1], candidate)

    def alarms(self) -> set[int]:
        """Landings that production runs and that are bad."""
        live = [each for each in self.landings if each.revno in self._live()]
        return {each.revno for each in live if each.issues and self._state(each) == "bad"}

    def _undone_at(self, candidate: int) -> set[int]:
        undone: set[int] = set()
        for each in reversed([landed for landed in self.landings if landed.revno <= candidate]):
            if each.undoes and each.revno not in undone:
                undone.add(each.undoes)
        return undone
