"""Kill -9 of find, tag and judge over Redmine's wire format: in the end all is as if nobody had."""

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
from tests.trackers.redmine_server import Redmine

pytestmark = pytest.mark.real

WORDS = """
[tracker.statuses]
ok = ["QA passed"]
bad = ["QA failed"]
needstesting = ["In QA"]
silent = ["New", "In Progress"]
[tracker.field]
name = "QA result"
ok = ["passed"]
"""


class OnRedmine(Victim):
    """Landings name issues that say words by their status or their field; some cannot be moved."""

    def __init__(self, redmine: Redmine, folder: Path) -> None:
        self.server = self.redmine = redmine
        key = folder / "key"
        key.write_text(f"{redmine.token}\n")
        key.chmod(0o600)
        lines = (
            f'type = "redmine"\nservice_root = "{redmine.root}"\ncredentials_file = "{key}"\n'
            f'status = {{ rolled_back = "In Progress" }}\n{WORDS}'
        )
        self.project = Project(folder / "project", 'orphans = "needs-qa"', lines)
        self._live()
        self.begin(folder / "saved")
        assert self.written() >= 4

    def _live(self) -> None:
        redmine, project = self.redmine, self.project
        for number in (1, 2, 3, 4, 5):
            redmine.issue(number)
        ids = project.land("Begin", "One (#1)", "Two, fixes #2")
        project.deploy(ids[0])
        undisturbed(self.run)
        redmine.change(1, "QA passed", note="Tried it.")
        redmine.change(2, QA_result="passed")
        redmine.change(5, "Resolved")
        redmine.reach["Resolved"] = ("Closed",)
        project.land("Three (#3)", "Four (#4)", "More of four, refs #4", "Two again (#2)", "Five (#5)")
        project.repo.revert(ids[1], date=int(project.now.timestamp()))

    def things(self) -> list[dict[Any, Any]]:
        return [self.redmine.issues]

    def asked(self) -> list[str]:
        return self.redmine.asked

    def said(self) -> dict[str, Any]:
        return {
            "issues": {
                number: (issue.status, dict(issue.values), [note.text for note in issue.notes])
                for number, issue in self.redmine.issues.items()
            }
        }

    def written(self) -> int:
        return sum(each.startswith("PUT") for each in self.requests)


@pytest.fixture
def victim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OnRedmine]:
    monkeypatch.setattr(http, "WRITE_EVERY", 0.0)
    with at_work(Redmine()) as redmine:
        yield OnRedmine(redmine, tmp_path)


def test_after_every_request(victim: OnRedmine, capsys: pytest.CaptureFixture[str]) -> None:
    """There are few: what is said on an issue is one request."""
    for number in range(len(victim.requests)):
        victim.killed_at(number)
    with capsys.disabled():
        print(f"\nkilled after each of {len(victim.requests)} requests, {victim.written()} of them writes")


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_at_any_moment(victim: OnRedmine) -> None:
    victim.killed_at_random(times(100))
