"""Components, from the repository to the snapshot (docs/settings.md#components)."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.stages.judge_input import snapshot_of
from shepherd.stages.kept_inputs import KeptInput, document_sum, kept_inputs
from tests.project import Project, deployable, entry
from tests.stages.test_limits import asked as asked

SET = 'components = { web = ["src/web/"], database = ["db/", "lib/sql.py"] }'


def project_with(folder: Path, settings: str = SET) -> Project:
    """r1 live; r2 touches the web, r3 both, r4 neither; all good."""
    project = Project(folder, branch=settings)
    project.repo.commit("[no-qa] r1", {"src/web/a.js": "1"})
    project.repo.commit("[no-qa] r2", {"src/web/a.js": "2"})
    project.repo.commit("[no-qa] r3", {"src/web/a.js": "3", "lib/sql.py": "3"})
    project.repo.commit("[no-qa] r4", {"README": "4"})
    project.deploy(project.repo.git("rev-parse", "stable~3"))
    return project


def named(project: Project) -> dict[int, tuple[str, ...]]:
    """Revno -> the components of each landing after production."""
    snapshot = project.look()
    assert snapshot.complete, snapshot.problems
    return {each.revno: each.components for each in snapshot.landings if each.revno > 1}


def test_a_landing_has_those_that_it_touches(tmp_path: Path) -> None:
    project = project_with(tmp_path)
    assert named(project) == {2: ("web",), 3: ("web", "database"), 4: ()}
    assert project.look().components == ("web", "database")
    assert deployable(project.look()) == 4


def test_what_is_live_is_not_read(tmp_path: Path) -> None:
    project = project_with(tmp_path)
    named(project)
    project.deploy(project.repo.git("rev-parse", "stable~1"))
    snapshot = project.look()
    assert (entry(snapshot, 3).progress, entry(snapshot, 3).components) == ("live", ())


def test_they_stand_beside_limits(tmp_path: Path) -> None:
    project = project_with(tmp_path, f'limits = [{{ paths = ["db/*"], max = 1 }}]\n{SET}')
    project.repo.commit("[no-qa] r5", {"db/1.sql": ""})
    project.repo.commit("[no-qa] r6", {"db/2.sql": ""})
    assert named(project) == {
        2: ("web",),
        3: ("web", "database"),
        4: (),
        5: ("database",),
        6: ("database",),
    }
    snapshot = project.look()
    assert deployable(snapshot) == 5
    assert [each.revno for each in snapshot.landings if each.touches] == [6, 5]


def test_each_landing_is_read_once(tmp_path: Path, asked: list[list[str]]) -> None:
    project = project_with(tmp_path)
    named(project)
    named(project)
    assert [len(commits) for commits in asked] == [3]
    project.repo.commit("[no-qa] r5", {"db/1": ""})
    assert named(project)[5] == ("database",)
    assert [len(commits) for commits in asked] == [3, 1]


def test_another_path_is_read_again_and_another_name_is_not(tmp_path: Path, asked: list[list[str]]) -> None:
    project = project_with(tmp_path)
    named(project)
    project.write_settings(SET.replace("web =", "pages ="))
    assert named(project)[2] == ("pages",)
    assert len(asked) == 1
    project.write_settings(SET.replace("src/web/", "README"))
    assert named(project) == {2: (), 3: ("database",), 4: ("web",)}
    assert len(asked) == 2


def test_without_them_git_is_asked_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_args: object) -> None:
        raise AssertionError

    monkeypatch.setattr("shepherd.stages.touched.read_touched", never)
    project = project_with(tmp_path, "")
    assert set(named(project).values()) == {()}


def test_new_ones_are_no_reason_to_read_the_branch_again_but_wait_for_a_reading(tmp_path: Path) -> None:
    project = project_with(tmp_path, "")
    named(project)
    project.write_settings(SET)
    snapshot = project.judge()
    assert snapshot.problems[0] == "stable: what its landings touch was not read yet: inv find"
    assert named(project)[2] == ("web",)


def test_a_release_that_knows_none_takes_them_for_no_limit(tmp_path: Path) -> None:
    """What stays in the cache when the key was taken out of the settings again."""
    project = project_with(tmp_path)
    named(project)
    project.write_settings("")
    assert set(named(project).values()) == {()}
    project.write_settings('limits = [{ paths = ["lib/*"], max = 0 }]')
    assert deployable(project.look()) == 2


def test_a_judgement_follows_again_from_what_was_kept(tmp_path: Path) -> None:
    project = project_with(tmp_path)
    named(project)
    kept = [each for each in kept_inputs(project.settings, "stable") if isinstance(each, KeptInput)]
    assert kept
    for each in kept:
        snapshot = snapshot_of(each.given)
        assert document_sum(snapshot) == each.sum
        assert snapshot.components == ("web", "database")
