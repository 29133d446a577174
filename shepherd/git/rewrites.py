"""A mainline that lost landings it had: seen, and followed by patch (docs/rules.md#answer)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from shepherd.git.first_parents import FirstParents
from shepherd.git.patches import digest, patch_ids, read_changes
from shepherd.git.proving import same_change
from shepherd.git.repository import Git
from shepherd.landing import Revision


def lost_landings(mainline: FirstParents, known_tip: Revision) -> bool:
    """Whether the mainline lost landings since its tip was `known_tip`."""
    return mainline.revno(known_tip.id) != known_tip.revno


class Patch(Struct, frozen=True):
    """What a landing changes, to find it again after a rewrite."""

    patch: str
    """`git patch-id --stable`: where it differs it is another change; where not, it may be."""
    change: str = ""
    """Digest of the change, file by file: what does not differ in it is the same. Empty: not known."""


def patches_of(git: Git, shas: Iterable[str]) -> dict[str, Patch]:
    """What each commit that the repository still has, and that changes something, changes.

    Raises SourceError.
    """
    existing = git.commits(shas)
    ids = patch_ids(git, existing)
    diffs = read_changes(git, ids)
    return {
        sha: Patch(patch, digest(diffs.changes[sha]) if sha in diffs.changes else "")
        for sha, patch in ids.items()
    }


def successors(
    git: Git, gone: Mapping[str, Patch], current: Mapping[str, Patch]
) -> dict[str, tuple[list[str], bool]]:
    """For each landing that is gone those that may be what became of it, and whether that is proved.

    Proved is what makes the same change byte for byte; the same patch id alone proves nothing.
    Raises SourceError.
    """
    by_patch: dict[str, list[str]] = {}
    for sha, each in current.items():
        by_patch.setdefault(each.patch, []).append(sha)
    alike = {sha: by_patch.get(each.patch, []) for sha, each in gone.items()}
    existing = git.commits(sha for sha, others in alike.items() if others)
    pairs = [(other, sha) for sha in existing for other in alike[sha]]
    same = same_change(git, pairs, read_changes(git, {sha for pair in pairs for sha in pair}))
    result = {}
    for sha, each in gone.items():
        proved = [
            other
            for other in alike[sha]
            if same.get((other, sha)) or (each.change and each.change == current[other].change)
        ]
        result[sha] = (proved, True) if proved else (alike[sha], False)
    return result
