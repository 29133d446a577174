"""Kill -9 of find, tag and judge over a real Redmine: in the end all is as if nobody had, and nothing is said
twice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3  # noqa: F401 - imported here once, and not in every process that is killed

from tests.campaigns.at_requests import Victim, kill_before_answer
from tests.campaigns.killing import forked, undisturbed
from tests.project import Project
from tests.trackers.faulty import at_work
from tests.trackers.redmine_proxy import RedmineProxy
from tests.trackers.redmine_site import RedmineSite
from tests.trackers.redmine_team import STATUSES, VALUES, By, tracker_lines

pytestmark = [pytest.mark.real, pytest.mark.timeout(1200)]


class OnRedmine(Victim):
    """Landings on issues in every condition wait to be tagged: new ones, one that is good for an earlier
    landing, a bad one, one that was rolled back, one without a workflow, a hidden one, and one that is not
    there."""

    def __init__(self, folder: Path, site: RedmineSite, way: RedmineProxy, by: By) -> None:
        self.site, self.way, self.server, self.by = site, way, way, by
        folder.mkdir()
        (folder / "redmine-key").write_text(site.key("shepherd"))
        (folder / "redmine-key").chmod(0o600)
        self.project = Project(folder, 'orphans = "needs-qa"', tracker_lines(way.root, by))
        self._live()
        self._kept = folder / "redmine.sqlite3"
        site.save(self._kept)
        self.begin(folder / "saved")
        assert self.written() >= 5

    def _live(self) -> None:
        ann, project = self.site.person("ann"), self.project
        issues = [ann.report(f"Issue {number}") for number in range(6)]
        good, bad, undone = issues[:3]
        ids = project.land(
            "Begin", f"One\n\nRefs #{good}", f"Two\n\nFixes #{bad}", f"Three\n\nFixes #{undone}"
        )
        project.deploy(ids[0])
        undisturbed(self.run)
        self._says(good, "ok")
        self._says(bad, "bad")
        ann.change(good, notes="Nice.")
        undisturbed(self.run)
        support = ann.report("Support", tracker="Support")
        hidden = ann.report("Hidden", project="vault")
        named = (good, bad, issues[3], f"{issues[4]}, #{issues[5]}", support, hidden, 999)
        project.land(*(f"Change\n\nFixes #{each}" for each in named))
        project.repo.revert(ids[3], date=int(project.now.timestamp()))

    def _says(self, issue: int, word: str) -> None:
        texts = STATUSES if self.by == "status" else VALUES
        text = next(text for text, meaning in texts.items() if meaning == word)
        quinn = self.site.person("quinn")
        if self.by == "status":
            quinn.change(issue, status=text)
        else:
            quinn.change(issue, field={"QA result": text})

    def things(self) -> list[dict[Any, Any]]:
        return []

    def asked(self) -> list[str]:
        return self.way.asked

    def written(self) -> int:
        return sum(not each.startswith("GET") for each in self.requests)

    def restore(self) -> None:
        super().restore()
        self.site.load(self._kept)

    def said(self) -> dict[str, Any]:
        """Of each issue: what it is, and every note and every change that Redmine has of it."""
        journals = self.site.rows(
            "SELECT journals.journalized_id, journals.user_id, journals.notes, journal_details.prop_key,"
            " journal_details.old_value, journal_details.value FROM journals"
            " LEFT JOIN journal_details ON journal_details.journal_id = journals.id"
        )
        changes = sorted(map(repr, journals))
        assert len(set(changes)) == len(changes), "something is there twice"
        values = self.site.rows(
            "SELECT customized_id, custom_field_id, value FROM custom_values WHERE value != ''"
        )
        return {
            "issues": sorted(self.site.rows("SELECT id, status_id FROM issues")),
            "values": sorted(values),
            "changes": changes,
        }


@pytest.fixture(params=["status", "field"])
def victim(request: pytest.FixtureRequest, redmine: RedmineSite, tmp_path: Path) -> Iterator[OnRedmine]:
    with at_work(RedmineProxy(redmine.port)) as way:
        yield OnRedmine(tmp_path / "project", redmine, way, request.param)


def test_after_some_requests(victim: OnRedmine) -> None:
    writes = [number for number, each in enumerate(victim.requests) if not each.startswith("GET")]
    for number in (1, writes[0], writes[len(writes) // 2], writes[-1] + 1):
        victim.killed_at(number)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_after_every_request(victim: OnRedmine, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(len(victim.requests)):
        victim.killed_at(number)
    with capsys.disabled():
        told = f"killed after each of {len(victim.requests)} requests, {victim.written()} of them writes"
        print(f"\nRedmine, by {victim.by}: {told}")


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_again_and_again_until_one_comes_to_its_end(victim: OnRedmine) -> None:
    """One run after the other dies, each one request later than the one before."""
    victim.restore()
    runs = 1
    while _died_at(victim, runs):
        runs += 1
    assert runs > victim.written()
    assert victim.outcome() == victim.expected


def _died_at(victim: OnRedmine, number: int) -> bool:
    """A run, dead before it hears of its request `number`, from 1; False if it made fewer."""
    name_child, seen = kill_before_answer(victim.server, number - 1)
    child = forked(victim.run)
    name_child(child)
    status = os.waitpid(child, 0)[1]
    victim.server.tell = lambda _request: None
    assert status == 0 or seen[0] == number
    return status != 0
