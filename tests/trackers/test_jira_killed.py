"""Kill -9 of find, tag and judge over Jira's wire format: in the end all is as if nobody had."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3  # noqa: F401 - imported here once, and not in every process that is killed

from shepherd.trackers import http
from tests.campaigns import times
from tests.campaigns.at_requests import Victim
from tests.campaigns.killing import undisturbed
from tests.project import Project
from tests.trackers.faulty import at_work
from tests.trackers.jira_kit import tracker_on
from tests.trackers.jira_server import Jira
from tests.trackers.jira_writes import as_text

pytestmark = pytest.mark.real

STATUSES = """
[tracker.statuses]
ok = ["QA passed"]
bad = ["QA failed"]
needstesting = ["In QA"]
silent = ["Open"]
"""


class OnJira(Victim):
    """Landings name issues that say words by labels and by their status; some cannot be moved."""

    def __init__(self, jira: Jira, folder: Path) -> None:
        self.server = self.jira = jira
        lines = tracker_on(jira, folder, f'status = {{ rolled_back = "Open" }}\n{STATUSES}')
        self.project = Project(folder / "project", 'orphans = "needs-qa"', lines)
        jira.clock = lambda: self.project.now
        self._live()
        self.begin(folder / "saved")
        assert self.written() >= 8

    def _live(self) -> None:
        jira, project = self.jira, self.project
        jira.transition("To QA", "In QA", "Open", "QA passed")
        jira.transition("Reopen", "Open", "In QA")
        ids = project.land("Begin", "ABC-1 One", "ABC-2 Two")
        for number in (1, 2, 3, 4):
            jira.issue(f"ABC-{number}", "ui", status="Open")
        project.deploy(ids[0])
        undisturbed(self.run)
        jira.change("ABC-1", status="QA passed")
        jira.change("ABC-2", labels=["ui", "qa-ok"])
        project.land("ABC-1 Three", "ABC-2 Four", "ABC-3 Five", "ABC-99 No", "ABC-4 Six", "[ABC-3] Seven")
        project.repo.revert(ids[1], date=int(project.now.timestamp()))

    def things(self) -> list[dict[Any, Any]]:
        return [self.jira.issues]

    def asked(self) -> list[str]:
        return self.jira.asked

    def said(self) -> dict[str, Any]:
        return {
            key: (
                issue.status,
                sorted(issue.labels),
                sorted(as_text(each["body"]) for each in issue.comments),
            )
            for key, issue in sorted(self.jira.issues.items())
        }

    def written(self) -> int:
        ends = ("/comment", "/transitions")
        return sum(each.startswith("PUT") or each.endswith(ends) for each in self.requests)


@pytest.fixture(params=["cloud", "data center"])
def victim(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OnJira]:
    monkeypatch.setattr(http, "WRITE_EVERY", 0.0)
    with at_work(Jira(cloud=request.param == "cloud")) as jira:
        yield OnJira(jira, tmp_path)


def test_after_some_requests(victim: OnJira) -> None:
    victim.killed_at_some()


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_after_every_request(victim: OnJira, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(len(victim.requests)):
        victim.killed_at(number)
    with capsys.disabled():
        told = f"killed after each of {len(victim.requests)} requests, {victim.written()} of them writes"
        print(f"\nJira: {told}")


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_at_any_moment(victim: OnJira) -> None:
    victim.killed_at_random(times(100))
