"""The cache is dropped before every run of random histories: the same answers as where it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.campaigns import times
from tests.campaigns.histories import live, twins
from tests.campaigns.outcome import journal_of

pytestmark = pytest.mark.long


@pytest.mark.parametrize("seed", range(1000, 1000 + times(200)))
def test_the_cache_is_dropped_before_every_run(tmp_path: Path, seed: int) -> None:
    undisturbed, forgetful = twins(tmp_path)
    assert list(live(forgetful, seed)) == list(live(undisturbed, seed))
    assert journal_of(forgetful.settings) == journal_of(undisturbed.settings)
