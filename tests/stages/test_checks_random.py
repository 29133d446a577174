"""Checks that change at random, while a branch is judged again and again: what the answer may never be, and
what may never be asked (docs/rules.md#checks)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import get_args

import pytest

from shepherd.conditions import STATE_OF, CheckWord, Conditions
from shepherd.landing import Deployed, Landing, Reading, Revision
from shepherd.rules import Judgement, judge
from shepherd.run import Run, no_telling
from shepherd.settings import parse
from shepherd.stages.check_memory import OLD, SELDOM, ChecksMemory
from shepherd.stages.checks import ChecksReading, read_checks
from shepherd.words import Options, RecordedEvidence, TrackerData
from tests.ci import Ci, install

CANDIDATES = 70
SETTINGS = parse(
    '[branches.stable]\nrepository = "r.git"\nref = "stable"\ndeployed = { ref = "p" }\nchecks = ["build"]\n'
    '[tracker]\ntype = "file"\npath = "bugs.json"\n',
    Path("/etc/qa/shepherd.toml"),
)


def sha(revno: int) -> str:
    return f"{revno:040x}"


def unblocked() -> Judgement:
    """r1 is live; nothing blocks what came after it."""
    landings = tuple(
        Landing(revno, sha(revno), 1_300_000_000 + revno, labels=("no-qa",))
        for revno in range(1, CANDIDATES + 2)
    )
    reading = Reading(
        landings, Revision(CANDIDATES + 1, sha(CANDIDATES + 1)), Deployed(1, sha(1)), Revision(9, sha(9))
    )
    conditions = Conditions(checks=("build",))
    return judge(reading, TrackerData({}), RecordedEvidence(1), Options(), conditions=conditions)


class Team:
    """A branch whose checks change, judged by a clock of its own."""

    def __init__(self, ci: Ci, seed: int) -> None:
        self.ci = ci
        self.random = Random(seed)
        self.now = datetime(2026, 11, 1, tzinfo=UTC)
        self.memory: ChecksMemory | None = None
        self.judgement = unblocked()
        self.held: set[str] = set()
        """What was once read to hold."""
        red: list[CheckWord | None] = ["failed"] * 6
        self.words = self.random.choices([*red, None, *get_args(CheckWord)], k=5)
        for candidate in self.candidates:
            self.change(candidate)

    @property
    def candidates(self) -> list[str]:
        """Newest first."""
        return [sha(revno) for revno in range(CANDIDATES + 1, 1, -1)]

    def change(self, candidate: str) -> None:
        self.ci.unreadable.pop(candidate, None)
        self.ci.words.pop(candidate, None)
        if (word := self.random.choice(self.words)) is not None:
            self.ci.words[candidate] = word
        elif self.random.random() < 0.2:
            self.ci.unreadable[candidate] = "it is locked"

    def holds(self, candidate: str) -> bool:
        word = self.ci.words.get(candidate)
        return isinstance(word, str) and STATE_OF[word] == "holds"

    def read(self, afresh: tuple[str, ...] | None = None) -> ChecksReading:
        run = Run("run", self.now, "tester", no_telling)
        reading = read_checks(SETTINGS, "stable", self.judgement, run, self.memory, afresh=afresh)
        self.memory = reading.memory
        return reading


@pytest.mark.parametrize("seed", range(60))
def test_whatever_checks_do(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    ci = install(monkeypatch)
    team = Team(ci, seed)
    for _ in range(15):
        team.now += timedelta(minutes=team.random.choice([5, 5, 60, 600, 3000]))
        for candidate in team.random.sample(team.candidates, team.random.randrange(6)):
            team.change(candidate)
        ci.breaks_after = team.random.choice([None, None, None, 0, 7, 30])
        afresh = team.random.choice([None, None, None, (sha(5),)])
        known = dict(team.memory.commits) if team.memory else {}
        reading = team.read(afresh)
        asked = ci.was_asked()
        assert len(asked) == len(set(asked))
        latest = reading.judgement.latest
        answer = sha(latest) if latest is not None else ""
        if afresh is None:
            assert not team.held.intersection(asked), "what is known to hold is not asked for"
        else:
            assert not answer or answer in asked, "nothing that makes the answer comes from memory"
        # one that cannot be read just now does not make anybody forget that it held
        team.held -= set(asked) - ci.unreadable.keys()
        team.held |= {candidate for candidate in asked if team.holds(candidate)}
        assert not answer or answer in team.held
        above = team.candidates[: team.candidates.index(answer)] if answer else team.candidates
        for candidate in above:
            if candidate in asked:
                assert not team.holds(candidate)
                continue
            if ci.breaks_after is not None:
                continue
            assert candidate in known, "everything above the answer is known"
            now, before = int(team.now.timestamp()), known[candidate]
            assert now - before.first >= OLD
            assert now - before.asked < SELDOM
        if ci.breaks_after is None:
            assert not reading.problems or all("locked" in problem for problem in reading.problems)
