"""How far down the landings of a branch have to be read, and what of an earlier reading still holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from shepherd.git.branch_reading import BranchReading, CoveredPair, KnownBranch, checksum
from shepherd.landing import Landing, Reading, commits_of


def known_reading(
    known: KnownBranch, cutoff: int, reach: int | None, covers: Sequence[CoveredPair]
) -> BranchReading | None:
    """The reading of a branch where nothing moved: what is known, less what has become too old.

    None if that does not reach far enough.
    """
    facts = known.facts
    if facts.cutoff > cutoff or not known.landings or any(landing.unread for landing in known.landings):
        return None
    by_revno = {landing.revno: landing for landing in known.landings}
    dated = ((landing.revno, landing.committed_at) for landing in known.landings)
    low = lowest(dated, facts.deployed.revno, facts.tip.revno, cutoff, reach)
    if low not in by_revno:
        return None
    while (further := deepest(by_revno, low, facts.tip.revno, covers)) < low:
        low = further
        if low not in by_revno:
            return None
    landings = tuple(by_revno[revno] for revno in range(low, facts.tip.revno + 1))
    ids = set(commits_of(landings))
    notes = tuple(note for note in facts.notes if note.id in ids)
    reading = Reading(landings, facts.tip, facts.deployed, facts.promoted, facts.on_qa)
    return BranchReading(reading, notes, facts.problems, False, facts, facts.notes_there, 0, facts.warnings)


def strange_words(words: Collection[str], landings: Iterable[Landing]) -> str:
    """A sum of the commits with words of people that are not among these landings."""
    return checksum(sorted(set(words).difference(landing.id for landing in landings)))


def lowest(dated: Iterable[tuple[int, int]], deployed: int, tip: int, cutoff: int, reach: int | None) -> int:
    """Where the landings that matter by themselves begin: the tip is always one of them."""
    young = (revno for revno, date in dated if revno <= deployed and date >= cutoff)
    return max(1, min(deployed + 1, tip, reach if reach is not None else tip, *young))


def deepest(landings: Mapping[int, Landing], low: int, tip: int, covers: Sequence[CoveredPair]) -> int:
    """The oldest landing that one of these undoes, by its message or by a person's word."""
    targets = (target for revno in range(low, tip + 1) for target in landings[revno].targets)
    covered = (target for target, by in covers if low <= by <= tip)
    return min((*targets, *covered), default=low)
