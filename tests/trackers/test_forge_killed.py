"""Kill -9 of find, tag and judge over the wire formats of both forges: in the end all is as if nobody had."""

from __future__ import annotations

from typing import Any

import pytest
import urllib3  # noqa: F401 - imported here once, and not in every process that is killed

from tests.campaigns import times
from tests.campaigns.at_requests import Victim
from tests.campaigns.killing import undisturbed
from tests.project import Project
from tests.trackers.forge_kit import Kit

pytestmark = pytest.mark.real

WORDS = '\n[tracker.words]\nok = ["QA pass"]\n'


class OnForge(Victim):
    """Requests landed in every way; some labels are not there yet."""

    def __init__(self, kit: Kit) -> None:
        self.kit, self.forge, self.server = kit, kit.forge, kit.forge
        branch = 'orphans = "needs-qa"\nmarks = ["brackets", "forge"]'
        self.project = Project(kit.folder / "project", branch, kit.lines(WORDS))
        self._live()
        self.begin(kit.folder / "saved")
        assert self.written() >= 10

    def _live(self) -> None:
        kit, project = self.kit, self.project
        ids = project.land("Begin", "One (#1)", "[bug=30] Two")
        kit.requests[1] = kit.request("ui", commits=(ids[1],))
        kit.issues[30] = kit.issue("ui")
        project.deploy(ids[0])
        undisturbed(self.run)
        kit.requests[1].labels = ["ui", "qa-ok"]
        kit.issues[30].labels = ["ui", "QA Pass"]
        new = project.land(
            "Three (#3)", "Four", "More of four", "[bug=30] Five", "[no-qa] Six", "[bug=99] No"
        )
        for number, commits in ((3, new[:1]), (4, new[1:3]), (6, new[4:5])):
            kit.requests[number] = kit.request("ui", commits=commits, comments=["Nice."])
        project.repo.revert(ids[1], date=int(project.now.timestamp()))
        self.forge.bodies.clear()

    def things(self) -> list[dict[Any, Any]]:
        return [self.kit.requests, self.kit.issues, self.forge.labels]

    def asked(self) -> list[str]:
        return self.forge.asked

    def said(self) -> dict[str, Any]:
        things = {
            number: (sorted(thing.labels), sorted(thing.comments))
            for rows in (self.kit.requests, self.kit.issues)
            for number, thing in sorted(rows.items())
        }
        return {"things": things, "labels": dict(self.forge.labels)}

    def written(self) -> int:
        return sum(not each.startswith("GET") and "graphql" not in each for each in self.requests)


@pytest.fixture
def victim(kit: Kit) -> OnForge:
    return OnForge(kit)


def test_after_some_requests(victim: OnForge) -> None:
    victim.killed_at_some()


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_after_every_request(victim: OnForge, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(len(victim.requests)):
        victim.killed_at(number)
    with capsys.disabled():
        told = f"killed after each of {len(victim.requests)} requests, {victim.written()} of them writes"
        print(f"\n{victim.forge.kind}: {told}")


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_at_any_moment(victim: OnForge) -> None:
    victim.killed_at_random(times(100))
