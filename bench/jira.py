"""Requests to Jira, Cloud and Data Center: 2,000 landings that name 1,500 issues, and 20,000 issues outside
the window, next to the naive loop over the library."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from jira import JIRA

from shepherd.words import TrackerData
from tests.task import missing_for_real
from tests.trackers.faulty import at_work
from tests.trackers.jira_kit import JiraKit
from tests.trackers.jira_server import EMAIL, TOKEN, Jira

LANDINGS, ISSUES, OUTSIDE = 2_000, 1_500, 20_000
CHANGED = 10
"""Issues that people changed between two runs."""
_NAIVE = 150
"""Issues that the naive loop reads: it takes long enough."""

_T = TypeVar("_T")


def main() -> None:
    if why := missing_for_real():
        sys.exit(f"The test trackers cannot run: {why}.")
    for cloud in (True, False):
        with at_work(Jira(cloud)) as jira, tempfile.TemporaryDirectory() as folder:
            _run(JiraKit(jira, Path(folder)))


def _run(kit: JiraKit) -> None:
    jira = kit.jira
    jira.page = 100 if jira.cloud else 1_000
    keys = _fill(kit)
    field = {"name": "QA result", "ok": ["passed"], "bad": ["failed"]}

    def read(before: bytes = b"") -> TrackerData:
        return kit.read(*keys, revnos=range(20_001, 20_001 + LANDINGS), before=before, field=field)

    first = _measured(f"first run (aim: at most {5 + ISSUES // 100})", jira, read)
    second = _measured("second run", jira, lambda: read(first.memory))
    for key in random.Random(1).sample(keys, CHANGED):
        jira.change(key, labels=["qa-bad"])
    third = _measured(f"{CHANGED} issues changed since", jira, lambda: read(second.memory))
    client = JIRA(jira.root, basic_auth=(EMAIL, TOKEN), get_server_info=False, max_retries=0)
    _measured(
        f"the naive loop over the library, for {_NAIVE} of them",
        jira,
        lambda: [client.issue(key, fields="labels,status") for key in keys[:_NAIVE]],
    )
    assert 0 < sum(third.items[key] != tags for key, tags in second.items.items()) <= CHANGED


def _fill(kit: JiraKit) -> list[str]:
    """Issues as they are after years: what is in the window was marked lately, most else long ago."""
    kit.jira.field("QA result")
    for number in range(1, OUTSIDE + 1):
        kit.jira.issue(f"ABC-{number}", "qa-ok")
    words = random.Random(0).choices(["qa-needstesting", "qa-ok", "qa-untestable"], [5, 4, 1], k=ISSUES)
    keys = [f"ABC-{number}" for number in range(OUTSIDE + 1, OUTSIDE + ISSUES + 1)]
    for key, word in zip(keys, words, strict=True):
        kit.jira.issue(key, word)
    kit.ahead += timedelta(days=30)
    return keys


def _measured(name: str, jira: Jira, body: Callable[[], _T]) -> _T:
    requests, sent, began = jira.count(), jira.sent, time.perf_counter()
    result = body()
    took = time.perf_counter() - began
    print(
        f"Jira {'Cloud' if jira.cloud else 'Data Center'}, {ISSUES:,} issues, {LANDINGS:,} landings, {name}:"
        f" {jira.count() - requests:,} requests, {(jira.sent - sent) / 1e6:.1f} MB, {took:.1f} s",
        flush=True,
    )
    return result


if __name__ == "__main__":
    main()
