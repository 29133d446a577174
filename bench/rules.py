"""Rules from 1,000 to 1,000,000 landings: is it linear, and how many landings a second, beside the walk to
the last known good revision (`known_good`) over as many revisions? And what do conditions cost
(docs/rules.md#conditions): checks and limits beside without?

The hardest case: all of them in the window and seen for the first time, so that all is to be remembered.
"""

from __future__ import annotations

import gc

from msgspec.structs import replace

from bench.history import Change, changes, words
from bench.known_good import histories, last_known_good
from bench.timing import CPU, Body, claim, medians
from shepherd.conditions import (
    NO_CONDITIONS,
    CheckResult,
    CheckWord,
    CommitChecks,
    Conditions,
    Limit,
    Touched,
)
from shepherd.landing import Deployed, Landing, Reading, Revision
from shepherd.rules import judge
from shepherd.words import ItemTags, Options, RecordedEvidence, TrackerData

SIZES = (1_000, 10_000, 100_000, 1_000_000)
AT_ONCE = 100_000
"""Landings that one measurement judges at least: small histories several times over."""
MOST_WALKED = 100_000
"""Revisions of the walk: the builds of a million need more than 1 GB."""
CONDITION_SIZES = (2_000, 10_000, 100_000, 1_000_000)
RED = 300
"""The newest candidates, whose checks failed."""
ASKED = 350
"""So many are asked for, since that is done in batches."""
CHECKS = ("ci/build", "ci/test-*", "lint")
LIMITS = (Limit(("database/*.sql",), 1), Limit(("web/*",), 500))


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
    """One judgement of so many landings."""
    reading, tracker, memory = history(size)
    options = Options()
    return lambda: judge(reading, tracker, memory, options)


def walking(size: int) -> Body:
    """One walk over as many revisions."""
    builders = histories(size)
    return lambda: last_known_good(size, builders)


def conditions(size: int, *, generous: bool) -> Conditions:
    """One landing in five touches what a limit is about, one in fifty what both are; as many candidates were
    asked for their checks as it takes, with a dozen results each."""
    touched: dict[str, Touched] = {}
    for revno in range(5, size + 1, 5):
        web = (f"web/{revno % 997}",)
        schema = {0: (f"database/patch-{revno}.sql",)} if revno % 50 == 0 else {}
        touched[f"{revno:040x}"] = {**schema, 1: web}
    red, green = _checks("failed"), _checks("success")
    return Conditions(
        CHECKS,
        {f"{size - n:040x}": red if n < RED else green for n in range(min(size, ASKED))},
        tuple(replace(each, max=each.max * size) for each in LIMITS) if generous else LIMITS,
        touched,
    )


def _checks(word: CheckWord) -> CommitChecks:
    names = ("ci/build", *(f"ci/test-{number}" for number in range(10)), "docs")
    return CommitChecks((*(CheckResult(name, "success") for name in names), CheckResult("lint", word)))


def conditional(size: int, needed: Conditions, *, good: bool) -> Body:
    """One judgement; with `good`, where everything is good, so that all depends on the conditions."""
    reading, tracker, memory = history(size)
    if good:
        tracker = replace(tracker, items=dict.fromkeys(tracker.items, ItemTags(words=("ok",))))
    options = Options(orphans="pass" if good else "block")
    return lambda: judge(reading, tracker, memory, options, conditions=needed)


def keeping(size: int) -> Body:
    """What this machine's caches make of a loop that is linear beyond doubt: it only keeps the landings."""
    reading, tracker, memory = history(size)

    def run() -> None:
        gc.disable()
        said = {each.revno: [(bug, tracker.items[bug]) for bug in each.bugs] for each in reading.landings}
        pairs = {(each.id, bug): each.revno for each in reading.landings for bug in each.bugs}
        found = {each.revno: (each, memory.first_seen[each.id]) for each in reading.landings}
        del said, pairs, found
        gc.enable()

    return run


def with_conditions() -> None:
    """Beside the same without, and is it linear? Where landings block nearly all; where nothing is in the way
    but checks; and where limits are exceeded nearly everywhere."""
    per_landing: dict[int, dict[str, float]] = {}
    for size in CONDITION_SIZES:
        kinds = (("blocked", False, False), ("over", True, False), ("free", True, True))
        for kind, good, generous in kinds if size <= AT_ONCE else kinds[-1:]:
            bodies = {
                "with": conditional(size, conditions(size, generous=generous), good=good),
                "without": conditional(size, NO_CONDITIONS, good=good),
            }
            took = medians(bodies, CPU, each=_times(size))
            claim(f"rules, {size:,} landings with conditions, {kind}", took["with"], took["without"], 1.2)
            per_landing[size] = {name: seconds / size for name, seconds in took.items()}
    few, many = per_landing[CONDITION_SIZES[0]], per_landing[CONDITION_SIZES[-1]]
    grown = {name: many[name] / few[name] for name in few}
    print(
        f"each landing of the most takes {grown['with']:.2f} times as long as one of the fewest, and without "
        f"conditions {grown['without']:.2f} times",
        flush=True,
    )


def _times(size: int) -> int:
    return max(1, AT_ONCE // size)


def main() -> None:
    rules: dict[int, float] = {}
    bare: dict[int, float] = {}
    for size in SIZES:
        bodies = {"rules": judging(size), "bare": keeping(size)}
        if size <= MOST_WALKED:
            bodies["walk"] = walking(size)
        took = medians(bodies, CPU, each=_times(size))
        rules[size], bare[size] = took["rules"] / size, took["bare"] / size
        print(f"rules, {size:,} landings: {1 / rules[size]:,.0f} a second", flush=True)
        if "walk" in took:
            walked = (
                f"a walk to the last known good of {size:,} revisions, against the rules (aim: at least 4)"
            )
            claim(walked, took["walk"], took["rules"])
    claim("rules, slowest size against fastest, per million", *_spread(rules), 1.2)
    claim("the same for a loop that only keeps the landings in dicts", *_spread(bare))
    with_conditions()


def _spread(each: dict[int, float]) -> tuple[float, float]:
    """Seconds that a million landings take at the slowest size and at the fastest."""
    return max(each.values()) * 1e6, min(each.values()) * 1e6


if __name__ == "__main__":
    main()
