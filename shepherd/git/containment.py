"""Commits with words of their own that are not landings: which landing brought each in
(docs/rules.md#what-people-say)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from shepherd.git.first_parents import FirstParents
from shepherd.git.mainline import Reader, titles_of
from shepherd.git.repository import Git
from shepherd.landing import Brought


def brought_in(
    git: Git, mainline: FirstParents, first: int, wanted: Collection[str], reader: Reader
) -> dict[int, tuple[Brought, ...]]:
    """Revno -> those of the wanted commits that the landing brought in, of the landings from `first` on.

    A commit is brought in by the first landing that has it. Landings themselves, and commits that the
    repository does not have, are passed over. One walk of the commits since `first`, and only if any is
    wanted. Raises SourceError.
    """
    length = len(mainline.ids[-1])
    strange = [sha for sha in wanted if mainline.revno(sha) is None and len(sha) == length]
    existing = set(git.commits(strange)) if strange else set()
    if not existing:
        return {}
    places = _places(git, mainline, first, existing)
    titles = titles_of(git, reader, places)
    brought: dict[int, tuple[Brought, ...]] = {}
    for sha, revno in places.items():
        brought[revno] = (*brought.get(revno, ()), Brought(sha, titles[sha]))
    return brought


def _places(git: Git, mainline: FirstParents, first: int, wanted: Collection[str]) -> Mapping[str, int]:
    """The landing that brought each commit in, older commits first."""
    below = [f"^{mainline.id(first - 1)}"] if first > 1 else []
    lines = git.lines("rev-list", "--topo-order", "--parents", "--end-of-options", mainline.ids[-1], *below)
    parents = {sha: others for sha, *others in (line.split(" ") for line in lines)}
    if not any(sha in parents for sha in wanted):
        return {}
    place = {mainline.id(revno): revno for revno in range(first, len(mainline) + 1)}
    for revno in range(first, len(mainline) + 1):
        todo = parents[mainline.id(revno)][1:]
        while todo:
            sha = todo.pop()
            if sha in parents and sha not in place:
                place[sha] = revno
                todo.extend(parents[sha])
    return {sha: place[sha] for sha in reversed(parents) if sha in wanted}


def merge_that_moved(git: Git, mainline: FirstParents, old_tip: str) -> int | None:
    """The landing that brought the old tip of the mainline in, if the new tip contains it: nothing was
    rewritten then, but what had landed last lies behind a second parent now. Raises SourceError.
    """
    if mainline.revno(old_tip) is not None or not git.commits([old_tip]):
        return None
    above = git.lines("rev-list", "--ancestry-path", "--end-of-options", mainline.ids[-1], f"^{old_tip}")
    return min((revno for sha in above if (revno := mainline.revno(sha)) is not None), default=None)


def is_contained(git: Git, commit: str, later: str) -> bool:
    """Whether `later` contains the commit. Raises SourceError."""
    return not git.lines("rev-list", "--max-count=1", "--end-of-options", commit, f"^{later}")
