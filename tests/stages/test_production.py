"""What production runs, as it is read or recorded: what went live and when, hotfixes, going back, and the
alarm."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shepherd.errors import SettingsError, SourceError
from tests.project import Project, deployable, entry, progress

pytestmark = pytest.mark.usefixtures("engine")
"""On both engines."""


def test_live_since_is_when_production_was_seen_to_move(tmp_path: Path) -> None:
    project = Project(tmp_path)
    ids = project.land("[no-qa] Begin", "[no-qa] Two", "[no-qa] Three")
    project.deploy(ids[0])
    project.look()
    project.deploy(ids[1])
    snapshot = project.look()
    assert progress(snapshot) == {1: "live", 2: "live", 3: "deployable"}
    assert entry(snapshot, 2).live_since == project.now - timedelta(minutes=1)
    assert entry(snapshot, 1).live_since is None


def test_what_went_live_lately_is_read_however_old_its_commit(tmp_path: Path) -> None:
    project = Project(tmp_path, top='keep = "30d"')
    ids = project.land("[no-qa] Begin", "[bug=1] Two", "[bug=1] Three")
    project.tag(1, "qa-ok")
    project.deploy(ids[0])
    project.look()
    project.now += timedelta(days=60)
    project.deploy(ids[2])
    assert progress(project.look()) == {3: "live", 2: "live"}


def test_production_going_back_is_said_and_the_window_grows(tmp_path: Path) -> None:
    project = Project(tmp_path)
    ids = project.land("[no-qa] Begin", "[no-qa] Two", "[no-qa] Three")
    project.deploy(ids[2])
    project.look()
    project.deploy(ids[0])
    snapshot = project.look()
    assert "production went back from r3 to r1" in snapshot.warnings[0]
    assert deployable(snapshot) == 3


def test_an_alarm_names_what_production_runs(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.tag(1, "bad-commit-2")
    project.deploy(project.land("[no-qa] Begin", "[bug=1] Two", "[rollback=2] Out with it")[1])
    snapshot = project.look()
    assert [(a.revno, a.undone_by) for a in snapshot.alarms] == [(2, 3)]
    assert deployable(snapshot) == 3


def test_a_hotfix_in_production_is_noticed_until_a_landing_carries_it(tmp_path: Path) -> None:
    project = Project(tmp_path)
    ids = project.land("[no-qa] Begin", "[no-qa] Two")
    fix = project.repo.commit("Hot", files={"fix.txt": "1\n"}, parents=[ids[0]], branch="hot")
    project.deploy(fix)
    snapshot = project.look()
    assert snapshot.deployed is not None and snapshot.deployed.extra_commits == (fix,)
    assert "production also runs 1 commit that stable lacks" in snapshot.warnings[0]
    project.repo.commit("[no-qa] The fix, on stable too", files={"fix.txt": "1\n"}, branch="stable")
    assert project.look().warnings == ()


def test_a_short_sha_of_digits_only_is_understood_and_the_answer_says_so(tmp_path: Path) -> None:
    project = Project(tmp_path, branch='deployed = { file = "live" }')
    while not (sha := project.land("[no-qa] Begin")[0])[:7].isdigit() or sha[0] == "0":
        pass
    project.land("[no-qa] More")
    (tmp_path / "live").write_text(sha[:7])
    snapshot = project.look()
    assert snapshot.answer == "deploy"
    assert [warning for warning in snapshot.warnings if f"says {sha[:7]}" in warning]


def test_production_as_people_record_it(tmp_path: Path) -> None:
    project = Project(tmp_path, branch="deployed = { recorded = true }")
    project.land("[no-qa] Begin", "[no-qa] Two", "[no-qa] Three")
    with pytest.raises(SourceError, match="inv deployed"):
        project.find()
    assert "the answer follows" in project.deployed("r2")
    assert deployable(project.look()) == 3
    assert project.deployed("r3").endswith("stay at r3: nothing new")
    assert project.deployed("r1").endswith("deploy r3")
    assert deployable(project.look()) == 3


def test_production_cannot_be_recorded_where_a_ref_tells(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin", "[no-qa] Two")[0])
    project.look()
    with pytest.raises(SettingsError, match="read from production"):
        project.deployed("r2")
