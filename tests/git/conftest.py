"""A fresh repository, and one branch of it read as `find` reads it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shepherd.git.branch import read_branch
from shepherd.git.branch_reading import BranchReading, KnownBranch
from shepherd.landing import Landing
from shepherd.settings import BranchSettings, Pointer
from tests.gitrepo import Repo

NOW = 1_300_600_000
DAY = 86_400


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


class Reads:
    """Reads the branch `stable`, from "nothing deployed" unless told otherwise, without a memory."""

    def __init__(self, tmp_path: Path) -> None:
        self.tmp_path = tmp_path
        self.repository = str(tmp_path / "repo")

    def __call__(self, known: BranchReading | None = None, **wanted: Any) -> BranchReading:
        settings: dict[str, Any] = {
            "repository": self.repository,
            "ref": "stable",
            "deployed": Pointer(recorded=True),
        }
        settings |= {
            name: wanted.pop(name) for name in list(wanted) if name in BranchSettings.__struct_fields__
        }
        arguments: dict[str, Any] = {"keep_seconds": 90 * DAY, "now": NOW, "recorded": "r0"}
        return read_branch(
            BranchSettings(**settings),
            repository=settings["repository"],
            base=self.tmp_path,
            mirrors=self.tmp_path / "mirrors",
            known=KnownBranch(known.facts, known.reading.landings) if known else None,
            **(arguments | wanted),
        )


@pytest.fixture
def read(tmp_path: Path) -> Reads:
    return Reads(tmp_path)


def last(read: Reads, **wanted: Any) -> Landing:
    """The newest landing, as it is read."""
    return read(**wanted).reading.landings[-1]


@pytest.fixture
def wrapped_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a shell script in front of git: `$GIT` in it is the real one."""
    real = shutil.which("git")

    def wrap(script: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        wrapper = folder / "git"
        wrapper.write_text(f"#!/bin/sh\nGIT={real}\n{script}\n")
        wrapper.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder), prepend=":")

    return wrap


@pytest.fixture
def five(repo: Repo) -> list[str]:
    """Five landings, and production at the third."""
    shas = [repo.commit(f"r{number}") for number in range(1, 6)]
    repo.set_ref("production", shas[2])
    return shas
