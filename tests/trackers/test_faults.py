"""What is answered, with which exit code and in which words, whatever a tracker does: each row of
tests/cases/tracker_faults.toml on each tracker that it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trackers.fault_rows import NAMES, Fault, faults
from tests.trackers.faults import played

pytestmark = pytest.mark.real

ROWS = [
    pytest.param(fault, tracker, id=f"{tracker}: {fault.section}: {fault.says}")
    for fault in faults()
    for tracker in fault.trackers
]


@pytest.mark.parametrize(("fault", "tracker"), ROWS)
def test_fault(fault: Fault, tracker: str, tmp_path: Path) -> None:
    assert played(fault, tracker, tmp_path) == fault.expected(tracker)


@pytest.mark.parametrize("tracker", NAMES)
def test_without_a_fault(tracker: str, tmp_path: Path) -> None:
    """The story that the rows start from."""
    calm = Fault("", "nothing goes wrong", (tracker,), "deploy r4")
    assert played(calm, tracker, tmp_path) == calm.expected(tracker)
