"""One landing, read from git on demand: for those that the database no longer holds (design 4.2, `explain`)."""

from __future__ import annotations

from pathlib import Path

from shepherd.landing import Landing
from shepherd.settings import Branch
from shepherd.sources.mainline import Reader, read_landings, read_spine
from shepherd.sources.mirror import open_source


def read_one(
    branch: Branch, repository: str, mirrors: Path, *, revno: int | None = None, sha: str = ""
) -> Landing | None:
    """The landing at a revno, or the one whose SHA begins so; None if the mainline has no such landing.

    Raises:
        SourceError: the repository cannot be read.
    """
    git = open_source(repository, mirrors, [branch.ref], fetch=False)
    tip = git.resolve_many([branch.ref])[branch.ref]
    if tip is None:
        raise git.no_such_ref(branch.ref)
    spine = read_spine(git, tip)
    if revno is None and sha:
        revno = next((place for place, each in enumerate(spine.ids, 1) if each.startswith(sha)), None)
    if revno is None or not 1 <= revno <= len(spine):
        return None
    reader = Reader(branch.marks, branch.robots, branch.landing_url, git.blob_at(tip, ".mailmap"))
    return read_landings(git, spine, revno, revno, reader)[0].landing
