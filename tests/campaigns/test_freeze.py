"""A freeze that is set between a promotion's last reading and its move: it is stopped, or was over by then
(docs/running.md#freeze)."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shepherd.errors import RefusedError
from shepherd.running import freeze
from shepherd.running.tasking import TaskOptions
from tests.campaigns import times
from tests.campaigns.freezing import quietly
from tests.campaigns.promoted import books
from tests.inv import ROOT
from tests.project import Project
from tests.promoting import PROMOTE, meddle, promote, released

pytestmark = pytest.mark.real


@pytest.mark.parametrize("by_url", [False, True])
def test_a_freeze_amid_a_promotion_some_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_url: bool
) -> None:
    freeze_amid(tmp_path, monkeypatch, 6, by_url)


@pytest.mark.long
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("by_url", [False, True])
def test_a_freeze_amid_a_promotion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_url: bool) -> None:
    rounds, moved = times(250), 0
    for first in range(0, rounds, 25):
        moved += freeze_amid(tmp_path / str(first), monkeypatch, min(25, rounds - first), by_url, seed=first)
    print(f"{rounds} freezes: {moved} promotions were over before, {rounds - moved} were stopped")
    assert 0 < moved < rounds or rounds < 50, "the moments are all on one side"


def freeze_amid(
    folder: Path, monkeypatch: pytest.MonkeyPatch, rounds: int, by_url: bool, seed: int = 19
) -> int:
    """How many promotions were over before; the others were stopped."""
    chance = random.Random(seed)
    project = Project(folder, branch=PROMOTE)
    first = project.land("[no-qa] Begin")[0]
    project.deploy(first)
    project.repo.set_ref("released", first)
    if by_url:
        settings = project.folder / "shepherd.toml"
        settings.write_text(settings.read_text().replace('"project.git"', f'"file://{project.repo.git_dir}"'))
    project.land("[no-qa] To measure by")
    taken = undisturbed(project, monkeypatch)
    moved, freezer = 0, Freezer(project)
    for number in range(rounds):
        before = released(project)
        (landed,) = project.land(f"[no-qa] Change {number}")
        delays = [chance.uniform(0.0, taken)]

        def once(delays: list[float] = delays) -> None:
            # the tags are read once more behind the move
            if delays:
                freezer.begin(delays.pop())

        with monkeypatch.context() as patch:
            meddle(patch, after=once)
            try:
                promote(project)
                stopped = ""
            except RefusedError as refusal:
                stopped = str(refusal)
        at_return = freezer.ref_at_return()
        now = released(project)
        assert at_return == now, f"round {number}: it moved after freeze.on had returned"
        if stopped:
            assert "deployments are frozen" in stopped
            assert now == before, f"round {number}"
        else:
            assert now == landed, f"round {number}"
            moved += 1
        with pytest.raises(RefusedError, match="deployments are frozen"):
            project.land("[no-qa] Later")
            promote(project)
        assert released(project) == now
        quietly(lambda: freeze.off(TaskOptions(project.settings, "ann"), None, None))
    freezer.end()
    assert not books(project.settings).open
    return moved


def undisturbed(project: Project, monkeypatch: pytest.MonkeyPatch) -> float:
    """Seconds from the last reading to the end of the move."""
    read: list[float] = []
    with monkeypatch.context() as patch:
        meddle(patch, after=lambda: read.append(time.monotonic()))
        promote(project)
    # behind the move everything is read and judged once more
    return (time.monotonic() - read[0]) * 0.7


class Freezer:
    """Another process that freezes the branch a while after it is told to, and says where the ref was when
    that had returned."""

    def __init__(self, project: Project) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.campaigns.freezing", str(project.folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._said() == "ready"

    def begin(self, delay: float) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{delay}\n")
        self._process.stdin.flush()

    def ref_at_return(self) -> str:
        return self._said()

    def end(self) -> None:
        self._process.communicate(timeout=60)

    def _said(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()
