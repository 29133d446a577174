"""`whatif` supposes what would really come out: each supposition is made true and judged."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from shepherd.cautions import cautions
from shepherd.errors import SettingsError
from shepherd.situation import Situation
from shepherd.views.stories import whatif
from shepherd.whatif import suppose
from tests.inv import inv_here
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


@pytest.mark.parametrize("seed", range(6))
def test_if_both(tmp_path: Path, seed: int) -> None:
    project, chance = team(tmp_path, seed)
    before = project.look()
    blocking = [b.revno for b in before.blockers]
    ok = chance.sample(blocking, chance.randint(0, len(blocking)))
    rollback = chance.sample(blocking, min(len(blocking), 1))
    supposed = suppose(before, ok, rollback)
    for revno in ok:
        project.verdict(f"r{revno}", "ok")
    if rollback:
        project.land(f"[rollback={rollback[0]}] Out with it")
    after = project.look()
    assert supposed.deployable == deployable(after)
    assert supposed.blocked_by == tuple(sorted(b.revno for b in after.blockers))


@pytest.mark.parametrize("seed", range(6))
def test_each_step_of_the_staircase_is_what_would_come_out(tmp_path: Path, seed: int) -> None:
    project, _ = team(tmp_path, seed)
    for number in range(6):
        project.land(f"[bug={900 + number}] Wants QA", "[no-qa] Good")
    before = project.look()
    assert len(before.staircase) > 5
    said: set[int] = set()
    for step in before.staircase:
        assert suppose(before, step.cleared, ()).deployable == step.tip
        for revno in set(step.cleared) - said:
            project.verdict(f"r{revno}", "ok")
        said |= set(step.cleared)
        assert deployable(project.judge()) == step.tip


def test_more_may_be_supposed_good_than_an_entry_names(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin")[0])
    project.land(*(f"[bug={n}] Wants QA" for n in range(1, 104)), "[rollback=2] Out", "[no-qa] Good")
    snapshot = project.look()
    blocking = [b.revno for b in snapshot.blockers]
    assert len(blocking) == 102 and snapshot.tip and snapshot.tip.revno == 106
    assert suppose(snapshot, blocking, ()).deployable == 106
    assert suppose(snapshot, blocking[:-1], ()).deployable is None
    assert suppose(snapshot, [2, *blocking[:-1]], ()).deployable == 103


def test_what_is_undone_already_cannot_be_undone_again(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin", "[bug=1] One", "[rollback=2] Out with it")[0])
    snapshot = project.look()
    with pytest.raises(SettingsError, match="r2 is undone already, by r3"):
        suppose(snapshot, (), (2,))


def test_each_option_may_be_given_several_times(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin", "[bug=1] Two", "[bug=2] Three", "[bug=3] Four")[0])
    project.look()
    one = inv_here(tmp_path, "whatif", "--ok", "r2", "--ok", "r3,r2")
    assert "With r2, r3 good: up to r3 (now: stay at r1;" in one.out
    both = inv_here(tmp_path, "whatif", "--rollback", "r2", "--rollback=r3", "--ok=r4").out
    assert "With r4 good and r2, r3 rolled back by a landing r5: up to r5" in both


def test_nothing_is_offered_while_a_caution_stops(tmp_path: Path) -> None:
    project = Project(tmp_path)
    ids = project.land("[no-qa] Begin", "[no-qa] Two", "[bug=2] Three")
    project.deploy(ids[0])
    given = project.look()
    supposed = suppose(given, (3,), ())
    assert whatif(supposed, given, cautions(given, Situation())).startswith(
        "With r3 good: deploy r3 (now: deploy r2)"
    )
    project.repo.commit("Hotfix", parents=[ids[0]], branch="production")
    stopped = project.look()
    said = whatif(supposed, stopped, cautions(stopped, Situation()))
    assert said.startswith("do not deploy r2: production also runs a commit that r2 lacks")
    assert "With r3 good: up to r3 (now: up to r2; deploy neither until that is settled)" in said
    assert "deploy r3" not in said
