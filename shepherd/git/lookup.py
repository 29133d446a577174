"""What a REV means in the whole mainline, however old, for `explain` and `history`
(docs/interfaces.md#revisions)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from shepherd.errors import SourceError
from shepherd.git.commits import Commits
from shepherd.git.first_parents import read_first_parents
from shepherd.git.mainline import Landed, Reader, mailmap_at, read_landings
from shepherd.git.mirror import open_source
from shepherd.git.revisions import named
from shepherd.git.undoing import undo
from shepherd.landing import Landing
from shepherd.settings import BranchSettings
from shepherd.values import RevName


def look_up(branch: BranchSettings, *, repository: str, mirrors: Path, rev: RevName) -> list[Landing]:
    """The landings of the whole mainline that `rev` names, ascending; nothing is fetched.

    A SHA or a branch of the repository names the landing that is, or brought in, that commit; a bug, a
    request or the name of a merged branch all landings that have it. Landings of other branches are not told
    apart here. `tip` is known here, `deployed` and `promoted` are not.

    Raises:
        SourceError: git cannot be read, or a SHA names no one landing.
    """
    line = _WholeMainline(branch, repository, mirrors, [rev.text] if rev.kind == "branch" else [])
    sha = rev.text if rev.kind == "sha" else line.commits.get(rev.text)
    if sha:
        revno = _revno_of(line, sha)
    elif rev.kind in ("revno", "tip"):
        revno = rev.number if rev.kind == "revno" else len(line.mainline)
    else:
        landed = line.read(1)
        found = {each.revno for each in named(rev, (item.landing for item in landed), whole_name=True)}
        return line.undone([each for each in landed if each.landing.revno in found])
    return line.undone(line.read(revno, revno) if 0 < revno <= len(line.mainline) else [])


def from_revno(branch: BranchSettings, *, repository: str, mirrors: Path, revno: int) -> list[Landing]:
    """The landing at a revno and all after it, ascending, with what each undoes. Raises SourceError."""
    line = _WholeMainline(branch, repository, mirrors)
    return line.undone(line.read(max(1, revno)))


class _WholeMainline:
    """The whole mainline of a branch, as its repository or mirror has it just now."""

    def __init__(
        self, branch: BranchSettings, repository: str, mirrors: Path, refs: Sequence[str] = ()
    ) -> None:
        self.git = open_source(repository, mirrors, fetch=False)
        self.commits = self.git.resolve_many([branch.ref, *refs])
        tip = self.commits[branch.ref]
        if tip is None:
            raise self.git.no_such_ref(branch.ref)
        self.mainline = read_first_parents(self.git, tip)
        mailmap, _ = mailmap_at(self.git, tip)
        self._reader = Reader(
            branch.marks, branch.robots, branch.landing_url, mailmap, person=branch.person, ref=branch.ref
        )

    def read(self, first: int, last: int | None = None) -> list[Landed]:
        return read_landings(self.git, self.mainline, first, last or len(self.mainline), self._reader)

    def undone(self, landed: Sequence[Landed]) -> list[Landing]:
        """The landings, with what each undoes."""
        return undo(self.git, self.mainline, landed, {}, len(self.mainline), self._reader)


def _revno_of(line: _WholeMainline, sha: str) -> int:
    """The landing that is, or brought in, that commit; 0 if there is none. Raises SourceError."""
    revno_or_why = Commits(line.git, line.mainline, (), [sha]).landing(sha, len(line.mainline))
    if isinstance(revno_or_why, int):
        return revno_or_why
    if revno_or_why != Commits.NONE:
        raise SourceError(f"{sha} names no one landing of {line.git.name}: {revno_or_why}")
    return 0
