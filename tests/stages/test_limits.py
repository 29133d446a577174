"""Limits by paths, from the repository to the snapshot (docs/rules.md#limits)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from shepherd.errors import SourceError
from shepherd.git import touched
from shepherd.git.repository import Git
from shepherd.stages.touched import WindowTouches
from shepherd.store import open_branch
from tests.project import Project, deployable, entry

LIMIT = 'limits = [{ paths = ["db/patch-*.sql"], max = 1, reason = "one schema a day" }]'


def project_with(folder: Path, limits: str = LIMIT) -> Project:
    """r1 live; r2 and r4 touch the schema, r3 and r5 do not; all good."""
    project = Project(folder, branch=limits)
    for number, path in enumerate(["README", "db/patch-2.sql", "lib.py", "db/patch-4.sql", "app.py"], 1):
        project.repo.commit(f"[no-qa] r{number}", {path: str(number)})
    project.deploy(project.repo.git("rev-parse", "stable~4"))
    return project


def cached(project: Project) -> WindowTouches:
    with open_branch(project.settings, "stable") as store:
        kept = store.cache.fact("touched", WindowTouches)
    assert kept is not None
    return kept


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commits that git was asked for, a list for each time."""
    calls: list[list[str]] = []

    def read(
        git: Git,
        commits: Sequence[str],
        patterns: Sequence[Sequence[str]],
        *components: Sequence[Sequence[str]],
    ) -> Mapping[str, Mapping[int, tuple[str, ...]]]:
        calls.append(list(commits))
        return touched.read_touched(git, commits, patterns, *components)

    monkeypatch.setattr("shepherd.stages.touched.read_touched", read)
    return calls


class TestTheAnswer:
    def test_it_ends_before_the_second(self, tmp_path: Path) -> None:
        snapshot = project_with(tmp_path).look()
        assert deployable(snapshot) == 3
        assert snapshot.limits[0].reason == "one schema a day"
        assert entry(snapshot, 4).conditions == entry(snapshot, 5).conditions
        assert entry(snapshot, 4).conditions == (
            "r2 and r4 touch db/patch-*.sql, and one deployment may bring at most 1 (one schema a day)",
        )
        assert [(each.revno, each.touches[0].paths) for each in snapshot.landings if each.touches] == [
            (4, ("db/patch-4.sql",)),
            (2, ("db/patch-2.sql",)),
        ]

    def test_a_rollback_of_the_first_makes_room(self, tmp_path: Path) -> None:
        project = project_with(tmp_path)
        project.repo.commit("[rollback=2] r6", {"db/patch-2.sql": None})
        snapshot = project.look()
        assert deployable(snapshot) == 6
        assert not entry(snapshot, 6).touches[0].counts

    def test_a_rollback_that_touches_more_counts(self, tmp_path: Path) -> None:
        project = project_with(tmp_path)
        project.repo.commit("[rollback=2] r6", {"db/patch-2.sql": None, "db/patch-6.sql": "x"})
        snapshot = project.look()
        assert deployable(snapshot) == 3
        assert entry(snapshot, 6).touches[0].counts

    def test_a_rollback_of_what_is_live_counts(self, tmp_path: Path) -> None:
        project = project_with(tmp_path)
        project.deploy(project.repo.git("rev-parse", "stable~3"))
        project.repo.commit("[rollback=2] r6", {"db/patch-2.sql": None})
        snapshot = project.look()
        assert deployable(snapshot) == 5
        assert entry(snapshot, 6).conditions[0].startswith("r4 and r6 touch")

    def test_after_the_first_is_live_the_second_may_go(self, tmp_path: Path) -> None:
        project = project_with(tmp_path)
        project.look()
        project.deploy(project.repo.git("rev-parse", "stable~3"))
        assert deployable(project.look()) == 5


class TestReading:
    def test_each_landing_is_read_once(self, tmp_path: Path, asked: list[list[str]]) -> None:
        project = project_with(tmp_path)
        project.look()
        project.look()
        sha = project.repo.commit("[no-qa] r6", {"db/patch-6.sql": "x"})
        project.look()
        assert [len(each) for each in asked] == [4, 1]
        assert asked[1] == [sha]

    def test_without_a_limit_nothing_is_read(self, tmp_path: Path, asked: list[list[str]]) -> None:
        assert deployable(project_with(tmp_path, "").look()) == 5
        assert not asked

    def test_other_patterns_are_read_again(self, tmp_path: Path, asked: list[list[str]]) -> None:
        project = project_with(tmp_path)
        project.look()
        project.write_settings('limits = [{ paths = ["*.py"] }]')
        assert deployable(project.look()) == 4
        assert [len(each) for each in asked] == [4, 4]

    def test_another_number_needs_no_reading(self, tmp_path: Path, asked: list[list[str]]) -> None:
        project = project_with(tmp_path)
        project.look()
        project.write_settings(LIMIT.replace("max = 1", "max = 2"))
        assert deployable(project.judge()) == 5
        assert len(asked) == 1

    def test_other_patterns_without_find_are_no_data(self, tmp_path: Path) -> None:
        project = project_with(tmp_path)
        project.look()
        project.write_settings('limits = [{ paths = ["*.py"] }]')
        snapshot = project.judge()
        assert not snapshot.complete
        assert "inv find" in snapshot.problems[0]

    def test_what_went_live_is_dropped_and_read_again_when_production_goes_back(
        self, tmp_path: Path, asked: list[list[str]]
    ) -> None:
        project = project_with(tmp_path)
        first = project.repo.git("rev-parse", "stable~4")
        project.look()
        project.deploy(project.repo.git("rev-parse", "stable~2"))
        project.look()
        assert len(cached(project).by_id) == 2
        project.deploy(first)
        assert deployable(project.look()) == 3
        assert [len(each) for each in asked] == [4, 2]

    def test_the_first_landing_of_all_counts(self, tmp_path: Path) -> None:
        project = Project(tmp_path, branch=f"deployed = {{ recorded = true }}\n{LIMIT}")
        project.repo.commit("[no-qa] One", {"db/patch-1.sql": "x"})
        project.repo.commit("[no-qa] Two", {"db/patch-2.sql": "x"})
        project.deployed("r0")
        assert deployable(project.look()) == 1

    def test_a_cache_that_lacks_it_is_no_data(self, tmp_path: Path) -> None:
        project = project_with(tmp_path)
        project.look()
        lacking = WindowTouches(cached(project).patterns, {})
        with open_branch(project.settings, "stable") as store:
            store.cache.put_fact("touched", lacking)
        snapshot = project.judge()
        assert snapshot.problems == ("stable: what its landings touch was not read yet: inv find",)
        assert deployable(project.look()) == 3

    def test_what_git_cannot_say_is_no_data(self, tmp_path: Path) -> None:
        project = project_with(tmp_path)
        project.look()
        project.repo.commit("[no-qa] r6", {"db/patch-6.sql": "x"})
        tree = project.repo.git("rev-parse", "stable:db")
        (project.repo.git_dir / "objects" / tree[:2] / tree[2:]).unlink()
        with pytest.raises(SourceError):
            project.find()
        assert not project.judge().complete
