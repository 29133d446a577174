"""A team that works with a real Redmine: landings name issues, and people say what they found, each with
their own API key, by the status or by a field.

After each run the answer is compared with what `redmine_statement.py` says of it.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Literal

from shepherd.snapshot import Snapshot
from tests.project import Project, deployable, states
from tests.trackers.redmine_proxy import RedmineProxy
from tests.trackers.redmine_site import RedmineSite
from tests.trackers.redmine_statement import TRIED, Landed, Said, Statement

By = Literal["status", "field"]
STATUSES: dict[str, Said] = {
    "QA passed": "ok",
    "Closed": "ok",
    "QA failed": "bad",
    "In QA": "needstesting",
    "Not testable": "untestable",
}
VALUES: dict[str, Said] = {
    "passed": "ok",
    "failed": "bad",
    "untested": "needstesting",
    "untestable": "untestable",
}
SETTINGS = {
    "status": """
[tracker.statuses]
ok = ["QA passed", "Closed"]
bad = ["QA failed"]
needstesting = ["In QA"]
untestable = ["Not testable"]
silent = ["New", "In Progress", "Resolved", "Feedback", "Rejected"]
""",
    "field": """
[tracker.field]
name = "QA result"
ok = ["passed"]
bad = ["failed"]
needstesting = ["untested"]
untestable = ["untestable"]
""",
}


class RedmineTeam:
    """Attributes:
    counts: what people did, and how often.
    tried: issue -> the newest landing, each time a person said that what it names is good.
    """

    def __init__(self, folder: Path, site: RedmineSite, way: RedmineProxy, by: By, seed: int = 1) -> None:
        self.site, self.way, self.by = site, way, by
        self.chance = random.Random(f"{seed} {by}")
        self.counts: Counter[str] = Counter()
        self.tried: dict[int, list[int]] = {}
        self.statement = Statement()
        self.people = [site.person("ann"), site.person("quinn")]
        self.hidden: dict[int, int] = {}
        """Issue -> the round in which it can be seen again; 0: never."""
        self.round = 0
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "redmine-key").write_text(site.key("shepherd"))
        (folder / "redmine-key").chmod(0o600)
        self.project = Project(folder, 'orphans = "needs-qa"', tracker_lines(way.root, by))
        self.ids: list[str] = []
        self.land_on()
        self.project.deploy(self.ids[0])

    # what people do

    def land(self, count: int) -> None:
        """Landings that name an issue of their own, one that others name, or two; now and then a revert."""
        for _ in range(count):
            issues = self._waiting_issues()
            odds = self.chance.random()
            undoable = [
                each
                for each in self.statement.landings[1:]
                if not each.undoes
                and not self._is_undone(each.revno)
                and each.revno > self.statement.deployed
            ]
            if odds < 0.06 and undoable:
                self.revert(self.chance.choice(undoable).revno)
            elif odds < 0.25 and issues:
                self.land_on(self.chance.choice(issues))
            elif odds < 0.35 and issues:
                self.land_on(self.report(), self.chance.choice(issues))
            else:
                self.land_on(self.report())

    def land_on(self, *issues: int) -> None:
        """One landing that names these."""
        title, keyword = f"Change {len(self.ids) + 1}", self.chance.choice(["Fixes", "refs"])
        names = ", ".join(f"#{issue}" for issue in issues)
        self.ids += self.project.land(f"{title}\n\n{keyword} {names}" if issues else title)
        self.statement.landings.append(Landed(len(self.ids), issues))

    def report(self) -> int:
        who = self.chance.choice(self.people)
        return who.report(f"It fails, case {len(self.ids)}", self.chance.choice(["shop", "shop", "open"]))

    def revert(self, revno: int) -> None:
        self.project.now += timedelta(minutes=10)
        date = int(self.project.now.timestamp())
        self.ids.append(self.project.repo.revert(self.ids[revno - 1], date=date))
        self.statement.landings.append(Landed(len(self.ids), (), revno))
        self.counts["rolled back"] += 1

    def people_work(self) -> None:
        """Somebody looks at some of the issues that wait, as people do."""
        for issue, until in list(self.hidden.items()):
            if until == self.round:
                self._show(issue)
            elif not until:
                self._give_verdicts(issue)
        said = self.said()
        for issue in self._waiting_issues():
            if self.chance.random() < (0.05 if said[issue] in TRIED else 0.7):
                self._look_at(issue)

    def say(self, issue: int, word: Said, notes: str = "") -> None:
        """By a status or the field, whichever the team uses."""
        person, texts = self.chance.choice(self.people), STATUSES if self.by == "status" else VALUES
        text = self.chance.choice([text for text, meaning in texts.items() if meaning == word])
        if self.by == "status":
            person.change(issue, status=text, notes=notes)
        else:
            person.change(issue, field={"QA result": text}, notes=notes)
        if word in TRIED:
            self.tried.setdefault(issue, []).append(len(self.ids))
        self.counts[f"said {word}"] += 1

    def deploy(self, revno: int) -> None:
        self.project.deploy(self.ids[revno - 1])
        self.statement.deployed = revno

    # what the shepherd does

    def run(self) -> Snapshot:
        """One run; what it answers is what the statement says."""
        self.statement.run(self.said())
        self.project.find()
        tagged = self.project.tagger()
        self.statement.written(self.said())
        snapshot = self.project.judge()
        self.check(snapshot)
        self.counts["not written"] += len(tagged.failures)
        return snapshot

    def check(self, snapshot: Snapshot) -> None:
        assert snapshot.answer != "no-data", snapshot.problems
        expected, waiting = self.statement.states(), states(snapshot)
        differing = {
            revno: (told, state, self._described(revno, snapshot))
            for revno, state in expected.items()
            # which of two good words it was makes no difference to anybody
            if (told := waiting.get(revno, "")) != state and not {told, state} <= set(TRIED)
        }
        assert not differing, differing
        answers = (deployable(snapshot), self.statement.deployable())
        assert answers[0] == answers[1], answers
        alarms = ({each.revno for each in snapshot.alarms}, self.statement.alarms())
        assert alarms[0] == alarms[1], (*alarms, self.statement)
        for entry in snapshot.landings:
            if entry.good and entry.state != "rollback" and entry.revno > self.statement.deployed:
                # whatever the statement says: what is good was tried after it had landed
                if entry.revno in self.statement.verdicts:
                    continue
                for issue in self.statement.landings[entry.revno - 1].issues:
                    assert any(tip >= entry.revno for tip in self.tried.get(issue, ())), (entry.revno, issue)

    def said(self) -> dict[int, Said]:
        """What each issue says, out of Redmine's own database."""
        if self.by == "status":
            rows = self.site.rows(
                "SELECT issues.id, issue_statuses.name FROM issues"
                " JOIN issue_statuses ON issue_statuses.id = issues.status_id"
            )
            words = {int(issue): STATUSES.get(name, "") for issue, name in rows}
        else:
            rows = self.site.rows(
                "SELECT issues.id, custom_values.value FROM issues"
                " LEFT JOIN custom_values ON custom_values.customized_id = issues.id"
                " AND customized_type = 'Issue' AND custom_field_id ="
                " (SELECT id FROM custom_fields WHERE name = 'QA result')"
            )
            words = {int(issue): VALUES.get(value or "", "") for issue, value in rows}
        named = {issue for landed in self.statement.landings for issue in landed.issues}
        return {issue: "hidden" if issue in self.hidden else words[issue] for issue in sorted(named)}

    # how

    def _waiting_issues(self) -> list[int]:
        """Those of landings that wait for production, as far as they can be seen."""
        waiting = [each for each in self.statement.landings if each.revno > self.statement.deployed]
        return sorted({issue for each in waiting for issue in each.issues if issue not in self.hidden})

    def _is_undone(self, revno: int) -> bool:
        return any(each.undoes == revno for each in self.statement.landings)

    def _look_at(self, issue: int) -> None:
        odds, person = self.chance.random(), self.chance.choice(self.people)
        if odds < 0.55:
            self.say(issue, "ok", self.chance.choice(["", "Tried it."]))
        elif odds < 0.65:
            self.say(issue, "bad", self.chance.choice(["", "It still fails, see #1."]))
        elif odds < 0.70:
            self.say(issue, "untestable")
        elif odds < 0.74:
            self.say(issue, "needstesting")
        elif odds < 0.80:
            person.change(issue, notes="I cannot reproduce it.", private_notes=odds < 0.77)
            self.counts["note"] += 1
        elif odds < 0.86:
            person.change(issue, assigned_to_id=self._id_of(self.chance.choice(["ann", "quinn"])))
            self.counts["assigned"] += 1
        elif odds < 0.90:
            person.change(issue, project_id=self._project("other"))
            self.counts["moved"] += 1
        elif odds < 0.93:
            person.change(issue, project_id=self._project("vault"))
            self._hide(issue, "moved where the shepherd cannot see")
        elif odds < 0.97:
            person.change(issue, is_private=True)
            self._hide(issue, "made private")
        elif issue < max(self.said()):  # Redmine on SQLite would give the number of its newest issue again
            person.delete(issue)
            self.hidden[issue] = 0
            self.counts["deleted"] += 1

    def _hide(self, issue: int, how: str) -> None:
        self.hidden[issue] = self.round + 2
        self.counts[how] += 1

    def _show(self, issue: int) -> None:
        del self.hidden[issue]
        self.people[0].change(issue, project_id=self._project("shop"), is_private=False)

    def _give_verdicts(self, issue: int) -> None:
        """Of landings whose issue is gone for ever, a person says it to the shepherd."""
        for each in self.statement.landings:
            told = each.revno in self.statement.verdicts or each.revno <= self.statement.deployed
            if issue in each.issues and not told:
                self.project.verdict(f"r{each.revno}", "ok")
                self.statement.verdicts[each.revno] = "ok"

    def _project(self, identifier: str) -> int:
        return int(self.site.rows("SELECT id FROM projects WHERE identifier = ?", identifier)[0][0])

    def _id_of(self, login: str) -> int:
        return int(self.site.rows("SELECT id FROM users WHERE login = ?", login)[0][0])

    def _described(self, revno: int, snapshot: Snapshot) -> str:
        reason = next((each.reason for each in snapshot.landings if each.revno == revno), "not there")
        return f"{self.statement.landings[revno - 1]} {reason}"


def tracker_lines(root: str, by: By) -> str:
    """Of [tracker], and its tables."""
    place = f'service_root = "{root}"\ncredentials_file = "redmine-key"'
    return f'type = "redmine"\n{place}\ncap = 1000\n{SETTINGS[by]}'
