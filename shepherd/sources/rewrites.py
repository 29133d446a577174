"""A mainline that lost landings it had: seen, and followed by patch (design 3.5)."""

from __future__ import annotations

from collections.abc import Iterable

from shepherd.landing import Revision
from shepherd.sources.git import Git
from shepherd.sources.mainline import Spine
from shepherd.sources.patches import patch_ids


def lost_landings(spine: Spine, known_tip: Revision) -> bool:
    """Whether the mainline lost landings since its tip was `known_tip`."""
    return spine.revno(known_tip.id) != known_tip.revno


def patches_of(git: Git, shas: Iterable[str]) -> dict[str, str]:
    """Patch identity of each commit that the repository still has and that changes something.

    A verdict follows its landing through a rewrite to the one with the same patch. Raises SourceError.
    """
    return patch_ids(git, git.commits(shas))
