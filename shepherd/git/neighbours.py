"""The repositories of other branches: each is looked at once in a run, however many branches ask. And which
of them have nothing in common with a branch, so that nothing there can matter to it.

A landing of another mainline can be among what a landing here brought in only if it is in this repository,
and all that lies below it then is, too, down to the first commit of that mainline.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from shepherd.errors import SourceError
from shepherd.git.branch_reading import OtherMainline
from shepherd.git.mirror import open_source
from shepherd.git.repository import Git
from shepherd.landing import Revision
from shepherd.settings import BranchSettings


class LineStart(Struct, frozen=True):
    """Of what an earlier reading of a branch found: where its mainline began (see `BranchFacts`)."""

    tip: Revision
    root: str = ""


class Looked(Struct, frozen=True):
    """What a repository said in this run."""

    failure: str = ""
    """Why it said nothing."""
    refs: dict[str, str | None] = {}
    """The commit of each ref that any branch asks for, None where there is none."""
    roots: dict[str, str] = {}
    """The first commit of each mainline there, by its ref."""


def refs_of(branch: BranchSettings) -> list[str]:
    """The refs that a branch asks its repository for, as far as the settings name them."""
    pointers = (branch.deployed, branch.promote, branch.qa)
    return [
        ref for ref in (branch.ref, *(each.ref for each in pointers if each), branch.verdict_notes) if ref
    ]


def look(
    repository: str,
    branches: Mapping[str, tuple[BranchSettings, LineStart | None]],
    mirrors: Path,
    fetch: bool,
) -> Looked:
    """Ask a repository for all that its branches will ask for. Raises SourceError.

    Args:
        branches: those that lie there, by their names, and where their mainlines began when last read.
    """
    refs = [ref for branch, _ in branches.values() for ref in refs_of(branch)]
    fetched = [*refs, *(branch.check_notes for branch, _ in branches.values() if branch.check_notes)]
    git = open_source(repository, mirrors, fetched, fetch=fetch)
    tips = git.resolve_many(refs)
    roots = {
        branch.ref: root_of(git, tip, known)
        for branch, known in branches.values()
        if (tip := tips[branch.ref]) is not None
    }
    return Looked(refs=tips, roots=roots)


def root_of(git: Git, tip: str, known: LineStart | None = None) -> str:
    """The first commit of the mainline that ends at `tip`. Raises SourceError."""
    if known and known.root:
        if known.tip.id == tip:
            return known.root
        # a git that does not know the old tip any more says so
        code, output, _ = git.attempt(
            "rev-list", "--first-parent", "--parents", "--end-of-options", tip, f"^{known.tip.id}"
        )
        lines = output.decode().split("\n")[:-1]
        if not code and lines and lines[-1].split(" ")[1:2] == [known.tip.id]:
            return known.root
    return git.lines("rev-list", "--first-parent", "--max-parents=0", "--end-of-options", tip)[-1]


class Neighbours:
    """The other mainlines of the settings, as one branch sees them.

    Args:
        git: its own repository, and `tip`, the commit of its own tip; None: there is none.
        known: the tip at which these were found to be strangers, and the strangers: see `BranchFacts`.
        looked: what repositories said in this run; one that is not there is asked.
    """

    def __init__(
        self,
        git: Git,
        tip: str | None,
        known: tuple[str, Mapping[str, str]],
        looked: Mapping[str, Looked],
        mirrors: Path,
        fetch: bool,
    ) -> None:
        self._git = git
        self._same = tip == known[0]
        self._known = known[1]
        self._looked = looked
        self._mirrors = mirrors
        self._fetch = fetch
        self.strangers: dict[str, str] = {}
        """Other mainlines that have nothing in common with this one, and their first commits."""
        self.problems: list[tuple[OtherMainline, SourceError]] = []

    def related(self, others: Sequence[OtherMainline]) -> list[tuple[Git, str]]:
        """Repository and tip of those that may have something in common with this branch."""
        found: list[tuple[OtherMainline, Git, str, str]] = []
        # what was a stranger is not asked where nobody has looked, and need not answer
        before = {other: self._known[_key(other)] for other in others if self._rests_on_before(other)}
        strange = self._strange(before.values())
        for other in others:
            if before.get(other) in strange:
                self.strangers[_key(other)] = before[other]
                continue
            try:
                found.append((other, *self._find(other)))
            except SourceError as error:
                self.problems.append((other, error))
        strange = self._strange(root for _, _, _, root in found)
        self.strangers |= {_key(other): root for other, _, _, root in found if root in strange}
        return [(git, tip) for _, git, tip, root in found if root not in strange]

    def _rests_on_before(self, other: OtherMainline) -> bool:
        looked = self._looked.get(other.repository)
        return _key(other) in self._known and (looked is None or bool(looked.failure))

    def _find(self, other: OtherMainline) -> tuple[Git, str, str]:
        """Repository, tip and first commit of another mainline. Raises SourceError."""
        looked = self._looked.get(other.repository)
        if looked is not None and looked.failure:
            raise SourceError(looked.failure)
        fetch = self._fetch and looked is None
        git = open_source(other.repository, self._mirrors, [other.ref], fetch=fetch)
        tip = (looked.refs if looked else git.resolve_many([other.ref])).get(other.ref)
        if tip is None:
            raise git.no_such_ref(other.ref)
        return git, tip, (looked.roots.get(other.ref) if looked else None) or root_of(git, tip)

    def _strange(self, roots: Iterable[str]) -> set[str]:
        """Those of the commits that are not in this branch's repository."""
        asked = set(roots)
        # what the tip contains is what it contained
        known = {root for root in self._known.values() if self._same}
        there = self._git.commits(sorted(asked - known)) if asked - known else {}
        return asked - there.keys()


def _key(other: OtherMainline) -> str:
    return f"{other.repository} {other.ref}"
