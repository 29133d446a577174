"""Requests to Launchpad: a window of 2,000 bugs, and 20,000 qa-ok bugs outside it, next to the naive loop."""

from __future__ import annotations

import math
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from launchpadlib.launchpad import Launchpad

from shepherd.settings import Settings, TrackerSettings
from shepherd.trackers import open_tracker
from shepherd.words import TrackerData
from tests.task import missing_for_real
from tests.trackers.launchpad_server import Bug, Server, serving

WINDOW, OUTSIDE = 2_000, 20_000
CHANGED = 10
"""Bugs that people changed between two runs."""

_T = TypeVar("_T")


def main() -> None:
    if why := missing_for_real():
        sys.exit(f"The test trackers cannot run: {why}.")
    with serving() as lp, tempfile.TemporaryDirectory() as folder:
        lp.whole = True
        window = _fill(lp)
        revnos = range(20_001, 20_001 + WINDOW)
        tracker = TrackerSettings(type="launchpad", project=lp.project, service_root=lp.root)
        settings = Settings(branches={}, tracker=tracker, file=Path(folder) / "shepherd.toml")

        def read(before: bytes = b"") -> TrackerData:
            return open_tracker(settings).read([str(bug) for bug in window], revnos, before)

        first = _measured("first run", lp, read)
        aim = f"(aim: at most {10 + math.ceil(WINDOW / 300)})"
        second = _measured(f"second run {aim}", lp, lambda: read(first.memory))
        for bug in random.Random(1).sample(window, CHANGED):
            lp.change(bug, tags=["qa-ok"])
        third = _measured(f"{CHANGED} bugs changed since {aim}", lp, lambda: read(second.memory))
        _measured("the naive loop over the library", lp, lambda: _naive(lp, folder, window))
    assert 0 < sum(third.items[bug] != tags for bug, tags in second.items.items()) <= CHANGED


def _fill(lp: Server) -> range:
    """Bugs as they are after years: what is in the window was marked lately, most else long ago."""
    long_ago = datetime.now(UTC) - timedelta(days=365)
    for bug in range(1, OUTSIDE + 1):
        lp.bugs[bug] = Bug(["qa-ok"], "Fix Released", modified=long_ago)
    words = random.Random(0).choices(["qa-needstesting", "qa-ok", "qa-untestable"], [5, 4, 1], k=WINDOW)
    for bug, word in enumerate(words, OUTSIDE + 1):
        lp.bugs[bug] = Bug([word], "Fix Committed", modified=long_ago)
    return range(OUTSIDE + 1, OUTSIDE + WINDOW + 1)


def _naive(lp: Server, folder: str, bugs: range) -> list[list[str]]:
    service = Launchpad.login_anonymously(
        "bench", service_root=lp.root, launchpadlib_dir=f"{folder}/naive", version="1.0"
    )
    return [service.bugs[bug].tags for bug in bugs]


def _measured(name: str, lp: Server, body: Callable[[], _T]) -> _T:
    requests, sent, began = lp.count(), lp.sent, time.perf_counter()
    result = body()
    took = time.perf_counter() - began
    print(
        f"Launchpad, {WINDOW:,} bugs in the window of {WINDOW + OUTSIDE:,}, {name}:"
        f" {lp.count() - requests:,} requests, {(lp.sent - sent) / 1e6:.1f} MB, {took:.1f} s",
        flush=True,
    )
    return result


if __name__ == "__main__":
    main()
