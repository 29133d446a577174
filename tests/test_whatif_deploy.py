"""`whatif --deploy`: each supposition is made true, by really moving production, and judged."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from pathlib import Path

import pytest

from shepherd.errors import SettingsError
from shepherd.snapshot import Snapshot
from shepherd.story import Supposition
from shepherd.views.stories import whatif
from shepherd.whatif import suppose
from tests.inv import inv_here
from tests.project import Project, deployable
from tests.random_team import live_a_while

LIMITS = """
limits = [
  { paths = ["db/*.sql"], max = 1, reason = "one schema a day" },
  { paths = ["setup.py", "db/3.sql"], max = 2 },
]
"""
PATHS = ("db/1.sql", "db/2.sql", "db/3.sql", "setup.py")


class TeamWithLimits(Project):
    """Some landings touch what a limit is about, and the checks of each say something."""

    def __init__(self, folder: Path, chance: random.Random, branch: str) -> None:
        self.chance = chance
        super().__init__(folder, branch=branch)

    def land(self, *messages: str, author: str = "Ann <ann@example.org>") -> list[str]:
        ids = []
        for message in messages:
            self.now += timedelta(minutes=10)
            touched = self.chance.sample(PATHS, self.chance.choice((0, 0, 1, 1, 2)))
            files = {path: str(self.now) for path in (*touched, "log")}
            sha = self.repo.commit(message, files, author=author, date=int(self.now.timestamp()))
            if words := self.chance.choice(("success", "success", "failed", "pending", "")):
                self.checks[sha] = {"build": words}
            ids.append(sha)
        self.write_bugs()
        return ids


def comes_true(folder: Path, seed: int, checks: bool) -> Supposition:
    """Suppose something, make it true, and compare."""
    chance = random.Random(seed)
    project = TeamWithLimits(folder, chance, ('checks = ["build"]\n' if checks else "") + LIMITS)
    list(live_a_while(project, chance, days=3))
    before = project.look()
    assert before.deployed and before.tip
    window = range(before.deployed.revno, before.tip.revno + 1)
    deploy = chance.choice(window)
    blocking = [b.revno for b in before.blockers]
    ok = chance.sample(blocking, chance.randint(0, len(blocking)))
    free = [e.revno for e in before.landings if e.revno in window[1:] and e.undone_by is None]
    rollback = chance.sample(free, 1) if free and chance.random() < 0.5 else []
    supposed = suppose(before, ok, rollback, deploy)
    project.deploy(project.repo.git("rev-parse", f"stable~{before.tip.revno - deploy}"))
    project.look()
    for revno in ok:
        project.verdict(f"r{revno}", "ok")
    if rollback:
        # on the same paths, as `git revert` makes it
        sha = next(e.id for e in before.landings if e.revno == rollback[0])
        changed = project.repo.git("diff-tree", "--no-commit-id", "--name-only", "-r", "--root", sha).split()
        undoing = dict.fromkeys(changed, f"undone {project.now}")
        new = project.repo.commit(
            f"[rollback={rollback[0]}] Out with it", undoing, date=int(project.now.timestamp())
        )
        project.checks[new] = {"build": "success"}
        project.write_bugs()
    after = project.look()
    agree(supposed, after, checks)
    return supposed


def agree(supposed: Supposition, after: Snapshot, checks: bool) -> None:
    assert supposed.blocked_by == tuple(sorted(b.revno for b in after.blockers))
    newest = max(after.landings, key=lambda each: each.revno)
    if newest.deployable_as_tip is not None:
        assert supposed.over == tuple(each for each in newest.conditions if " touch" in each)
    really = deployable(after) or 0
    if not checks:
        assert (supposed.deployable or 0) == really
        assert not supposed.if_checks_pass
        assert supposed.checks_hold == supposed.deployable
        return
    assert (supposed.checks_hold or 0) <= really <= (supposed.deployable or 0)
    if not supposed.if_checks_pass:
        assert (supposed.deployable or 0) == really


@pytest.mark.parametrize("seed", range(12))
def test_production_is_moved_there(tmp_path: Path, seed: int) -> None:
    comes_true(tmp_path, seed, checks=False)


@pytest.mark.parametrize("seed", range(12))
def test_with_checks(tmp_path: Path, seed: int) -> None:
    comes_true(tmp_path, seed, checks=True)


def schema_team(folder: Path, *marks: str, branch: str = LIMITS) -> Project:
    """r1 live; each further landing touches a schema of its own."""
    project = Project(folder, branch=branch)
    project.repo.commit("[no-qa] One", {"README": "x"})
    for number, mark in enumerate(marks, 2):
        project.repo.commit(f"{mark} r{number}", {f"db/1{number}.sql": "x"})
    project.deploy(project.repo.git("rev-parse", f"stable~{len(marks)}"))
    return project


class TestOneDayAfterTheOther:
    def test_each_day_brings_one(self, tmp_path: Path) -> None:
        before = schema_team(tmp_path, "[no-qa]", "[no-qa]", "[no-qa]").look()
        assert deployable(before) == 2
        assert [suppose(before, (), (), revno).deployable for revno in (1, 2, 3, 4)] == [2, 3, 4, None]

    def test_what_blocks_before_it_is_live_then(self, tmp_path: Path) -> None:
        before = schema_team(tmp_path, "[no-qa]", "[bug=1]", "[no-qa]").look()
        supposed = suppose(before, (), (), 3)
        assert (supposed.deployable, supposed.blocked_by) == (4, ())
        assert suppose(before, (), (), 2).blocked_by == (3,)

    def test_a_rollback_of_what_is_live_then_counts(self, tmp_path: Path) -> None:
        project = schema_team(tmp_path, "[no-qa]", "[no-qa]")
        project.repo.commit("[rollback=2] Out", {"db/12.sql": None})
        before = project.look()
        assert deployable(before) == 4, "neither counts now"
        supposed = suppose(before, (), (), 2)
        assert supposed.deployable == 3
        assert supposed.over == (
            "r3 and r4 touch db/*.sql, and one deployment may bring at most 1 (one schema a day)",
        )

    def test_what_a_rollback_of_something_live_touches_is_not_known(self, tmp_path: Path) -> None:
        project = schema_team(tmp_path, "[no-qa]", "[no-qa]")
        project.deploy(project.repo.git("rev-parse", "stable~1"))
        before = project.look()
        supposed = suppose(before, (), (2,))
        assert supposed.limits_unknown
        assert "is not known: it undoes what is live" in " ".join(whatif(supposed, before).split())


class TestRefusals:
    def test_what_production_has_passed(self, tmp_path: Path) -> None:
        project = schema_team(tmp_path, "[no-qa]", "[no-qa]")
        project.deploy(project.repo.git("rev-parse", "stable~1"))
        with pytest.raises(SettingsError, match="production runs r2, and r1 is older"):
            suppose(project.look(), (), (), 1)

    @pytest.mark.parametrize("rev", ["r9", "branch", "r2,r3", ""])
    def test_what_names_no_landing_or_several(self, tmp_path: Path, rev: str) -> None:
        schema_team(tmp_path, "[no-qa]", "[no-qa]").look()
        refused = inv_here(tmp_path, "whatif", f"--deploy={rev}")
        assert refused.code == 2
        assert refused.out == ""


class TestWords:
    """The answer is an old one by now, so it says "up to" and not "deploy"."""

    def said(self, folder: Path, *words: str) -> str:
        return " ".join(inv_here(folder, "whatif", *words).out.split())

    def test_the_first_line_is_the_answer(self, tmp_path: Path) -> None:
        schema_team(tmp_path, "[no-qa]", "[no-qa]", "[no-qa]").look()
        said = self.said(tmp_path, "--deploy", "r2")
        assert "With production at r2: up to r3 (now: up to r2;" in said
        assert "with the newest landing, r3 and r4 touch db/*.sql, and one deployment" in said

    def test_one_that_may_not_go_is_said_to_be_so(self, tmp_path: Path) -> None:
        schema_team(tmp_path, "[no-qa]", "[bug=1]", "[no-qa]").look()
        assert "r3 itself may not go to production now" in self.said(tmp_path, "--deploy", "r3")
        assert "itself" not in self.said(tmp_path, "--deploy", "r2")

    def test_with_everything_else(self, tmp_path: Path) -> None:
        schema_team(tmp_path, "[no-qa]", "[bug=1]", "[bug=2]").look()
        said = self.said(tmp_path, "--deploy=tip", "--ok=r3")
        assert "With production at r4 and r3 good: stay at r4" in said

    def test_checks_that_are_not_known(self, tmp_path: Path) -> None:
        project = schema_team(tmp_path, "[no-qa]", "[no-qa]", branch=f'checks = ["build"]\n{LIMITS}')
        sha = project.repo.git("rev-parse", "stable~1")
        (tmp_path / "bugs.json").write_text(json.dumps({"bugs": {}, "checks": {sha: {"build": "success"}}}))
        project.look()
        assert "at r2: up to r3 if its checks pass (now" in self.said(tmp_path, "--deploy=r2")

    def test_json(self, tmp_path: Path) -> None:
        schema_team(tmp_path, "[no-qa]", "[no-qa]", "[no-qa]").look()
        supposed = json.loads(inv_here(tmp_path, "whatif", "--deploy", "r2", "--json").out)
        assert (supposed["deploy"], supposed["deployable"], supposed["if_checks_pass"]) == (2, 3, False)
        assert len(supposed["over"]) == 1
