"""Random histories with changes over time: each run's snapshot follows again from what the run kept
(docs/replay.md)."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from shepherd.snapshot_json import read_snapshot
from tests.campaigns import times
from tests.replay.again import sums_elsewhere
from tests.replay.changing import ChangingProject, live
from tests.replay.watching import Document, documents, in_any_order, the_same


def lived(folder: Path, seed: int, days: int = 6) -> list[Document]:
    """One history; after each run, and once it is over, everything follows again."""
    project = ChangingProject(folder, seed)
    with documents() as written:
        for _ in live(project, days):
            for branch in project.branches:
                the_same(project.settings, branch, written, last=True)
        for branch in {each.branch for each in written}:
            the_same(project.settings, branch, written)
            in_any_order(project.settings, branch, random.Random(seed))
    return written


def lines_of(folder: Path, written: list[Document]) -> list[str]:
    """What another process must print of it."""
    return [f"{folder} {each.branch} {each.run_id} {each.sum}" for each in written]


def met(written: list[Document]) -> Counter[str]:
    """Which rules, answers and failures there were."""
    found: Counter[str] = Counter()
    for each in written:
        snapshot = read_snapshot(each.text)
        found[snapshot.answer] += 1
        found.update({landing.rule for landing in snapshot.landings})
        found["problems"] += bool(snapshot.problems) and snapshot.complete
        found["told on"] += any(blocker.list_told_on for blocker in snapshot.blockers)
        found["checks"] += any(landing.checks for landing in snapshot.landings)
        found["limits"] += any(landing.exceeds for landing in snapshot.landings)
        found["promotions"] += bool(snapshot.promotions)
    return found


def test_replay_gives_the_very_bytes(tmp_path: Path) -> None:
    """Here, and in a process with another hash seed, time zone, locale and directory."""
    seeds = [tmp_path / str(seed) for seed in range(2, 7)]
    lives = {folder: lived(folder, seed) for seed, folder in enumerate(seeds, 2)}
    elsewhere = sums_elsewhere(seeds)
    meant = [line for folder, written in lives.items() for line in lines_of(folder, written)]
    assert sorted(elsewhere) == sorted(meant)


@pytest.mark.long
def test_replay_gives_the_very_bytes_of_300_histories(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found: Counter[str] = Counter()
    histories, judged, at_once = times(300), 0, 20
    for first in range(1000, 1000 + histories, at_once):
        folders = [tmp_path / str(seed) for seed in range(first, min(first + at_once, 1000 + histories))]
        lives = {folder: lived(folder, int(folder.name)) for folder in folders}
        meant = [line for folder, written in lives.items() for line in lines_of(folder, written)]
        assert sorted(sums_elsewhere(folders, PYTHONHASHSEED=str(first))) == sorted(meant)
        for written in lives.values():
            judged += len(written)
            found += met(written)
    with capsys.disabled():
        print(f"\n{histories} histories, {judged} judgements, all the same again:", dict(found))
