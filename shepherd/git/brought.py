"""Commits with words of their own that are no landings: which landing brought each in
(docs/rules.md#what-people-say)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from shepherd.git.mainline import FirstParents, Reader, titles_of
from shepherd.git.program import Git
from shepherd.landing import Brought


def brought_in(
    git: Git, spine: FirstParents, first: int, wanted: Collection[str], reader: Reader
) -> dict[int, tuple[Brought, ...]]:
    """Revno -> those of the wanted commits that the landing brought in, of the landings from `first` on.

    A commit is brought in by the first landing that has it. Landings themselves, and commits that the
    repository does not have, are passed over. One walk of the commits since `first`, and only if any is
    wanted. Raises SourceError.
    """
    length = len(spine.ids[-1])
    strange = [sha for sha in wanted if spine.revno(sha) is None and len(sha) == length]
    there = set(git.commits(strange)) if strange else set()
    if not there:
        return {}
    places = _places(git, spine, first, there)
    titles = titles_of(git, reader, places)
    found: dict[int, tuple[Brought, ...]] = {}
    for sha, revno in places.items():
        found[revno] = (*found.get(revno, ()), Brought(sha, titles[sha]))
    return found


def _places(git: Git, spine: FirstParents, first: int, wanted: Collection[str]) -> Mapping[str, int]:
    """The landing that brought each commit in, older commits first."""
    below = [f"^{spine.id(first - 1)}"] if first > 1 else []
    lines = git.lines("rev-list", "--topo-order", "--parents", "--end-of-options", spine.ids[-1], *below)
    parents = {sha: others for sha, *others in (line.split(" ") for line in lines)}
    if not any(sha in parents for sha in wanted):
        return {}
    place = {spine.id(revno): revno for revno in range(first, len(spine) + 1)}
    for revno in range(first, len(spine) + 1):
        todo = parents[spine.id(revno)][1:]
        while todo:
            sha = todo.pop()
            if sha in parents and sha not in place:
                place[sha] = revno
                todo.extend(parents[sha])
    return {sha: place[sha] for sha in reversed(parents) if sha in wanted}


def merge_that_moved(git: Git, spine: FirstParents, old_tip: str) -> int | None:
    """The landing that brought the old tip of the mainline in, if the new tip contains it: nothing was
    rewritten then, but what had landed last lies behind a second parent now. Raises SourceError.
    """
    if spine.revno(old_tip) is not None or not git.commits([old_tip]):
        return None
    above = git.lines("rev-list", "--ancestry-path", "--end-of-options", spine.ids[-1], f"^{old_tip}")
    return min((revno for sha in above if (revno := spine.revno(sha)) is not None), default=None)


def is_contained(git: Git, commit: str, later: str) -> bool:
    """Whether `later` contains the commit. Raises SourceError."""
    return not git.lines("rev-list", "--max-count=1", "--end-of-options", commit, f"^{later}")
