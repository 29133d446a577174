"""What `init` refuses, each in one sentence and before it wrote anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.errors import SettingsError
from shepherd.running.init.plan import apply, plan
from tests.gitrepo import Repo
from tests.running.init.repos import refused


@pytest.mark.parametrize(
    ("deployed", "says"),
    [
        ("r11", "stable has no r11, only r1 to r10"),
        ("r0", "they begin at 1"),
        ("", "is not a revision"),
        ("production", "is not a revision"),
        ("promoted", "promoted is not known before there are settings"),
        ("a" * 40, "no commits begin with"),
        ("abcdef0123", "no commits begin with"),
        ("--all", "is not a revision"),
    ],
)
def test_deployed_that_names_no_landing(repo: Repo, file: Path, deployed: str, says: str) -> None:
    assert says in refused(repo.path, file, deployed=deployed)


def test_deployed_that_shares_nothing(repo: Repo, file: Path) -> None:
    stranger = repo.commit("Another project", branch="other", parents=[])
    assert "has no landing of stable in it" in refused(repo.path, file, deployed=stranger)


@pytest.mark.parametrize("name", ["a\nb", "a\x7fb", "a\x1b[2J"])
def test_paths_with_control_characters_are_refused(tmp_path: Path, file: Path, name: str) -> None:
    repo = Repo(tmp_path / name)
    repo.commit("Begin")
    assert "branches.stable.repository: expected a text without control characters" in refused(
        repo.path, file
    )


def test_repositories_that_are_none(tmp_path: Path, file: Path) -> None:
    assert "is not there" in refused(tmp_path / "gone", file)
    assert "is no git repository" in refused(tmp_path, file)
    assert "this machine" in refused("https://git.example.org/x", file)
    assert "is empty" in refused(Repo(tmp_path / "empty.git").path, file)


def test_a_shallow_clone_is_refused(tmp_path: Path, file: Path, repo: Repo) -> None:
    repo.git("clone", "-q", "--bare", "--depth=3", f"file://{repo.path}", str(tmp_path / "shallow.git"))
    assert "is a shallow clone" in refused(tmp_path / "shallow.git", file)


def test_a_head_that_names_no_branch(repo: Repo, file: Path) -> None:
    (repo.git_dir / "HEAD").write_text(repo.tip() + "\n")
    assert "say which with --branch" in refused(repo.path, file)
    assert plan(repo.path, file, branch="stable").branch == "stable"


def test_a_branch_that_is_not_there_is_answered_with_those_that_are(repo: Repo, file: Path) -> None:
    (repo.git_dir / "HEAD").write_text("ref: refs/heads/stabel\n")
    assert "no branch or tag 'stabel'; there is 'stable'" in refused(repo.path, file)
    assert "cannot be the name" in refused(repo.path, file, branch="--upload-pack=x")


def test_nothing_is_overwritten(repo: Repo, file: Path) -> None:
    planned = plan(repo.path, file)
    file.write_text("mine")
    for step in (lambda: apply(planned), lambda: plan(repo.path, file)):
        with pytest.raises(SettingsError, match="already exists"):
            step()
    assert file.read_text() == "mine"
    assert sorted(path.name for path in file.parent.iterdir()) == ["project.git", "shepherd.toml"]


def test_a_dangling_link_is_not_followed(repo: Repo, file: Path) -> None:
    file.symlink_to("elsewhere")
    with pytest.raises(SettingsError, match="already exists"):
        plan(repo.path, file)


def test_a_folder_that_is_not_there(repo: Repo, tmp_path: Path) -> None:
    planned = plan(repo.path, tmp_path / "gone/shepherd.toml")
    with pytest.raises(SettingsError, match=r"gone/shepherd\.toml cannot be written \(no such file"):
        apply(planned)
