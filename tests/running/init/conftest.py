from __future__ import annotations

from pathlib import Path

import pytest

from tests.gitrepo import Repo


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shepherd.toml"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Ten landings without marks, from r1 to r10, on a branch `stable`."""
    made = Repo(tmp_path / "project.git")
    for number in range(1, 11):
        made.commit(f"Change {number}")
    return made
