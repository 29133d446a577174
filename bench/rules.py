"""Rules at 1,000, 10,000 and 100,000 landings: is it linear, and how many landings a second?

The hardest case: all of them in the window and seen for the first time, so that everything has to be remembered.
"""

from __future__ import annotations

from bench.history import Change, changes, words
from bench.timing import cpu_median
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


def main() -> None:
    options = Options()
    rates = {}
    for size in SIZES:
        reading, tracker, memory = history(size)
        # The small ones several times over, so that each measurement takes about as long.
        times = SIZES[-1] // size
        seconds = cpu_median(lambda: [judge(reading, tracker, memory, options) for _ in range(times)])  # noqa: B023
        rates[size] = size * times / seconds
        print(f"rules: {size:>7,} landings: {rates[size]:>9,.0f} a second")
    slowest, fastest = min(rates.values()), max(rates.values())
    print(f"rules: fastest {fastest:,.0f} against slowest {slowest:,.0f} a second: ratio {fastest / slowest:.2f} (aim: at most 1.2)")
    print(f"rules: {WANTED:,} against slowest {slowest:,.0f} a second: ratio {WANTED / slowest:.2f} (aim: at most 1)")


if __name__ == "__main__":
    main()
