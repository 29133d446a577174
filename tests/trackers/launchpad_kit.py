"""Readings of a local Launchpad, whose clock moves when told to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import pytest

from shepherd.errors import TrackerError
from shepherd.settings import Settings
from shepherd.trackers import open_tracker
from shepherd.words import Item, TrackerData
from tests.trackers.launchpad_server import Server

Read = Callable[..., TrackerData]


def named(bugs: Iterable[int]) -> list[Item]:
    return [str(bug) for bug in bugs]


class Clock:
    """The tracker's clock, a week ahead of ours; it moves when told to."""

    def __init__(self, lp: Server) -> None:
        self.now = datetime.now(UTC) + timedelta(days=7)
        lp.clock = lambda: self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


def failure(settings: Settings) -> str:
    """The one sentence of a tracker that could not be read."""
    with pytest.raises(TrackerError) as caught:
        open_tracker(settings).read(["1"], [7])
    told = str(caught.value)
    assert "\n" not in told
    assert caught.value.requests
    return told
