"""Kill -9 of find, tag and judge over Launchpad's wire format: in the end all is as if nobody had."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3  # noqa: F401 - imported here once, and not in every process that is killed

from tests.campaigns import times
from tests.campaigns.at_requests import Victim
from tests.campaigns.killing import undisturbed
from tests.project import Project
from tests.trackers.launchpad_server import Bug, Server, credentials, serving

pytestmark = pytest.mark.real


class OnLaunchpad(Victim):
    """Landings of every row of the table, on bugs that have seen earlier ones."""

    def __init__(self, folder: Path, lp: Server) -> None:
        self.lp = self.server = lp
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "credentials"
        file.write_text(credentials())
        file.chmod(0o600)
        lp.token = "its-token"
        tracker = f'type = "launchpad"\nproject = "{lp.project}"\nservice_root = "{lp.root}"\n'
        self.project = Project(folder, tracker=f'{tracker}credentials_file = "credentials"\n')
        self._live()
        self.begin(folder / "saved")
        assert self.written() > 15

    def _live(self) -> None:
        ids = self.project.land("[no-qa] Begin", "[bug=1] One", "[bug=2] Two", "[bug=3] Three")
        self.project.deploy(ids[0])
        for number in range(1, 9):
            self.lp.bugs[number] = Bug(["ui"], comments=["Me too."])
        undisturbed(self.run)
        self.lp.change(1, tags=["ui", "qa-ok"])
        self.lp.change(2, tags=["qa-bad", "bad-commit-3"])
        self.project.land(
            *("[bug=1] More of one", "[rollback=3] Out", "[bug=4][incr] Four", "[bug=5][no-qa] Five"),
            *("[bug=6][qa-ok] Six", "[bug=4,7] Seven", "[bug=5] More of five", "[bug=99] Nowhere"),
        )

    def things(self) -> list[dict[Any, Any]]:
        return [self.lp.bugs]

    def asked(self) -> list[str]:
        return self.lp.requests

    def said(self) -> dict[str, Any]:
        bugs = {
            number: (bug.tags, bug.status, sorted(bug.comments))
            for number, bug in sorted(self.lp.bugs.items())
        }
        return {"bugs": bugs}

    def written(self) -> int:
        return sum(not request.startswith("GET") for request in self.requests)


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[OnLaunchpad]:
    with serving() as lp:
        yield OnLaunchpad(tmp_path / "project", lp)


def test_after_some_requests(victim: OnLaunchpad) -> None:
    victim.killed_at_some()


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_after_every_request(victim: OnLaunchpad, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(len(victim.requests)):
        victim.killed_at(number)
    with capsys.disabled():
        print(f"\nkilled after each of {len(victim.requests)} requests, {victim.written()} of them writes")


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_at_any_moment(victim: OnLaunchpad) -> None:
    victim.killed_at_random(times(100))
