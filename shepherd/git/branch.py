"""One branch read: where its tip, production, the promoted ref and the QA server are, and what landed.

What was read before is handed in and used again, and the answer is the same with it and without it: a landing
follows from the history below it, and from the few things that `Facts.key` sums up.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from shepherd.git.branch_reading import (
    BranchFacts,
    BranchReading,
    CoveredPair,
    KnownBranch,
    OtherMainline,
    checksum,
)
from shepherd.git.branch_sources import RULES, BranchSources
from shepherd.git.containment import brought_in
from shepherd.git.first_parents import FirstParents, read_first_parents, runs
from shepherd.git.mainline import Landed, Reader, mailmap_at, read_landings
from shepherd.git.neighbours import Looked
from shepherd.git.notes import noted_commits, read_notes
from shepherd.git.positions import find_carriers
from shepherd.git.reach import deepest, known_reading, lowest, strange_words
from shepherd.git.rewrites import lost_landings
from shepherd.git.undoing import undo
from shepherd.landing import Brought, Landing, Reading, Revision, commits_of
from shepherd.settings import BranchSettings


def read_branch(
    branch: BranchSettings,
    *,
    repository: str,
    base: Path,
    mirrors: Path,
    keep_seconds: int,
    now: int,
    recorded: str | None = None,
    reach: int | None = None,
    others: Sequence[OtherMainline] = (),
    covers: Sequence[CoveredPair] = (),
    known: KnownBranch | None = None,
    words: Collection[str] = (),
    fetch: bool = True,
    project: str | None = None,
    key_projects: Sequence[str] = (),
    looked: Mapping[str, Looked] = {},
) -> BranchReading:
    """Read one branch from its sources.

    `repository` is an absolute path or a URL, `base` the folder that files of pointers start from. Landings
    are read of the window, of the last `keep_seconds` before `now`, from revno `reach` on (where the caller
    knows of older ones that matter), and as far down as undoing reaches. `recorded` is the REV that
    production was last said to run, "r0" for nothing; `covers` are what people said of what was undone.
    `words` are the SHAs of commits with words, landings or not (docs/rules.md#what-people-say). `fetch` False
    takes a mirror as it is; `project` and `key_projects` are those of `marks.parse`; `looked` is what
    repositories said by now.

    Raises:
        SourceError: the tip or D cannot be read, or D shares nothing with the mainline.
    """
    sources = BranchSources(
        branch,
        repository=repository,
        base=base,
        mirrors=mirrors,
        recorded=recorded,
        others=others,
        fetch=fetch,
        project=project,
        key_projects=key_projects,
        looked=looked,
        strangers=(known.facts.tip.id, known.facts.strangers) if known else ("", {}),
    )
    cutoff = now - keep_seconds
    branch_reading: BranchReading | None = None
    if (
        known
        and known.facts.asked == sources.asked
        and known.facts.words == strange_words(words, known.landings)
    ):
        branch_reading = known_reading(known, cutoff, reach, covers)
    branch_reading = branch_reading or _read(
        sources, branch, known, cutoff, reach, covers, words, project, key_projects
    )
    return replace(
        branch_reading,
        reading=replace(branch_reading.reading, standing=sources.positions),
        facts=replace(branch_reading.facts, strangers=sources.strangers),
    )


def _read(
    sources: BranchSources,
    branch: BranchSettings,
    known: KnownBranch | None,
    cutoff: int,
    reach: int | None,
    covers: Sequence[CoveredPair],
    words: Collection[str],
    project: str | None,
    key_projects: Sequence[str],
) -> BranchReading:
    """Read what `known` does not hold, or what is not right any more."""
    git = sources.git
    mainline = read_first_parents(git, sources.tip())
    tip = Revision(len(mainline), mainline.ids[-1])
    deployed, commit = sources.deployed(mainline)
    promoted, on_qa = sources.promoted(mainline), sources.on_qa(mainline)
    mailmap, unused = mailmap_at(git, tip.id)
    sources.problems += [unused] if unused else []
    reader = Reader(
        branch.marks,
        branch.robots,
        branch.landing_url,
        mailmap,
        project,
        branch.person,
        branch.ref,
        key_projects,
    )
    key = checksum([RULES, reader.summed, sources.other_tips, commit])
    lost = known is not None and lost_landings(mainline, known.facts.tip)
    by_revno: dict[int, Landing] = {}
    if known and known.facts.key == key and not lost:
        # what could not be read then may be there now
        by_revno = {landing.revno: landing for landing in known.landings if not landing.unread}
        carriers = dict(known.facts.deployed.extra)
        deployed = replace(deployed, extra=tuple((sha, carriers.get(sha)) for sha, _ in deployed.extra))
    low = lowest(enumerate(mainline.dates, 1), deployed.revno, tip.revno, cutoff, reach)
    landed: list[Landed] = []
    while True:
        landed += _read_missing(sources, mainline, by_revno, low, deployed.revno, reader)
        if (deeper := deepest(by_revno, low, tip.revno, covers)) >= low:
            break
        low = deeper
    deployed = find_carriers(git, deployed, landed)
    noted = sources.notes
    wanted = {*words, *(noted_commits(git, noted) if noted else ())}
    if known:
        wanted.update(landing.id for landing in known.landings)
    brought = brought_in(git, mainline, low, wanted, reader)
    landings = tuple(
        _with_brought(by_revno[revno], brought.get(revno, ())) for revno in range(low, tip.revno + 1)
    )
    notes = tuple(read_notes(git, noted, commits_of(landings), mailmap)) if noted else ()
    facts = BranchFacts(
        sources.asked,
        key,
        tip,
        deployed,
        promoted,
        on_qa,
        notes,
        noted is not None,
        tuple(sources.problems),
        cutoff,
        tuple(sources.warnings),
        strange_words(words, landings),
        mainline.id(1),
    )
    reading = Reading(landings, tip, deployed, promoted, on_qa)
    return BranchReading(
        reading, notes, facts.problems, lost, facts, facts.notes_there, len(landed), facts.warnings
    )


def _read_missing(
    sources: BranchSources,
    mainline: FirstParents,
    by_revno: dict[int, Landing],
    low: int,
    deployed: int,
    reader: Reader,
) -> list[Landed]:
    """Read the landings from `low` on that are missing in `by_revno`, and put them there."""
    landed: list[Landed] = []
    for first, last in runs(revno for revno in range(low, len(mainline) + 1) if revno not in by_revno):
        foreign = sources.foreign(mainline.id(first - 1) if first > 1 else "")
        landed += read_landings(sources.git, mainline, first, last, reader, foreign)
    earlier = {revno: landing for revno, landing in by_revno.items() if revno > deployed}
    for landing in undo(sources.git, mainline, landed, earlier, deployed, reader):
        by_revno[landing.revno] = landing
    return landed


def _with_brought(landing: Landing, brought: tuple[Brought, ...]) -> Landing:
    return landing if landing.brought == brought else replace(landing, brought=brought)
