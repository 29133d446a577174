"""What production or the promoted ref has beside the mainline is not lost silently (docs/rules.md#answer)."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.errors import RefusedError
from tests.gitrepo import twins
from tests.project import Project
from tests.promoting import entries, promote, ready, released


def test_a_hotfix_that_the_target_lacks_is_not_lost_silently(tmp_path: Path) -> None:
    project, ids = ready(tmp_path, branch='promote = { ref = "production" }')
    fix = project.repo.commit("Hotfix", branch="production")
    with pytest.raises(RefusedError, match=f"a commit that r3 lacks .{fix[:12]}.; land it"):
        promote(project)
    plan, _ = promote(project, drop_hotfix="fixed otherwise")
    assert plan and (plan.dropped, plan.drop_hotfix) == ((fix,), "fixed otherwise")
    assert released(project, "production") == ids[2]
    assert entries(project, "promoted")[-1].data["drop_hotfix"] == "fixed otherwise"


def test_a_hotfix_on_the_promoted_ref_alone_is_not_lost_either(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    fix = project.repo.commit("Hotfix", branch="released")
    with pytest.raises(RefusedError, match=fix[:12]):
        promote(project)
    assert released(project) == fix


@pytest.mark.parametrize("ref", ["production", "released"])
def test_a_hotfix_that_landed_as_well_is_no_obstacle(tmp_path: Path, ref: str) -> None:
    project = Project(tmp_path, branch=f'promote = {{ ref = "{ref}" }}')
    one = project.land("[no-qa] One")[0]
    project.deploy(one)
    project.repo.set_ref(ref, one)
    project.repo.commit("Hotfix", files={"fix": "x\n"}, branch=ref)
    landed = project.repo.commit("[no-qa] Hotfix", files={"fix": "x\n"}, date=int(project.now.timestamp()))
    promote(project)
    assert released(project, ref) == landed


@pytest.mark.parametrize("ref", ["production", "released"])
@pytest.mark.parametrize("landed", [("off", "on"), ("on ", "off")], ids=["a twin", "a blank"])
def test_a_hotfix_of_which_only_the_like_landed_is_not_lost(
    tmp_path: Path, ref: str, landed: tuple[str, str]
) -> None:
    project = Project(tmp_path, branch=f'promote = {{ ref = "{ref}" }}')
    one = project.repo.commit("[no-qa] One", {"conf": twins("off", "off")})
    project.deploy(one)
    project.repo.set_ref(ref, one)
    fix = project.repo.commit("Hotfix", {"conf": twins("on", "off")}, branch=ref)
    project.repo.commit("[no-qa] Two", {"conf": twins(*landed)}, date=int(project.now.timestamp()))
    with pytest.raises(RefusedError, match=fix[:12]):
        promote(project)


def test_a_hotfix_that_only_a_later_landing_brought_back_is_not_lost(tmp_path: Path) -> None:
    project, _ = ready(tmp_path, branch='promote = { ref = "production" }')
    fix = project.repo.commit("Hotfix", branch="production")
    project.repo.merge("[no-qa] Bring the hotfix back", fix)
    said = project.look()
    assert said.deployed and said.deployed.extra_commits == (fix,)
    with pytest.raises(RefusedError, match=fix[:12]):
        promote(project, "r3")
    project.tag(4, "qa-ok")
    plan, _ = promote(project)
    assert plan and (plan.to.revno, plan.dropped) == (6, ())


def test_a_landing_whose_change_was_picked_onto_production_says_so(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] One")[0])
    project.repo.set_ref("production", project.repo.tip())
    pick = project.repo.commit("Fix", files={"fix": "x\n"}, branch="production")
    project.repo.commit("Two", date=int(project.now.timestamp()))
    project.repo.commit("Fix", files={"fix": "x\n"}, date=int(project.now.timestamp()))
    told = {each.revno: each.hints for each in project.look().landings}
    assert told[3] == (f"production runs the same change already, as commit {pick[:12]}",)
    assert told[2] == ()


def test_many_commits_that_only_production_has_are_counted(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] One")[0])
    project.repo.set_ref("production", project.repo.tip())
    picks = [project.repo.commit(f"Hotfix {number}", branch="production") for number in range(12)]
    project.land("[no-qa] Two")
    snapshot = project.look()
    (warning,) = snapshot.warnings
    assert warning.startswith("production also runs 12 commits that stable lacks: ")
    assert warning.endswith(f"{picks[9][:12]} and 2 more")
    assert snapshot.deployed is not None and snapshot.deployed.extra_commits == tuple(picks)
