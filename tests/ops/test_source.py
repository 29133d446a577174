"""A release is one commit, whole and clean (docs/operator-every-day.md#what-a-deploy-does)."""

from __future__ import annotations

import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from ops.deploy.source import pack
from shepherd.errors import SettingsError
from tests.ops.wheelhouse import git, repository


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return repository(tmp_path / "checkout")


def members(archive: bytes) -> set[str]:
    with tarfile.open(fileobj=BytesIO(archive)) as opened:
        return set(opened.getnames())


def test_it_is_the_commit_that_was_named(checkout: Path) -> None:
    first = git(checkout, "rev-parse", "HEAD")
    (checkout / "code.py").write_text("two\n")
    git(checkout, "commit", "-qam", "Two")
    assert pack(checkout, "HEAD").file("code.py") == "two\n"
    assert pack(checkout, "HEAD~1").commit == first
    assert pack(checkout, first[:9]).file("code.py") == "one\n"
    assert members(pack(checkout, "HEAD").archive) == {"code.py"}, "tests stay at home"


@pytest.mark.parametrize("how", ["changed", "staged", "new", "removed"])
def test_a_dirty_tree_is_refused(checkout: Path, how: str) -> None:
    if how == "new":
        (checkout / "scratch.py").touch()
    elif how == "removed":
        (checkout / "code.py").unlink()
    else:
        (checkout / "code.py").write_text("changed\n")
        if how == "staged":
            git(checkout, "add", "-A")
    with pytest.raises(SettingsError, match="uncommitted changes"):
        pack(checkout, "HEAD")


@pytest.mark.parametrize("ref", ["nope", "--output=x", "HEAD:code.py", "", "HEAD\n", "a..b"])
def test_what_names_no_commit_is_refused(checkout: Path, ref: str) -> None:
    with pytest.raises(SettingsError, match="names no commit"):
        pack(checkout, ref)
    assert [each.name for each in checkout.iterdir() if each.name not in (".git", "code.py", "tests")] == []


def test_a_folder_without_a_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        pack(tmp_path, "HEAD")
