"""Kill -9 of find, tag and judge over Launchpad's wire format: in the end all is as if nobody had."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import launchpadlib.launchpad  # noqa: F401 - imported here once, and not in every process that is killed
import pytest

from ops import stages, tag
from tests.campaigns import times
from tests.campaigns.killing import forked, undisturbed
from tests.campaigns.outcome import kept_snapshots
from tests.project import Project
from tests.trackers.conftest import credentials
from tests.trackers.launchpad_server import Bug, Server, serving

pytestmark = pytest.mark.real


class Victim:
    """Landings of every row of the table wait to be tagged, on bugs that have seen earlier ones."""

    def __init__(self, folder: Path, lp: Server) -> None:
        self.lp = lp
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "credentials"
        file.write_text(credentials())
        file.chmod(0o600)
        lp.token = "its-token"
        tracker = f'type = "launchpad"\nproject = "{lp.project}"\nservice_root = "{lp.root}"\n'
        self.project = Project(folder, tracker=f'{tracker}credentials_file = "credentials"\n')
        self.settings = self.project.settings
        self._var, self._saved = folder / "var", folder / "saved"
        self._live()
        shutil.copytree(self._var, self._saved)
        self._bugs = deepcopy(dict(lp.bugs))
        undisturbed(self.run)
        self.expected = self.outcome()
        self.requests = list(lp.requests)
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
        self.lp.requests.clear()

    def run(self) -> None:
        """What `inv find tag judge` does, short of Invoke."""
        assert stages.find(self.settings, ["stable"], "tester") == 0
        assert tag.tag(self.settings, ["stable"], "tester", yes=True) in (0, 7)
        assert stages.judge(self.settings, ["stable"], "tester") == 0

    def restore(self) -> None:
        shutil.rmtree(self._var)
        shutil.copytree(self._saved, self._var)
        for number, bug in deepcopy(self._bugs).items():
            self.lp.bugs[number] = bug
        self.lp.requests.clear()

    def written(self) -> int:
        return sum(not request.startswith("GET") for request in self.requests)

    def outcome(self) -> dict[str, Any]:
        bugs = {
            number: (bug.tags, bug.status, sorted(bug.comments))
            for number, bug in sorted(self.lp.bugs.items())
        }
        answer = kept_snapshots(self.settings)[-1]
        states = {each["revno"]: (each["state"], each["reason"]) for each in answer["landings"]}
        return {"bugs": bugs, "states": states, "deployable": answer["deployable"]}

    def killed(self, when: Callable[[int], None]) -> None:
        """Run it, kill it, run it again to its end, and compare."""
        self.restore()
        child = forked(self.run)
        when(child)
        os.waitpid(child, 0)
        self.lp.tell = lambda request: None
        undisturbed(self.run)
        assert self.outcome() == self.expected

    def killed_at(self, number: int) -> None:
        """Dead before it hears of its request `number`, from 0, which the server carries out all the same."""
        seen = [0]
        ready: list[int] = []

        def tell(_request: str) -> None:
            while not ready:
                time.sleep(0.001)
            if seen[0] == number:
                os.kill(ready[0], signal.SIGKILL)
            seen[0] += 1

        self.lp.tell = tell
        self.killed(ready.append)
        assert seen[0] > number

    def killed_after(self, seconds: float) -> None:
        def when(child: int) -> None:
            time.sleep(seconds)
            os.kill(child, signal.SIGKILL)

        self.killed(when)


@pytest.fixture
def victim(tmp_path: Path) -> Any:
    with serving() as lp:
        yield Victim(tmp_path / "project", lp)


def test_after_some_requests(victim: Victim) -> None:
    count = len(victim.requests)
    for number in (count // 2, count - 4):
        victim.killed_at(number)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_after_every_request(victim: Victim, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(len(victim.requests)):
        victim.killed_at(number)
    with capsys.disabled():
        print(f"\nkilled after each of {len(victim.requests)} requests, {victim.written()} of them writes")


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_at_any_moment(victim: Victim) -> None:
    chance = random.Random(7)
    victim.restore()
    began = time.monotonic()
    undisturbed(victim.run)
    lasts = time.monotonic() - began
    for _ in range(times(100)):
        victim.killed_after(chance.random() * lasts)
