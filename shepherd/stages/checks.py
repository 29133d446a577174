"""The checks of candidates: asked from the newest that nothing blocks downwards, until one holds
(docs/rules.md#checks)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import takewhile
from time import monotonic

from msgspec import Struct

from shepherd.conditions import CommitChecks, Conditions, Limit
from shepherd.rules import Judgement
from shepherd.rules.conditions import results_hold
from shepherd.run import Run
from shepherd.settings import Settings
from shepherd.stages.check_memory import (
    ChecksMemory,
    is_due,
    memory_that_fits,
    memory_with,
)
from shepherd.stages.check_reader import CheckReader
from shepherd.stages.shared_warnings import folded

Progress = Callable[[int, int], None]
"""progress(done, of): revisions that were asked for, and how many it may be."""
BATCHES = (10, 40, 100)
"""How many candidates are asked for at once: few at first, since mostly one of the newest holds."""


class ChecksReading(Struct, frozen=True):
    """A judgement with what was read of checks."""

    judgement: Judgement
    memory: ChecksMemory | None = None
    """To be kept; None: nothing was asked."""
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def conditions_of(settings: Settings, branch: str) -> Conditions:
    """What the settings ask of a candidate; no results yet."""
    config = settings.branches[branch]
    return Conditions(
        checks=config.checks,
        limits=tuple(Limit(each.paths, each.max, each.reason) for each in config.limits),
    )


def read_checks(
    settings: Settings,
    branch: str,
    judgement: Judgement,
    run: Run,
    memory: ChecksMemory | None,
    *,
    stored: bool = False,
    afresh: Collection[str] | None = None,
    progress: Progress | None = None,
) -> ChecksReading:
    """The judgement with the checks of as many candidates as it takes to find one that holds, and of the
    promoted revision.

    Args:
        memory: as the cache has it.
        stored: ask nobody; what was read last counts.
        afresh: not None: what is remembered counts for nothing where it could make the answer, and these
            SHAs are asked for in any case (before something is moved).
        progress: is told after each batch but the only one.
    """
    known = memory_that_fits(memory, settings, branch)
    if stored:
        return ChecksReading(judgement.checked({sha: each.checks for sha, each in known.items()}))
    started = monotonic()
    reading, patterns = judgement.reading, judgement.conditions.checks
    window = {each.id for each in reading.landings if each.revno > reading.deployed.revno}
    settled = {
        sha: each.checks
        for sha, each in known.items()
        if sha in window and not is_due(patterns, each, run.seconds)
    }
    reader = CheckReader(settings, branch)
    promoted = reading.promoted.id if reading.promoted else ""
    trusted = settled if afresh is None else {}
    also = [
        sha
        for sha in dict.fromkeys((promoted, *(afresh or ())))
        if sha in window and sha not in trusted and (sha != promoted or sha in set(judgement.unblocked))
    ]
    read = _asked(reader, patterns, judgement.unblocked, trusted, also, progress)
    memory = memory_with(known, read, window, settings, branch, run.seconds)
    results = {
        sha: each.checks
        for sha, each in memory.commits.items()
        if sha in read or sha in settled or results_hold(patterns, each.checks)
    }
    if afresh is not None:
        results |= read
    run.tell(
        "checks",
        branch=branch,
        result="failed" if reader.problem else "read",
        source=reader.source,
        asked=reader.asked,
        remembered=len(results.keys() - read.keys()),
        requests=reader.requests,
        seconds=round(monotonic() - started, 3),
        **({"why": reader.problem} if reader.problem else {}),
    )
    return ChecksReading(
        judgement.checked(results),
        memory,
        tuple(_problems(branch, judgement, reader, read)),
        tuple(reader.warnings),
    )


def _asked(
    reader: CheckReader,
    patterns: tuple[str, ...],
    candidates: Sequence[str],
    settled: Mapping[str, CommitChecks],
    also: Sequence[str],
    progress: Progress | None,
) -> dict[str, CommitChecks]:
    """What was read: of the candidates from the first on until one holds, less those that are settled; and
    of `also`."""
    read: dict[str, CommitChecks] = {}

    def holds(sha: str, known: Mapping[str, CommitChecks]) -> bool:
        return sha in known and results_hold(patterns, known[sha])

    above = takewhile(lambda sha: not holds(sha, settled), candidates)
    waiting = [sha for sha in above if sha not in settled]
    batches = list(_batches(waiting)) or [[]]
    for some in batches:
        asked = [sha for sha in dict.fromkeys((*some, *also)) if sha not in read]
        if asked:
            read.update(reader.results(asked))
        over = some is batches[-1] or any(holds(sha, read) for sha in some)
        if progress is not None and len(batches) > 1:
            progress(len(read), len(read) if over else max(len(waiting), len(read) + 1))
        if over:
            break
    return read


def _batches(commits: Sequence[str]) -> Iterator[Sequence[str]]:
    start, place = 0, 0
    while start < len(commits):
        yield commits[start : start + BATCHES[place]]
        start += BATCHES[place]
        place = min(place + 1, len(BATCHES) - 1)


def _problems(
    branch: str, judgement: Judgement, reader: CheckReader, read: Mapping[str, CommitChecks]
) -> list[str]:
    if reader.problem:
        back = "revisions whose checks were not known before must wait"
        return [f"{branch}: checks could not be read, so {back}: {reader.problem}"]
    revnos = {each.id: each.revno for each in judgement.reading.landings}
    return folded(
        f"the checks of r{revnos[sha]} could not be read: {checks.unreadable}"
        for sha, checks in read.items()
        if checks.unreadable
    )
