"""One branch read: where its tip, production, the promoted ref and the QA server are, and what landed.

What was read before is handed in and used again, and the answer is the same with it and without it: a landing
follows from the history below it, and from the few things that `Facts.key` sums up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from shepherd.errors import SourceError
from shepherd.git import pointers
from shepherd.git.brought import brought_in
from shepherd.git.mainline import FirstParents, Landed, Reader, mailmap_at, read_landings, read_spine
from shepherd.git.mirror import open_source, shown
from shepherd.git.notes import noted_commits, read_notes
from shepherd.git.positions import (
    NOTHING_DEPLOYED,
    commit_named,
    deployed_at,
    find_carriers,
    newest_contained,
)
from shepherd.git.program import Git
from shepherd.git.readings import BranchFacts, BranchReading, CoveredPair, KnownBranch, OtherMainline
from shepherd.git.rewrites import lost_landings
from shepherd.git.standing import moving_refs
from shepherd.git.undoing import undo
from shepherd.landing import Brought, Deployed, Landing, Reading, RefPositions, Revision, commits_of
from shepherd.settings import BranchSettings, Pointer

RULES = "3"
"""To be raised whenever the same commits would be read differently than before."""


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
) -> BranchReading:
    """Read one branch from its sources.

    `repository` is an absolute path or a URL, `base` the folder that files of pointers start from. Landings
    are read of the window, of the last `keep_seconds` before `now`, from revno `reach` on (where the caller
    knows of older ones that matter), and as far down as undoing reaches. `recorded` is the REV that
    production was last said to run, "r0" for nothing; `covers` are what people said of what was undone.
    `words` are the SHAs of commits with words, landings or not (docs/rules.md#what-people-say). `fetch` False
    takes a mirror as it is;
    `project` is that of `marks.parse`.

    Raises SourceError if the tip or D cannot be read, or D shares nothing with the mainline.
    """
    run = _Run(branch, repository, base, mirrors, recorded, others, covers, words, fetch, project)
    cutoff = now - keep_seconds
    found: BranchReading | None = None
    if known and known.facts.asked == run.asked and known.facts.words == _strange(words, known.landings):
        found = _again(known, cutoff, reach, covers)
    found = found or run.read(known, cutoff, reach)
    return replace(found, reading=replace(found.reading, standing=run.standing))


def _again(
    known: KnownBranch, cutoff: int, reach: int | None, covers: Sequence[CoveredPair]
) -> BranchReading | None:
    """Nothing moved: the same reading, less what has become too old; None if it does not reach far enough."""
    facts = known.facts
    if facts.cutoff > cutoff or not known.landings or any(landing.unread for landing in known.landings):
        return None
    here = {landing.revno: landing for landing in known.landings}
    dated = ((landing.revno, landing.committed_at) for landing in known.landings)
    low = _lowest(dated, facts.deployed.revno, facts.tip.revno, cutoff, reach)
    if low not in here:
        return None
    while (deeper := _deepest(here, low, facts.tip.revno, covers)) < low:
        low = deeper
        if low not in here:
            return None
    landings = tuple(here[revno] for revno in range(low, facts.tip.revno + 1))
    ids = set(commits_of(landings))
    notes = tuple(note for note in facts.notes if note.id in ids)
    reading = Reading(landings, facts.tip, facts.deployed, facts.promoted, facts.on_qa)
    return BranchReading(reading, notes, facts.problems, False, facts, facts.notes_there, 0, facts.warnings)


def _strange(words: Collection[str], landings: Iterable[Landing]) -> str:
    return _sum(sorted(set(words).difference(landing.id for landing in landings)))


def _lowest(dated: Iterable[tuple[int, int]], deployed: int, tip: int, cutoff: int, reach: int | None) -> int:
    """Where the landings that matter by themselves begin: the tip is always one of them."""
    young = (revno for revno, date in dated if revno <= deployed and date >= cutoff)
    return max(1, min(deployed + 1, tip, reach if reach is not None else tip, *young))


def _deepest(landings: Mapping[int, Landing], low: int, tip: int, covers: Sequence[CoveredPair]) -> int:
    """The oldest landing that one of these undoes, by its message or by a person's word."""
    targets = (target for revno in range(low, tip + 1) for target in landings[revno].targets)
    covered = (target for target, by in covers if low <= by <= tip)
    return min((*targets, *covered), default=low)


class _Run:
    """One reading: first where everything stands, in as few processes as there are repositories."""

    def __init__(
        self,
        branch: BranchSettings,
        repository: str,
        base: Path,
        mirrors: Path,
        recorded: str | None,
        others: Sequence[OtherMainline],
        covers: Sequence[CoveredPair],
        words: Collection[str],
        fetch: bool,
        project: str | None,
    ) -> None:
        self.branch = branch
        self._project = project
        self._covers = covers
        self._words = words
        self._base = base
        self._recorded = recorded
        pointed = [
            branch.deployed.ref,
            branch.promote.ref if branch.promote else "",
            branch.qa.ref if branch.qa else "",
        ]
        near = [other.ref for other in others if other.repository == repository]
        refs = [ref for ref in (branch.ref, *pointed, branch.verdict_notes, *near) if ref]
        self._git = open_source(repository, mirrors, refs, fetch=fetch)
        self._refs = self._git.resolve_many(refs)
        self.problems: list[str] = []
        self.warnings: list[str] = []
        self._others: list[tuple[Git, str]] = []
        for other in others:
            self._find_other(other, repository, mirrors, fetch)
        self._deployed_text = self._text(branch.deployed, "production")
        self._qa_text: str | None = None
        if branch.qa:
            try:
                self._qa_text = self._text(branch.qa, "the QA server")
            except SourceError as error:
                self.problems.append(str(error))
        self.asked = _sum(
            [
                RULES,
                repository,
                branch,
                self._refs,
                self._deployed_text,
                self._qa_text,
                self.problems,
                self._tips,
                project,
            ]
        )

    @property
    def standing(self) -> RefPositions:
        return RefPositions({ref: self._refs[ref] for ref in moving_refs(self.branch)}, self._deployed_text)

    @property
    def _tips(self) -> list[str]:
        return [tip for _, tip in self._others]

    def _find_other(self, other: OtherMainline, repository: str, mirrors: Path, fetch: bool) -> None:
        git, refs = self._git, self._refs
        try:
            if other.repository != repository:
                git = open_source(other.repository, mirrors, [other.ref], fetch=fetch)
                refs = git.resolve_many([other.ref])
            tip = refs[other.ref]
            if tip is None:
                raise git.no_such_ref(other.ref)
            self._others.append((git, tip))
        except SourceError as error:
            self.problems.append(
                f"landings of {other.ref} in {shown(other.repository)} are not told apart: {error}"
            )

    def _text(self, pointer: Pointer, what: str) -> str | None:
        return None if pointer.ref else pointers.text_of(pointer, what, self._base, self._recorded)

    def _commit(self, ref: str) -> str:
        sha = self._refs[ref]
        if sha is None:
            raise self._git.no_such_ref(ref)
        return sha

    def read(self, known: KnownBranch | None, cutoff: int, reach: int | None) -> BranchReading:
        """Read what `known` does not tell, or no longer rightly."""
        git, branch = self._git, self.branch
        spine = read_spine(git, self._commit(branch.ref))
        tip = Revision(len(spine), spine.ids[-1])
        deployed, commit = self._deployed(spine)
        promoted = self._promoted(spine)
        on_qa = self._on_qa(spine)
        mailmap, unused = mailmap_at(git, tip.id)
        self.problems += [unused] if unused else []
        reader = Reader(branch.marks, branch.robots, branch.landing_url, mailmap, self._project)
        key = _sum([RULES, reader, self._tips, commit])
        lost = known is not None and lost_landings(spine, known.facts.tip)
        here: dict[int, Landing] = {}
        if known and known.facts.key == key and not lost:
            # what could not be read then may be there now
            here = {landing.revno: landing for landing in known.landings if not landing.unread}
            carriers = dict(known.facts.deployed.extra)
            deployed = replace(deployed, extra=tuple((sha, carriers.get(sha)) for sha, _ in deployed.extra))
        low = _lowest(enumerate(spine.dates, 1), deployed.revno, tip.revno, cutoff, reach)
        landed: list[Landed] = []
        while True:
            landed += self._read_missing(spine, here, low, deployed.revno, reader)
            if (deeper := _deepest(here, low, tip.revno, self._covers)) >= low:
                break
            low = deeper
        deployed = find_carriers(git, deployed, landed)
        noted = self._refs[branch.verdict_notes] if branch.verdict_notes else None
        wanted = {*self._words, *(noted_commits(git, noted) if noted else ())}
        if known:
            wanted.update(landing.id for landing in known.landings)
        brought = brought_in(git, spine, low, wanted, reader)
        landings = tuple(
            _with_brought(here[revno], brought.get(revno, ())) for revno in range(low, tip.revno + 1)
        )
        notes = tuple(read_notes(git, noted, commits_of(landings), mailmap)) if noted else ()
        there = noted is not None
        problems, warnings = tuple(self.problems), tuple(self.warnings)
        facts = BranchFacts(
            self.asked,
            key,
            tip,
            deployed,
            promoted,
            on_qa,
            notes,
            there,
            problems,
            cutoff,
            warnings=warnings,
            words=_strange(self._words, landings),
        )
        reading = Reading(landings, tip, deployed, promoted, on_qa)
        return BranchReading(reading, notes, problems, lost, facts, there, len(landed), warnings)

    def _read_missing(
        self, spine: FirstParents, here: dict[int, Landing], low: int, deployed: int, reader: Reader
    ) -> list[Landed]:
        """Read the landings from `low` on that are not `here` yet, and put them there."""
        landed: list[Landed] = []
        for first, last in _gaps(here, low, len(spine)):
            foreign = self._foreign(spine.id(first - 1) if first > 1 else "")
            landed += read_landings(self._git, spine, first, last, reader, foreign)
        earlier = {revno: landing for revno, landing in here.items() if revno > deployed}
        for landing in undo(self._git, spine, landed, earlier, deployed, reader):
            here[landing.revno] = landing
        return landed

    def _foreign(self, below: str) -> set[str]:
        """The landings of other branches, in this repository only those after the commit `below`."""
        found: set[str] = set()
        for git, tip in self._others:
            limit = [f"^{below}"] if below and git == self._git else []
            found.update(git.lines("rev-list", "--first-parent", "--end-of-options", tip, *limit))
        return found

    def _deployed(self, spine: FirstParents) -> tuple[Deployed, str]:
        """Where production is on the mainline, and the commit that it runs."""
        pointer = self.branch.deployed
        what = f"production ({pointers.described(pointer)})"
        if pointer.recorded and self._deployed_text in NOTHING_DEPLOYED:
            return Deployed(0, ""), ""
        commit = self._pointed(spine, pointer, self._deployed_text, what)
        return deployed_at(self._git, spine, commit, what), commit

    def _promoted(self, spine: FirstParents) -> Revision | None:
        if not self.branch.promote:
            return None
        ref = self.branch.promote.ref
        if self._refs[ref] is None:
            self.problems.append(f"the promoted ref {ref} is not there: the next `inv promote` makes it")
            return None
        try:
            return newest_contained(self._git, spine, self._commit(ref), f"the promoted ref {ref}")
        except SourceError as error:
            self.problems.append(str(error))
            return None

    def _on_qa(self, spine: FirstParents) -> Revision | None:
        pointer = self.branch.qa
        if not pointer or (self._qa_text is None and not pointer.ref):
            return None
        what = f"the QA server ({pointers.described(pointer)})"
        try:
            commit = self._pointed(spine, pointer, self._qa_text, what)
            return newest_contained(self._git, spine, commit, what)
        except SourceError as error:
            self.problems.append(str(error))
            return None

    def _pointed(self, spine: FirstParents, pointer: Pointer, text: str | None, what: str) -> str:
        if text is None:
            return self._commit(pointer.ref)
        named = commit_named(self._git, spine, text, what)
        self.warnings += [named.warning] if named.warning else []
        return named.commit


def _with_brought(landing: Landing, brought: tuple[Brought, ...]) -> Landing:
    return landing if landing.brought == brought else replace(landing, brought=brought)


def _gaps(here: Mapping[int, Landing], low: int, high: int) -> list[tuple[int, int]]:
    """First and last revno of each run of landings that are missing, ascending."""
    gaps: list[tuple[int, int]] = []
    for revno in range(low, high + 1):
        if revno in here:
            continue
        if gaps and gaps[-1][1] == revno - 1:
            gaps[-1] = (gaps[-1][0], revno)
        else:
            gaps.append((revno, revno))
    return gaps


def _sum(parts: Sequence[object]) -> str:
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()
