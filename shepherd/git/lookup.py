"""Any landing of the whole mainline, however old, for `explain` and `history`
(docs/interfaces.md#commands)."""

from __future__ import annotations

from pathlib import Path

from shepherd.errors import SourceError
from shepherd.git.commits import Commits
from shepherd.git.mainline import FirstParents, Landed, Reader, mailmap_at, read_landings, read_spine
from shepherd.git.mirror import open_source
from shepherd.git.program import Git
from shepherd.git.undoing import undo
from shepherd.landing import Landing
from shepherd.settings import BranchSettings
from shepherd.values import RevName


def look_up(branch: BranchSettings, *, repository: str, mirrors: Path, rev: RevName) -> list[Landing]:
    """The landings that `rev` names, ascending; none if there is none. Nothing is fetched.

    A SHA or a branch of the repository names the landing that is, or brought in, that commit; a bug, a
    request or the name of a merged branch all landings that bear it. Landings of other branches are not told
    apart here. `tip` is known here, `deployed` and `promoted` are not.
    Raises SourceError.
    """
    git = open_source(repository, mirrors, fetch=False)
    refs = [branch.ref, rev.text] if rev.kind == "branch" else [branch.ref]
    commits = git.resolve_many(refs)
    tip = commits[branch.ref]
    if tip is None:
        raise git.no_such_ref(branch.ref)
    spine = read_spine(git, tip)
    reader = Reader(branch.marks, branch.robots, branch.landing_url, mailmap_at(git, tip)[0])
    sha = rev.text if rev.kind == "sha" else commits.get(rev.text)
    if rev.kind in ("revno", "tip") or sha:
        revno = _revno(git, spine, rev, sha)
        landed = read_landings(git, spine, revno, revno, reader) if revno else []
    else:
        landed = [item for item in read_landings(git, spine, 1, len(spine), reader) if _bears(item, rev)]
    return undo(git, spine, landed, {}, len(spine), reader)


def from_revno(branch: BranchSettings, *, repository: str, mirrors: Path, revno: int) -> list[Landing]:
    """The landing at a revno and all after it, ascending, with what each undoes. Raises SourceError."""
    git = open_source(repository, mirrors, fetch=False)
    tip = git.resolve_many([branch.ref])[branch.ref]
    if tip is None:
        raise git.no_such_ref(branch.ref)
    spine = read_spine(git, tip)
    reader = Reader(branch.marks, branch.robots, branch.landing_url, mailmap_at(git, tip)[0])
    landed = read_landings(git, spine, max(1, revno), len(spine), reader)
    return undo(git, spine, landed, {}, len(spine), reader)


def _revno(git: Git, spine: FirstParents, rev: RevName, sha: str | None) -> int | None:
    if sha:
        found = Commits(git, spine, (), [sha]).landing(sha, len(spine))
        if isinstance(found, int):
            return found
        if found != Commits.NONE:
            raise SourceError(f"{sha} names no one landing of {git.name}: {found}")
        return None
    revno = rev.number if rev.kind == "revno" else len(spine)
    return revno if 0 < revno <= len(spine) else None


def _bears(item: Landed, rev: RevName) -> bool:
    landing = item.landing
    if rev.kind == "bug":
        return str(rev.number) in landing.bugs
    if rev.kind == "request":
        return rev.text in landing.requests
    return rev.kind == "branch" and rev.text == landing.branch
