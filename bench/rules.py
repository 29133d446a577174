"""Rules at 1,000, 10,000 and 100,000 landings: is it linear, and how many landings a second?

The hardest case: all of them in the window and seen for the first time, so that all is to be remembered.
"""

from __future__ import annotations

from bench.history import Change, changes, words
from bench.timing import CPU, Body, claim, medians
from shepherd.landing import Deployed, Landing, Reading, Revision
from shepherd.rules import judge
from shepherd.words import Memory, Options, TrackerReading

SIZES = (1_000, 10_000, 100_000)
WANTED = 240_000
"""Landings a second: Chromium's walk to its last known good revision."""


def history(size: int) -> tuple[Reading, TrackerReading, Memory]:
    """What the rules are given for a window of this size."""
    landings = tuple(_landing(change) for change in changes(size))
    tip = landings[-1]
    bugs = {bug for landing in landings for bug in landing.bugs}
    return (
        Reading(landings, Revision(tip.revno, tip.id), Deployed(0, "")),
        TrackerReading(dict(words(bugs))),
        Memory(size * 2, found={landing.id: landing.revno for landing in landings}),
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


def _judging(size: int) -> Body:
    """As many landings for each size: small histories are judged several times over."""
    reading, tracker, memory = history(size)
    options = Options()

    def run() -> None:
        for _ in range(SIZES[-1] // size):
            judge(reading, tracker, memory, options)

    return run


def main() -> None:
    landings = SIZES[-1]
    took = medians({f"{size:,}": _judging(size) for size in SIZES}, CPU)
    for size, seconds in took.items():
        claim(
            f"rules, {size} landings ({landings / seconds:,.0f} a second), against {WANTED:,} a second",
            seconds,
            landings / WANTED,
            1,
        )
    claim("rules, slowest size against fastest", max(took.values()), min(took.values()), 1.2)


if __name__ == "__main__":
    main()
