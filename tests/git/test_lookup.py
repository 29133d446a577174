"""Any landing of the mainline, by whatever name a person has for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.git.lookup import look_up
from shepherd.settings import BranchSettings, Pointer
from shepherd.values import parse_rev
from tests.gitrepo import Repo


@pytest.fixture
def shas(repo: Repo) -> dict[str, str]:
    root = repo.commit("root")
    side = repo.commit("[bug=7] side", parents=[root], branch="feature/x")
    merge = repo.merge("Merge pull request #12 from ann/feature-y", side)
    back = repo.revert(merge)
    stray = repo.commit("not landed", parents=[root], branch="stray")
    return {"root": root, "side": side, "merge": merge, "back": back, "stray": stray}


@pytest.mark.parametrize(
    ("text", "revnos"),
    [
        ("r2", [2]),
        ("tip", [3]),
        ("r4", []),
        ("{merge}", [2]),
        ("{side}", [2]),
        ("{stray}", []),
        ("feature/x", [2]),
        ("stray", []),
        ("ann/feature-y", [2]),
        ("feature-y", [2]),
        ("feature", []),
        ("nowhere", []),
        ("bug:7", [2]),
        ("bug:8", []),
        ("#12", [2]),
        ("!12", []),
    ],
)
def test_what_a_name_means(
    repo: Repo, tmp_path: Path, shas: dict[str, str], text: str, revnos: list[int]
) -> None:
    branch = BranchSettings(str(repo.path), "stable", Pointer(recorded=True))
    rev = parse_rev(text.format(**shas), wide=True)
    found = look_up(branch, repository=str(repo.path), mirrors=tmp_path, rev=rev)
    assert [landing.revno for landing in found] == revnos


def test_what_was_found_knows_what_it_undid(repo: Repo, tmp_path: Path, shas: dict[str, str]) -> None:
    branch = BranchSettings(str(repo.path), "stable", Pointer(recorded=True))
    [landing] = look_up(branch, repository=str(repo.path), mirrors=tmp_path, rev=parse_rev("r3"))
    assert landing.revert_targets == (2,)
