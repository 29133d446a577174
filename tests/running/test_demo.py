"""The demo shows every state, every progress, and fits the schema."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from shepherd import snapshot as shape
from shepherd.store.snapshots import Snapshots
from tests.inv import inv
from tests.test_snapshot import check


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("demo")
    done = inv(place, "demo", "--directory", str(place / "demo"))
    assert done.code == 0, done.err
    assert "deploy r28" in done.out and "stable.html" in done.out
    return place / "demo"


def test_the_demo_shows_everything_there_is(place: Path) -> None:
    snapshot = Snapshots(place / "var" / "snapshots", "stable").latest()
    assert snapshot is not None
    check(snapshot)
    assert {entry.state for entry in snapshot.landings} == set(get_args(shape.State))
    assert {entry.progress for entry in snapshot.landings} == set(get_args(shape.Progress))


def test_a_second_demo_begins_anew_and_foreign_folders_are_left_alone(place: Path) -> None:
    assert inv(place.parent, "demo", "--directory", str(place)).code == 0
    foreign = place.parent / "mine"
    foreign.mkdir()
    (foreign / "thesis.tex").touch()
    done = inv(place.parent, "demo", "--directory", str(foreign))
    assert done.code == 2 and (foreign / "thesis.tex").exists()
