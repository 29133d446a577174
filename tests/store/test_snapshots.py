"""Which of the kept snapshots is the later one."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from shepherd.store.snapshots import LATEST, Snapshots
from tests.views import factory

FIRST, SECOND, LATER = "20110824T101500Z-ffff", "20110824T101500Z-0000", "20110824T101501Z-8888"


@pytest.mark.parametrize("written", [(FIRST, SECOND, LATER), (LATER, FIRST, SECOND)])
def test_of_two_in_one_second_the_one_written_later_comes_first(
    tmp_path: Path, written: tuple[str, ...]
) -> None:
    folder = tmp_path / "stable"
    folder.mkdir()
    # the clock had gone back when the last of them was written, or they were copied from elsewhere
    for at, run_id in enumerate([*written, "latest"]):
        snapshot = msgspec.structs.replace(factory.snapshot(), run_id=run_id)
        path = folder / (LATEST if run_id == "latest" else f"{run_id}.json")
        path.write_bytes(msgspec.json.encode(snapshot))
        os.utime(path, ns=(10**18 + at, 10**18 + 1000 * at))
    assert [each.run_id for each in Snapshots(tmp_path, "stable").newest_first()] == [
        "latest",
        LATER,
        SECOND,
        FIRST,
    ]
