"""Which code judged: a clone names its commit, and what that does not tell."""

from __future__ import annotations

import subprocess
from pathlib import Path

from shepherd.running import versions
from shepherd.running.tasking import ROOT


def _git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.net")
    done = subprocess.run(("git", *who, *words), cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_the_commit_of_a_clone_and_its_worktree_is_read_from_files(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()
    assert versions.checked_out(clone) == ""
    _git(clone, "init", "-q", "-b", "main")
    assert versions.checked_out(clone) == ""
    _git(clone, "commit", "-q", "--allow-empty", "-m", "one")
    one = _git(clone, "rev-parse", "HEAD")
    assert versions.checked_out(clone) == one
    _git(clone, "pack-refs", "--all")
    assert versions.checked_out(clone) == one
    _git(clone, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    _git(tmp_path / "side", "commit", "-q", "--allow-empty", "-m", "two")
    two = _git(tmp_path / "side", "rev-parse", "HEAD")
    assert two != one
    assert versions.checked_out(tmp_path / "side") == two
    assert versions.checked_out(clone) == one
    _git(clone, "checkout", "-q", "--detach", two)
    assert versions.checked_out(clone) == two


def test_what_is_no_commit_is_not_named(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("\x1b[31m")
    assert versions.checked_out(tmp_path) == ""
    (tmp_path / ".git" / "HEAD").write_bytes(b"\xff")
    assert versions.checked_out(tmp_path) == ""


def test_a_clone_says_that_its_files_may_be_others() -> None:
    title = versions.title()
    assert "not known" in title or versions.checked_out(ROOT) == ""
