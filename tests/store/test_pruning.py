"""Kept snapshots go when they are old, and not because one run's clock says so."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shepherd.snapshot import JournalPlace, Snapshot
from shepherd.store.pruning import SnapshotFile, outdated
from shepherd.store.snapshots import Snapshots
from tests.views import factory

DAY = 86_400
KEEP_DAYS = 30
KEEP = KEEP_DAYS * DAY
BEGIN = 1_300_000_000


class Years:
    """A folder of snapshots that runs write and prune, with whatever clock each has."""

    def __init__(self, folder: Path, past: Years | None = None) -> None:
        self.snapshots = Snapshots(folder, "stable")
        self.true = float(BEGIN)
        self.written: dict[Path, float] = {}
        """Each kept file's true time."""
        self.seq = 0
        if past is not None:
            shutil.copytree(past.snapshots.folder, self.snapshots.folder)
            self.true, self.seq = past.true, past.seq
            self.written = {self.snapshots.folder / path.name: at for path, at in past.written.items()}

    def run(self, off: float = 0.0) -> Path:
        """Ten minutes later a run with a clock that is off by so many seconds keeps an answer, and prunes."""
        self.true += 600
        self.seq += 1
        place = JournalPlace(self.seq, "0" * 64, self.seq, factory.NOW, 1)
        snapshot = msgspec.structs.replace(factory.snapshot(), run_id=f"run-{self.seq:05}", journal=place)
        # as an older release kept it, and as this one does
        plain = self.seq % 2
        path = self.snapshots.folder / f"{snapshot.run_id}.json{'' if plain else '.gz'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        document = msgspec.json.encode(small(snapshot))
        path.write_bytes(document if plain else gzip.compress(document, 1))
        os.utime(path, (self.true + off, self.true + off))
        self.written[path] = self.true
        self.snapshots.prune(self.true + off, KEEP)
        return path

    def days(self, count: int) -> None:
        """Three answers a day, by the right clock."""
        for _ in range(count):
            for _ in range(3):
                self.run()
            self.true += DAY - 1800

    def lost(self) -> list[float]:
        """The true ages, in days, of what is gone."""
        return [(self.true - at) / DAY for path, at in self.written.items() if not path.exists()]


def small(snapshot: Snapshot) -> Snapshot:
    return msgspec.structs.replace(snapshot, landings=(), blockers=())


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Years:
    years = Years(tmp_path_factory.mktemp("past"))
    years.days(KEEP_DAYS + 10)
    assert KEEP_DAYS - 1 < min(years.lost()) < KEEP_DAYS + 1, "by the right clock they are kept so long"
    assert len(years.written) - len(years.lost()) <= 3 * (KEEP_DAYS + 2)
    return years


@pytest.fixture
def years(past: Years, tmp_path: Path) -> Years:
    return Years(tmp_path, past)


@pytest.mark.parametrize("ahead", [1, 100, 365, 36_500])
def test_a_clock_that_is_ahead_for_hours(years: Years, ahead: int) -> None:
    before = len(years.lost())
    for _ in range(40):
        years.run(ahead * DAY)
    assert min(years.lost()) > KEEP_DAYS - 2
    assert len(years.lost()) - before <= 6
    years.days(KEEP_DAYS + 10)
    assert min(years.lost()) > KEEP_DAYS - 2
    assert len(years.written) - len(years.lost()) < 3 * (KEEP_DAYS + 3) + 40


@pytest.mark.parametrize("behind", [1, 100, 365])
def test_a_clock_that_went_back(years: Years, behind: int) -> None:
    odd = [years.run(-behind * DAY) for _ in range(40)]
    assert all(path.exists() for path in odd)
    years.days(KEEP_DAYS - 10)
    assert all(path.exists() for path in odd)
    years.days(KEEP_DAYS + 10)
    assert not any(path.exists() for path in odd), "they go when they are old"


def test_where_answers_seldom_change_more_days_of_the_calendar_are_kept(tmp_path: Path) -> None:
    years = Years(tmp_path)
    for _ in range(KEEP_DAYS):
        years.run()
        years.true += 7 * DAY
    assert years.lost() == []
    years.run()
    assert len(years.lost()) == 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 400 * DAY), max_size=60),
    st.floats(DAY, 100 * DAY),
    st.one_of(st.floats(-1e9, 1e9), st.just(0.0)),
)
def test_no_clock_alone_empties_the_folder(ages: list[float], keep: float, off: float) -> None:
    """Whatever the clock says, the answers of as many days as `keep` has stay."""
    kept = [SnapshotFile(Path(f"/nowhere/{number}"), BEGIN - age) for number, age in enumerate(ages)]
    gone = set(outdated(kept, BEGIN + off, keep))
    wanted = int(-(-keep // DAY))
    newest = sorted({each.at // DAY for each in kept}, reverse=True)[:wanted]
    assert not [each for each in kept if each.at // DAY in newest and each.path in gone]
    assert not [each for each in kept if each.at >= BEGIN + off - keep and each.path in gone]
