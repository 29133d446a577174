"""`whatif` supposes what would really come out: each supposition is made true and judged."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from shepherd.errors import SettingsError
from shepherd.whatif import suppose
from tests.project import Project, deployable
from tests.random_team import live_a_while


def team(folder: Path, seed: int) -> tuple[Project, random.Random]:
    project, chance = Project(folder), random.Random(seed)
    list(live_a_while(project, chance, days=3))
    return project, chance


@pytest.mark.parametrize("seed", range(3))
def test_if_these_were_good(tmp_path: Path, seed: int) -> None:
    project, chance = team(tmp_path, seed)
    before = project.look()
    blocking = [b.revno for b in before.blockers]
    ok = chance.sample(blocking, chance.randint(0, len(blocking)))
    supposed = suppose(before, ok, ())
    for revno in ok:
        project.verdict(f"r{revno}", "ok")
    after = project.judge()
    assert supposed.deployable == deployable(after)
    assert supposed.blocked_by == tuple(sorted(b.revno for b in after.blockers))


@pytest.mark.parametrize("seed", range(6))
def test_if_these_were_rolled_back(tmp_path: Path, seed: int) -> None:
    project, chance = team(tmp_path, seed)
    before = project.look()
    assert before.deployed and before.tip
    window = [e.revno for e in before.landings if e.revno > before.deployed.revno and e.undone_by is None]
    if not window:
        project.land("[bug=1] Something to roll back")
        before = project.look()
        window = [before.landings[0].revno]
    rollback = chance.sample(window, min(len(window), chance.randint(1, 2)))
    supposed = suppose(before, (), rollback)
    project.land(f"[rollback={','.join(map(str, rollback))}] Out with it")
    after = project.look()
    assert supposed.next_landing == after.landings[0].revno
    assert supposed.deployable == deployable(after)
    assert supposed.blocked_by == tuple(sorted(b.revno for b in after.blockers))
    assert bool(supposed.brings_back) == (after.landings[0].state == "needstesting")


def test_what_is_undone_already_cannot_be_undone_again(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin", "[bug=1] One", "[rollback=2] Out with it")[0])
    snapshot = project.look()
    with pytest.raises(SettingsError, match="r2 is undone already, by r3"):
        suppose(snapshot, (), (2,))
