"""What a REV means in the whole mainline, however old, for `explain` and `history`
(docs/interfaces.md#revisions)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from shepherd.errors import SourceError
from shepherd.git.branch_reading import OtherMainline
from shepherd.git.commits import Commits
from shepherd.git.first_parents import FirstParents, read_first_parents
from shepherd.git.mainline import Landed, Reader, mailmap_at, read_landings
from shepherd.git.mirror import open_source
from shepherd.git.revisions import WHOLE, named
from shepherd.git.undoing import undo
from shepherd.landing import Landing, Revision
from shepherd.settings import BranchSettings
from shepherd.values import RevName


def look_up(
    branch: BranchSettings,
    *,
    repository: str,
    mirrors: Path,
    rev: RevName,
    project: str | None = None,
    key_projects: Sequence[str] = (),
) -> list[Landing]:
    """The landings of the whole mainline that `rev` names, ascending; nothing is fetched.

    A SHA or a branch of the repository names the landing that is, or brought in, that commit; a bug, a
    request or the name of a merged branch all landings that have it. Landings of other branches are not told
    apart here. `tip` is known here, `deployed` and `promoted` are not.

    Raises:
        SourceError: git cannot be read, or a SHA names no one landing.
    """
    refs = [rev.text] if rev.kind == "branch" else []
    line = WholeMainline(branch, repository, mirrors, refs, project=project, key_projects=key_projects)
    sha = rev.text if rev.kind == "sha" else line.commits.get(rev.text)
    if sha:
        revno = _revno_of(line, sha)
    elif rev.kind in ("revno", "tip"):
        revno = rev.number if rev.kind == "revno" else len(line.mainline)
    else:
        landed = line.read(1)
        found = {each.revno for each in named(rev, (item.landing for item in landed), ranks=WHOLE)}
        return line.undone([each for each in landed if each.landing.revno in found])
    return line.undone(line.read(revno, revno) if 0 < revno <= len(line.mainline) else [])


def from_revno(
    branch: BranchSettings,
    *,
    repository: str,
    mirrors: Path,
    revno: int,
    last: int | None = None,
    project: str | None = None,
    key_projects: Sequence[str] = (),
) -> list[Landing]:
    """The landing at a revno and those after it, up to the revno `last` or to the tip, ascending, with what
    each undoes. Raises SourceError."""
    line = WholeMainline(branch, repository, mirrors, project=project, key_projects=key_projects)
    end = len(line.mainline) if last is None else min(last, len(line.mainline))
    return line.undone(line.read(max(1, revno), end)) if revno <= end else []


class WholeMainline:
    """The whole mainline of a branch, as its repository or mirror has it just now; nothing is fetched.

    What a landing that is live undoes follows from the history below it alone, so any range of them can be
    read without the rest.

    Args:
        refs: others whose commits are wanted; they need not be there.
        project, key_projects: those of `marks.parse`.
        others: other configured branches, whose landings, merged here, name no bugs of this one.

    Raises:
        SourceError: git cannot be read, or has no such branch.
    """

    def __init__(
        self,
        branch: BranchSettings,
        repository: str,
        mirrors: Path,
        refs: Sequence[str] = (),
        *,
        project: str | None = None,
        key_projects: Sequence[str] = (),
        others: Sequence[OtherMainline] = (),
    ) -> None:
        self.git = open_source(repository, mirrors, fetch=False)
        self.commits = self.git.resolve_many([branch.ref, *refs])
        tip = self.commits[branch.ref]
        if tip is None:
            raise self.git.no_such_ref(branch.ref)
        self.tip = tip
        mailmap, _ = mailmap_at(self.git, tip)
        self.reader = Reader(
            branch.marks,
            branch.robots,
            branch.landing_url,
            mailmap,
            project,
            person=branch.person,
            ref=branch.ref,
            key_projects=key_projects,
        )
        self._mirrors = mirrors
        self._wanted = others

    @cached_property
    def mainline(self) -> FirstParents:
        return read_first_parents(self.git, self.tip)

    def has(self, landing: Revision) -> bool:
        """Whether that landing still has this revno."""
        return landing.revno <= len(self.mainline) and self.mainline.id(landing.revno) == landing.id

    @cached_property
    def _others(self) -> dict[OtherMainline, set[str] | None]:
        """The landings of each other branch; None: it cannot be read, which `find` reports."""
        return {other: self._landings_of(other) for other in self._wanted}

    def _landings_of(self, other: OtherMainline) -> set[str] | None:
        try:
            git = open_source(other.repository, self._mirrors, fetch=False)
            tip = git.resolve_many([other.ref])[other.ref]
            return set(read_first_parents(git, tip).ids) if tip else None
        except SourceError:
            return None

    @property
    def unrecognised(self) -> tuple[str, ...]:
        """The other branches whose landings are not recognised, as they cannot be read."""
        return tuple(
            sorted(f"{each.repository} {each.ref}" for each, ids in self._others.items() if ids is None)
        )

    @cached_property
    def _foreign(self) -> set[str]:
        """The landings of the other branches, as far as they can be read."""
        return {sha for shas in self._others.values() for sha in shas or ()}

    def read(self, first: int, last: int | None = None) -> list[Landed]:
        last = last or len(self.mainline)
        return read_landings(self.git, self.mainline, first, last, self.reader, self._foreign)

    def undone(self, landed: Sequence[Landed]) -> list[Landing]:
        """The landings, with what each undoes."""
        return undo(self.git, self.mainline, landed, {}, len(self.mainline), self.reader)


def _revno_of(line: WholeMainline, sha: str) -> int:
    """The landing that is, or brought in, that commit; 0 if there is none. Raises SourceError."""
    revno_or_why = Commits(line.git, line.mainline, (), [sha]).landing(sha, len(line.mainline))
    if isinstance(revno_or_why, int):
        return revno_or_why
    if revno_or_why != Commits.NONE:
        raise SourceError(f"{sha} names no one landing of {line.git.name}: {revno_or_why}")
    return 0
