"""A history of Launchpad's shape, made up, played landing by landing (see play.py for a recorded one)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bench.history import changes
from tests.gitrepo import Repo
from tests.running.host import SCALE
from tests.tagging.play import Play


@pytest.mark.real
@pytest.mark.parametrize("landings", [25, pytest.param(int(1500 * SCALE), marks=pytest.mark.long)])
@pytest.mark.timeout(3600)
def test_a_made_up_history(landings: int, tmp_path: Path) -> None:
    repo = Repo(tmp_path / "history.git")
    for change in changes(landings):
        repo.commit(change.message, date=change.at)
    play = Play(tmp_path / "project", repo.path, random.Random(3), 5, landings)
    play.play()
    assert play.counts["ok"] > landings / 4
    assert len(play.good) > landings / 4
