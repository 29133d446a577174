"""Rules at 1,000, 10,000 and 100,000 landings: is it linear, and how many landings a second?"""

from __future__ import annotations

import random

from bench.timing import cpu_median
from shepherd.landing import Deployed, Landing, Reading, Revision
from shepherd.rules import judge
from shepherd.words import Memory, Options, Spoken, TrackerReading


def history(size: int, seed: int = 7) -> tuple[Reading, TrackerReading, Memory]:
    """A window like Launchpad's: seven in ten name a bug, one in six is no-qa, one in a hundred is rolled back."""
    chance = random.Random(seed)
    landings, items = [], {}
    for revno in range(1, size + 1):
        draw = chance.random()
        bugs, labels, targets = (), (), ()
        if draw < 0.7:
            bugs = (chance.randrange(1, size),)
            items[bugs[0]] = Spoken(() if chance.random() < 0.3 else ("ok",))
        elif draw < 0.87:
            labels = ("no-qa",)
        elif draw < 0.88 and revno > 20:
            targets = (revno - chance.randrange(1, 20),)
        landings.append(
            Landing(revno, f"{revno:040x}", 1300000000 + revno * 600, bugs=bugs, own_bugs=bugs, labels=labels,
                    mark_targets=targets)
        )
    tip = landings[-1]
    found = {landing.id: landing.revno for landing in landings}
    return (
        Reading(tuple(landings), Revision(tip.revno, tip.id), Deployed(0, "")),
        TrackerReading(items),
        Memory(size * 2, found=found),
    )


def main() -> None:
    options = Options()
    rates = {}
    for size in (1_000, 10_000, 100_000):
        reading, tracker, memory = history(size)
        seconds = cpu_median(lambda: judge(reading, tracker, memory, options))  # noqa: B023
        rates[size] = size / seconds
        print(f"rules: {size:>7,} landings in {seconds:.3f} s: {rates[size]:>9,.0f} a second")
    print(f"rules: 100,000 against 1,000 landings a second: {rates[100_000] / rates[1_000]:.2f} (1 is linear)")
    print(f"rules: slowest against 240,000 a second: {min(rates.values()) / 240_000:.2f}")


if __name__ == "__main__":
    main()
