"""Jira goes wrong at random while landings are tagged: nothing is said twice, nothing becomes good by it, and
in the end all is as if nothing had gone wrong."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import ShepherdError
from shepherd.trackers import http
from tests.campaigns import times
from tests.project import Project, states
from tests.trackers.faulty import at_work
from tests.trackers.jira_kit import tracker_on
from tests.trackers.jira_server import Jira
from tests.trackers.jira_writes import as_text

pytestmark = pytest.mark.real

WHAT: tuple[int | str, ...] = (429, 500, 502, 503, 409, 401, "reset", "lose", "truncate", "html", "broken")
WHERE = ("", "PUT", "POST", "comment", "transitions", "GET", "search", "bulkfetch", "issue/ABC-2")
STATUSES = """
[tracker.statuses]
ok = ["QA passed"]
bad = ["QA failed"]
needstesting = ["In QA"]
silent = ["Open"]
"""


class Team:
    """Four landings name three issues; by statuses, or by labels."""

    def __init__(self, jira: Jira, folder: Path, by_status: bool) -> None:
        self.jira = jira
        lines = tracker_on(jira, folder, STATUSES if by_status else "")
        self.project = Project(folder / "project", 'orphans = "needs-qa"', lines)
        jira.clock = lambda: self.project.now
        jira.transition("To QA", "In QA", "Open", "QA passed")
        first = self.project.land("Begin", "ABC-1 One")
        for number in (1, 2, 3):
            jira.issue(f"ABC-{number}", "ui", status="Open")
        self.project.deploy(first[0])
        self.project.full_run()
        said: dict[str, Any] = {"status": "QA passed"} if by_status else {"labels": ["ui", "qa-ok"]}
        jira.change("ABC-1", **said)
        self.project.full_run()
        self.project.land("ABC-1 Two", "ABC-2 Three", "ABC-3 Four", "ABC-2 Five")

    def run(self) -> dict[int, str]:
        """One run, which may fail anywhere; the states by it, none where there is no answer."""
        http._RESTS.clear()
        self.project.find()
        try:
            self.project.tagger()
            return states(self.project.judge())
        except ShepherdError:
            return {}

    def said(self) -> dict[str, tuple[str, list[str], Counter[str]]]:
        return {
            key: (
                issue.status,
                sorted(issue.labels),
                Counter(as_text(each["body"]) for each in issue.comments),
            )
            for key, issue in self.jira.issues.items()
        }


@pytest.mark.parametrize("by_status", [True, False], ids=["statuses", "labels"])
@pytest.mark.parametrize("seed", range(times(6)))
def test_in_the_end_all_is_as_if_nothing_had_gone_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hasty: None, seed: int, by_status: bool
) -> None:
    monkeypatch.setattr(http, "WRITE_EVERY", 0.0)
    monkeypatch.setattr(http, "PATIENCE", 5.0)
    chance = random.Random(seed)
    cloud = chance.random() < 0.5
    with at_work(Jira(cloud)) as calm:
        undisturbed = Team(calm, tmp_path / "calm", by_status)
        undisturbed.run()
        expected = undisturbed.said()
        good = {revno for revno, state in undisturbed.run().items() if state == "ok"}
    with at_work(Jira(cloud)) as jira:
        team = Team(jira, tmp_path / "storm", by_status)
        for _ in range(4):
            for _ in range(chance.randint(1, 3)):
                more = {"times": chance.choice([1, 2, 9]), "after": chance.randrange(4)}
                jira.fail(chance.choice(WHAT), on=chance.choice(WHERE), **more)
            found = team.run()
            assert {revno for revno, state in found.items() if state == "ok"} <= good
            for _, _, comments in team.said().values():
                assert max(comments.values(), default=1) == 1
        jira.repair()
        jira.complaints.clear()
        for _ in range(2):
            team.run()
        assert team.said() == expected
