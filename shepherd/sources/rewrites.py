"""A mainline that lost landings it had: seen, counted, and followed by patch (design 3.5)."""

from __future__ import annotations

from collections.abc import Iterable

from shepherd.landing import Landing, Revision
from shepherd.sources.git import Git
from shepherd.sources.mainline import Spine
from shepherd.sources.patches import patch_ids


def lost_landings(spine: Spine, known_tip: Revision, known: Iterable[Landing]) -> int | None:
    """How many landings the mainline lost since its tip was `known_tip`; None if it lost none.

    `known` are landings that were read then: the newest that is still in its place tells how far down the
    loss reaches. With none of them in its place, those are the least that were lost.
    """
    if spine.revno(known_tip.id) == known_tip.revno:
        return None
    kept = [landing.revno for landing in known if spine.revno(landing.id) == landing.revno]
    if kept:
        return known_tip.revno - max(kept)
    return max(1, sum(landing.revno <= known_tip.revno for landing in known))


def patches_of(git: Git, shas: Iterable[str]) -> dict[str, str]:
    """Patch identity of each commit that the repository still has and that changes something.

    A verdict follows its landing through a rewrite to the one with the same patch. Raises SourceError.
    """
    return patch_ids(git, git.commits(shas))
