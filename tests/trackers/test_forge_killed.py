"""Kill -9 of find, tag and judge over the wire formats of both forges: in the end all is as if nobody had."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import github  # noqa: F401 - imported here once, and not in every process that is killed
import gitlab.v4.objects  # noqa: F401
import pytest

from ops import stages, tag
from tests.campaigns import times
from tests.campaigns.killing import forked, undisturbed
from tests.campaigns.outcome import kept_snapshots
from tests.project import Project
from tests.trackers.forge_kit import Kit

pytestmark = pytest.mark.real

WORDS = '\n[tracker.words]\nok = ["QA pass"]\n'


class Victim:
    """Requests landed in every way wait to be tagged; some labels are not there yet."""

    def __init__(self, kit: Kit) -> None:
        self.kit, self.forge = kit, kit.forge
        self.project = Project(kit.folder / "project", 'orphans = "needs-qa"', kit.lines(WORDS))
        self.settings = self.project.settings
        self._var, self._saved = self.project.state, kit.folder / "saved"
        self._live()
        shutil.copytree(self._var, self._saved)
        self._before = deepcopy(self._things())
        undisturbed(self.run)
        self.expected = self.outcome()
        self.asked = list(self.forge.asked)
        assert self.written() >= 10

    def _things(self) -> list[Any]:
        return [self.kit.requests, self.kit.issues, self.forge.labels]

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
        self.forge.asked.clear()
        self.forge.bodies.clear()

    def run(self) -> None:
        """What `inv find tag judge` does, short of Invoke."""
        assert stages.find(self.settings, ["stable"], "tester") == 0
        assert tag.tag(self.settings, ["stable"], "tester", yes=True) in (0, 7)
        assert stages.judge(self.settings, ["stable"], "tester") == 0

    def restore(self) -> None:
        shutil.rmtree(self._var)
        shutil.copytree(self._saved, self._var)
        for here, before in zip(self._things(), deepcopy(self._before), strict=True):
            here.clear()
            here.update(before)

    def written(self) -> int:
        return sum(not each.startswith("GET") and "graphql" not in each for each in self.asked)

    def outcome(self) -> dict[str, Any]:
        things = {
            number: (sorted(thing.labels), sorted(thing.comments))
            for rows in (self.kit.requests, self.kit.issues)
            for number, thing in sorted(rows.items())
        }
        answer = kept_snapshots(self.settings)[-1]
        states = {each["revno"]: (each["state"], each["reason"]) for each in answer["landings"]}
        return {
            "things": things,
            "labels": dict(self.forge.labels),
            "states": states,
            "deployable": answer["deployable"],
        }

    def killed(self, when: Callable[[int], None]) -> None:
        """Run it, kill it, run it again to its end, and compare."""
        self.restore()
        child = forked(self.run)
        when(child)
        os.waitpid(child, 0)
        self.forge.tell = lambda request: None
        undisturbed(self.run)
        assert self.outcome() == self.expected

    def killed_at(self, number: int) -> None:
        """Dead before it hears of its request `number`, from 0, which the forge carries out all the same."""
        seen = [0]
        ready: list[int] = []

        def tell(_request: str) -> None:
            while not ready:
                time.sleep(0.001)
            if seen[0] == number:
                os.kill(ready[0], signal.SIGKILL)
            seen[0] += 1

        self.forge.tell = tell
        self.killed(ready.append)
        assert seen[0] > number

    def killed_after(self, seconds: float) -> None:
        def when(child: int) -> None:
            time.sleep(seconds)
            os.kill(child, signal.SIGKILL)

        self.killed(when)


@pytest.fixture
def victim(kit: Kit) -> Victim:
    return Victim(kit)


def test_after_some_requests(victim: Victim) -> None:
    count = len(victim.asked)
    for number in (count // 2, count - 4):
        victim.killed_at(number)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_after_every_request(victim: Victim, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(len(victim.asked)):
        victim.killed_at(number)
    with capsys.disabled():
        told = f"killed after each of {len(victim.asked)} requests, {victim.written()} of them writes"
        print(f"\n{victim.forge.kind}: {told}")


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
