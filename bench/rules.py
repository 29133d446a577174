"""Rules at 1,000, 10,000 and 100,000 landings: is it linear, and how many landings a second?

The hardest case: all of them in the window and seen for the first time, so that all is to be remembered.
"""

from __future__ import annotations

import gc

from bench.history import Change, changes, words
from bench.timing import CPU, Body, claim, medians
from shepherd.landing import Deployed, Landing, Reading, Revision
from shepherd.rules import judge
from shepherd.words import Options, RecordedEvidence, TrackerData

SIZES = (1_000, 10_000, 100_000)
WANTED = 240_000
"""Landings a second: Chromium's walk to its last known good revision."""


def history(size: int) -> tuple[Reading, TrackerData, RecordedEvidence]:
    """What the rules are given for a window of this size."""
    landings = tuple(_landing(change) for change in changes(size))
    tip = landings[-1]
    bugs = {bug for landing in landings for bug in landing.bugs}
    return (
        Reading(landings, Revision(tip.revno, tip.id), Deployed(0, "")),
        TrackerData(words(bugs)),
        RecordedEvidence(size * 2, first_seen={landing.id: landing.revno for landing in landings}),
    )


def _landing(change: Change) -> Landing:
    return Landing(
        change.revno,
        f"{change.revno:040x}",
        change.at,
        title=change.subject,
        person=change.person,
        bugs=change.bugs,
        own_bugs=change.bugs,
        labels=change.labels,
        mark_targets=(change.target,) if change.target else (),
    )


def judging(size: int) -> Body:
    """As many landings for each size: small histories are judged several times over."""
    reading, tracker, memory = history(size)
    options = Options()

    def run() -> None:
        for _ in range(SIZES[-1] // size):
            judge(reading, tracker, memory, options)

    return run


def keeping(size: int) -> Body:
    """What this machine's caches make of a loop that is linear beyond doubt: it only keeps the landings."""
    reading, tracker, memory = history(size)

    def run() -> None:
        gc.disable()
        for _ in range(SIZES[-1] // size):
            said = {each.revno: [(bug, tracker.items[bug]) for bug in each.bugs] for each in reading.landings}
            pairs = {(each.id, bug): each.revno for each in reading.landings for bug in each.bugs}
            found = {each.revno: (each, memory.first_seen[each.id]) for each in reading.landings}
            del said, pairs, found
        gc.enable()

    return run


def main() -> None:
    took = medians({f"{size:,}": judging(size) for size in SIZES}, CPU)
    wanted = SIZES[-1] / WANTED
    for size, seconds in took.items():
        rate = f"{SIZES[-1] / seconds:,.0f} a second"
        claim(f"rules, {size} landings ({rate}), against {WANTED:,} a second", seconds, wanted, 1)
    claim("rules, slowest size against fastest", max(took.values()), min(took.values()), 1.2)
    bare = medians({"large": keeping(SIZES[-1]), "small": keeping(SIZES[0])}, CPU)
    claim("the same for a loop that only keeps the landings in dicts", bare["large"], bare["small"])


if __name__ == "__main__":
    main()
