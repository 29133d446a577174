"""Landings through find, tag and judge against Launchpad's own server framework, people marking between."""

from __future__ import annotations

from pathlib import Path

import pytest
import urllib3  # noqa: F401 - imported here once, and not in every process that is killed

from tests.tagging.launchpad_play import compared, made_up

pytestmark = pytest.mark.real


def test_a_play_that_is_killed_again_and_again(tmp_path: Path) -> None:
    history = made_up(tmp_path / "history.git", 45)
    told = compared(tmp_path, history, first=5, last=45, step=25)
    assert "the same after each of 4 runs" in told


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_after_each_request_of_200_landings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history = made_up(tmp_path / "history.git", 220)
    told = compared(tmp_path, history, first=20, last=220)
    with capsys.disabled():
        print(f"\n{told}")
