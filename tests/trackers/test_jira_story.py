"""A team lands, and people say on Jira what they found: after each run the answer is what an independent
statement of the rules says (redmine_statement.py), and nothing is good that nobody tried."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shepherd.snapshot import Snapshot
from shepherd.trackers import http
from tests.campaigns import times
from tests.project import Project, deployable, states
from tests.trackers.faulty import at_work
from tests.trackers.jira_kit import tracker_on
from tests.trackers.jira_server import Jira
from tests.trackers.jira_writes import as_text
from tests.trackers.redmine_statement import TRIED, Landed, Said, Statement

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

ROUNDS = 12
STATUSES: dict[str, Said] = {
    "QA passed": "ok",
    "Done": "ok",
    "QA failed": "bad",
    "In QA": "needstesting",
    "Not testable": "untestable",
}
VALUES: dict[str, Said] = {
    "passed": "ok",
    "failed": "bad",
    "to try": "needstesting",
    "untestable": "untestable",
}
TABLES = {
    "status": """
[tracker.statuses]
ok = ["QA passed", "Done"]
bad = ["QA failed"]
needstesting = ["In QA"]
untestable = ["Not testable"]
silent = ["To Do", "In Progress"]
""",
    "field": """
[tracker.field]
name = "QA result"
ok = ["passed"]
bad = ["failed"]
needstesting = ["to try"]
untestable = ["untestable"]
""",
}


class JiraTeam:
    """Attributes:
    stubborn: the workflow leads back to QA from no status that says something.
    tried: issue -> the newest landing, each time a person said that what it names is good.
    """

    def __init__(self, folder: Path, jira: Jira, by: str, seed: int) -> None:
        self.jira, self.by = jira, by
        self.chance = random.Random(f"{seed} {by}")
        self.statement = Statement()
        self.tried: dict[int, list[int]] = {}
        self.keys: list[str] = [""]
        """Of the issues, by the numbers that the statement knows them by."""
        self.hidden: set[int] = set()
        self.gone: set[int] = set()
        self.counts: Counter[str] = Counter()
        self.field = jira.field("QA result", *VALUES)
        for name in STATUSES:
            jira.status(name)
        self.stubborn = self.chance.random() < 0.4
        come_from = ("To Do", "In Progress") if self.stubborn else ()
        jira.transition("Hand over", "In QA", *come_from)
        lines = tracker_on(jira, folder, f"cap = 1000\n{TABLES[by]}")
        self.project = Project(folder, 'orphans = "needs-qa"', lines)
        jira.clock = lambda: self.project.now
        self.ids: list[str] = []
        self._land(())
        self.project.deploy(self.ids[0])

    def land(self) -> None:
        for _ in range(self.chance.randint(1, 4)):
            waiting, odds = self._waiting(), self.chance.random()
            undoable = [
                each.revno
                for each in self.statement.landings
                if each.revno > self.statement.deployed and not each.undoes and not self._undone(each.revno)
            ]
            if odds < 0.08 and undoable:
                self._revert(self.chance.choice(undoable))
            elif odds < 0.35 and waiting:
                self._land((self.chance.choice(waiting),))
            elif odds < 0.45 and waiting:
                self._land((self._report(), self.chance.choice(waiting)))
            else:
                self._land((self._report(),))

    def people_work(self) -> None:
        self.project.now += timedelta(minutes=7)
        for issue in sorted(self.hidden - self.gone):
            if self.chance.random() < 0.4:
                self.hidden.discard(issue)
                self.jira.change(self.keys[issue], level="")
        said = self.said()
        for issue in self._waiting():
            if self.chance.random() < (0.08 if said[issue] in TRIED else 0.6):
                self._look_at(issue)

    def run(self) -> None:
        self.statement.run(self.said())
        self.project.find()
        tagged = self.project.tagger()
        self.counts["not given"] += len(tagged.left)
        self.statement.written(self.said())
        self.check(self.project.judge())

    def check(self, snapshot: Snapshot) -> None:
        expected, told = self.statement.states(), states(snapshot)
        differing = {
            revno: (told.get(revno), state)
            for revno, state in expected.items()
            if told.get(revno) != state and not {told.get(revno), state} <= set(TRIED)
        }
        assert not differing, (differing, self.statement)
        assert deployable(snapshot) == self.statement.deployable()
        assert {each.revno for each in snapshot.alarms} == self.statement.alarms()
        for entry in snapshot.landings:
            if entry.good and entry.state != "rollback" and entry.revno > self.statement.deployed:
                for issue in self.statement.landings[entry.revno - 1].issues:
                    assert any(tip >= entry.revno for tip in self.tried.get(issue, ())), (entry.revno, issue)
        for kept in self.jira.issues.values():
            signs = Counter(as_text(each["body"]).rpartition("\n")[2] for each in kept.comments)
            assert max(signs.values(), default=1) == 1, kept.key

    def said(self) -> dict[int, Said]:
        named = {issue for landed in self.statement.landings for issue in landed.issues}
        return {issue: "hidden" if issue in self.hidden else self._word(issue) for issue in sorted(named)}

    def deploy(self) -> None:
        if revno := self.statement.deployable():
            self.project.deploy(self.ids[revno - 1])
            self.statement.deployed = revno
            self.counts["deployed"] += 1

    def _word(self, issue: int) -> Said:
        known = self.jira.issues[self.keys[issue]]
        if self.by == "status":
            return STATUSES.get(known.status, "")
        return VALUES.get((known.fields.get(self.field) or {}).get("value", ""), "")

    def _say(self, issue: int, word: Said) -> None:
        texts = STATUSES if self.by == "status" else VALUES
        text = self.chance.choice([text for text, meaning in texts.items() if meaning == word])
        what: dict[str, Any] = {"status": text}
        if self.by == "field":
            what = {"fields": {self.field: {"value": text}}}
        self.jira.change(self.keys[issue], **what)
        if word in TRIED:
            self.tried.setdefault(issue, []).append(len(self.ids))
        self.counts[f"said {word}"] += 1

    def _look_at(self, issue: int) -> None:
        odds = self.chance.random()
        if odds < 0.6:
            self._say(issue, "ok")
        elif odds < 0.75:
            self._say(issue, "bad")
        elif odds < 0.8:
            self._say(issue, "untestable")
        elif odds < 0.85:
            self._say(issue, "needstesting")
        elif odds < 0.9:
            self.keys[issue] = self.jira.move(self.keys[issue], self.chance.choice(["WEB", "OPS"]))
            self.counts["moved"] += 1
        elif odds < 0.97:
            self.jira.change(self.keys[issue], level="secret")
            self.hidden.add(issue)
            self.counts["hidden"] += 1
        else:
            del self.jira.issues[self.keys[issue]]
            self.hidden.add(issue)
            self.gone.add(issue)
            self.counts["deleted"] += 1

    def _report(self) -> int:
        issue = len(self.keys)
        self.keys.append(f"ABC-{issue}")
        self.jira.issue(f"ABC-{issue}", status=self.chance.choice(["To Do", "In Progress"]))
        return issue

    def _land(self, issues: tuple[int, ...]) -> None:
        names = " ".join(f"ABC-{issue}" for issue in issues)
        self.ids += self.project.land(f"{names} Change {len(self.ids) + 1}".strip())
        self.statement.landings.append(Landed(len(self.ids), issues))

    def _revert(self, revno: int) -> None:
        self.project.now += timedelta(minutes=10)
        date = int(self.project.now.timestamp())
        self.ids.append(self.project.repo.revert(self.ids[revno - 1], date=date))
        self.statement.landings.append(Landed(len(self.ids), (), revno))

    def _waiting(self) -> list[int]:
        waiting = [each for each in self.statement.landings if each.revno > self.statement.deployed]
        return sorted({issue for each in waiting for issue in each.issues if issue not in self.hidden})

    def _undone(self, revno: int) -> bool:
        return any(each.undoes == revno for each in self.statement.landings)


@pytest.mark.parametrize("by", ["status", "field"])
@pytest.mark.parametrize("seed", range(times(2)))
def test_the_answer_is_what_people_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str, seed: int
) -> None:
    monkeypatch.setattr(http, "WRITE_EVERY", 0.0)
    with at_work(Jira(cloud=seed % 2 == 0)) as jira:
        team = JiraTeam(tmp_path / "team", jira, by, seed)
        team.run()
        for _ in range(ROUNDS):
            team.land()
            team.run()
            team.people_work()
            team.run()
            if team.chance.random() < 0.3:
                team.deploy()
                team.run()
        assert team.counts["said ok"] > 3
        if team.stubborn and by == "status":
            # told once for each landing that an issue could not be moved for
            assert team.counts["not given"] <= len(team.ids)
