"""What hangs on contents, through the stages: words that follow, covers, temporary files."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from shepherd.errors import RefusedError, SettingsError
from shepherd.stages.find import Acceptance
from shepherd.stages.rehearsal import rehearsal
from shepherd.store import Database, Journal, JournalEntry
from tests.gitrepo import twins
from tests.project import Project, deployable, entry, states


@pytest.mark.parametrize("there", [True, False], ids=["still there", "gone"])
@pytest.mark.parametrize(
    ("word", "changed", "state"),
    [
        pytest.param("ok", ("on", "off"), "ok", id="good words of the same change"),
        pytest.param("bad", ("on", "off"), "bad", id="bad words of the same change"),
        pytest.param("ok", ("off", "on"), "needstesting", id="no good words of a twin"),
        pytest.param("ok", ("on ", "off"), "needstesting", id="no good words of one with a blank more"),
        pytest.param("bad", ("off", "on"), "bad", id="bad words of a twin, since it may be the same"),
    ],
)
def test_words_follow_a_rewritten_landing_byte_for_byte(
    tmp_path: Path, word: str, changed: tuple[str, str], state: str, there: bool
) -> None:
    project = Project(tmp_path, branch='orphans = "needs-qa"')
    base = project.repo.commit("[no-qa] Begin", {"conf": twins("off", "off")})
    project.deploy(base)
    old = project.repo.commit("Two", {"conf": twins("on", "off")})
    project.look()
    project.verdict("r2", word)
    project.find()
    if not there:
        (project.repo.git_dir / "objects" / old[:2] / old[2:]).unlink()
    project.repo.commit("Two, reworded", {"conf": twins(*changed)}, parents=[base])
    said = project.find(Acceptance(rewrite=True), why="reworded")
    assert states(project.judge())[2] == state
    assert ("say them again" in said) == (state == "needstesting")


def test_words_that_an_older_release_kept_by_patch_alone(tmp_path: Path) -> None:
    """What is not good follows its patch, as it did; what is good has to be proved."""
    for word, state in (("bad", "bad"), ("ok", "needstesting")):
        project = Project(tmp_path / word, branch='orphans = "needs-qa"')
        base = project.land("[no-qa] Begin")[0]
        project.deploy(base)
        old = project.repo.commit("Two", {"x": "1\n"})
        project.look()
        project.verdict("r2", word)
        patch = project.repo.git("patch-id", "--stable", input=project.repo.git("show", old).encode() + b"\n")
        database = Database.of(project.settings)
        with database.begin() as connection:
            Journal(connection, "stable").append(
                [JournalEntry("patch", old, {"patch": patch.split()[0]})], run_id="", at=project.now
            )
        database.close()
        (project.repo.git_dir / "objects" / old[:2] / old[2:]).unlink()
        project.repo.commit("Two, reworded", {"x": "1\n"}, parents=[base])
        project.find(Acceptance(rewrite=True), why="reworded")
        assert states(project.judge())[2] == state


def test_a_cover_is_refused_where_the_files_are_not_as_before(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin")[0])
    project.repo.commit("Two", {"x": "1\n", "y": "1\n"})
    project.repo.commit("[no-qa] Half of it", {"x": None})
    project.repo.commit("[no-qa] The rest", {"y": None})
    project.look()
    with pytest.raises(RefusedError, match=r"'y' is not as before it.*--anyway"):
        project.cover("r2", "r3", anyway=False)
    assert deployable(project.judge()) is None
    project.cover("r2", "r3")
    assert deployable(project.judge()) == 4
    project.cover("r2", "r3", undone=False)
    project.cover("r2", "r4", anyway=False)
    assert entry(project.judge(), 2).undone_by == 4


def test_a_cover_that_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] Begin", "Two", "Three")[0])
    project.look()
    project.repo.path.rename(tmp_path / "elsewhere")
    with pytest.raises(RefusedError, match=r"the contents cannot be compared .* is not there.*--anyway"):
        project.cover("r2", "r3", anyway=False)
    assert "r3 undid r2" in project.cover("r2", "r3")


def test_a_cover_of_what_is_older_than_all_that_was_read(tmp_path: Path) -> None:
    """Its revert came when production had long run it; the hint names it all the same."""
    project = Project(tmp_path, top='keep = "1h"', branch='marks = ["forge"]')
    old = project.repo.commit("Old", {"x": "1\n"})
    project.deploy(project.land("Begin", "Two", "Three")[-1])
    at = int(project.now.timestamp())
    project.repo.commit(f"Away\n\nThis reverts commit {old}.", {"x": "2\n"}, date=at)
    snapshot = project.look()
    assert "inv cover 1 --by 5" in entry(snapshot, 5).hints[0]
    assert "r1 was not read" in project.cover("1", "5")
    assert entry(project.look(), 5).state == "rollback"
    with pytest.raises(SettingsError, match="r77 is not a landing"):
        project.cover("77", "5")


def test_hints_name_the_branch_where_there_are_several(tmp_path: Path) -> None:
    project = Project(tmp_path, branch='marks = ["forge"]')
    project.deploy(project.land("Begin", "Two", "Revert r2, it broke")[0])
    assert 'inv cover 2 --by 3 --reason "…"' in entry(project.look(), 3).hints[0]
    more = '[branches.next]\nrepository = "project.git"\nref = "stable"\ndeployed = { ref = "production" }\n'
    with (project.folder / "shepherd.toml").open("a") as file:
        file.write(more)
    snapshot = project.look()
    assert 'inv cover 2 --by 3 --reason "…" --branch stable' in entry(snapshot, 3).hints[0]
    assert '--by REV --reason "…" --branch stable' in judged_bad(project)


def judged_bad(project: Project) -> str:
    project.verdict("r2", "bad")
    return entry(project.judge(), 2).remedy


def test_temporary_files_lie_in_state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As under ProtectSystem=strict: no other place can be written to, and the working directory must not."""
    project = Project(tmp_path)
    lines = "".join(f"{number}\n" for number in range(20))
    project.repo.commit("[no-qa] Begin", {"x": lines})
    target = project.repo.commit("[bug=1] Two", {"x": lines.replace("12", "twelve")})
    project.deploy(project.repo.commit("[no-qa] Above", {"x": "new\n" + lines.replace("12", "twelve")}))
    project.repo.commit(f"This reverts commit {target}.", {"x": "new\n" + lines})
    monkeypatch.setattr(tempfile, "_get_default_tempdir", nowhere)
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert states(project.look())[4] == "rollback"
    project.verdict("r4", "ok")
    project.find()
    with rehearsal(project.settings) as copy:
        assert copy.state_path.is_relative_to(project.state)
    assert not list(project.state.glob("run/*"))


def nowhere() -> str:
    raise FileNotFoundError("No usable temporary directory found")
