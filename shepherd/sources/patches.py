"""What commits change, against their first parent: which files, and the identity of the patch (design 3.4).

Both are asked for many commits at once. Whoever's settings and attributes there are, the answer is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from shepherd.sources.git import Git

_DIFF = ("diff-tree", "--stdin", "--root", "-r", "--no-renames", "--diff-merges=first-parent")
# Whole object names, or any two changes of one binary file would look alike.
_PATCH = ("-p", "--unified=3", "--full-index", "--binary", "--no-ext-diff", "--no-textconv", "--no-color")


class Change(NamedTuple):
    """One file, and its mode before and after (`000000`: it was not there)."""

    path: bytes
    before: bytes
    after: bytes

    @property
    def inverse(self) -> Change:
        return Change(self.path, self.after, self.before)


def changes(git: Git, commits: Iterable[str]) -> dict[str, frozenset[Change]]:
    """The files that each commit touches; those of a commit that changes nothing are none. One process."""
    wanted = dict.fromkeys(commits)
    if not wanted:
        return {}
    given = "".join(f"{sha}\n" for sha in wanted).encode()
    found: dict[str, list[Change]] = {sha: [] for sha in wanted}
    fields = iter(git.out(*_DIFF, "--raw", "-z", input=given).split(b"\0"))
    current: list[Change] = []
    for field in fields:
        if field.startswith(b":"):
            before, after, *_ = field[1:].split(b" ")
            current.append(Change(next(fields), before, after))
        elif field:
            current = found[field.decode()]
    return {sha: frozenset(touched) for sha, touched in found.items()}


def patch_ids(git: Git, commits: Iterable[str], *, inverted: bool = False) -> dict[str, str]:
    """`git patch-id --stable` of each commit's diff, or with `inverted` of the diff that would undo it.

    A commit that changes nothing has none.
    """
    wanted = list(dict.fromkeys(commits))
    if not wanted:
        return {}
    # `-R` swaps the prefixes as well; they are part of what is hashed.
    direction = (
        ("-R", "--src-prefix=b/", "--dst-prefix=a/") if inverted else ("--src-prefix=a/", "--dst-prefix=b/")
    )
    lines = git.pipe([*_DIFF, *_PATCH, *direction], ["patch-id", "--stable"], wanted)
    return {sha: patch for patch, _, sha in (line.partition(" ") for line in lines)}


class Patches:
    """The patches of a set of commits, read together, to be compared with each other."""

    def __init__(self, git: Git, commits: Iterable[str], inverted: Iterable[str] = ()) -> None:
        forward, backward = set(commits), set(inverted)
        self._changes = changes(git, sorted(forward | backward))
        self._ids = patch_ids(git, sorted(forward))
        self._inverse_ids = patch_ids(git, sorted(backward), inverted=True)

    def same(self, one: str, other: str) -> bool:
        """Whether both make the same change, and make one at all."""
        patch = self._ids.get(one)
        return (
            patch is not None and patch == self._ids.get(other) and self._changes[one] == self._changes[other]
        )

    def undoes(self, commit: str, target: str) -> bool:
        """Whether the commit's diff is the exact inverse of the target's, and is not empty."""
        patch = self._ids.get(commit)
        return (
            patch is not None
            and patch == self._inverse_ids.get(target)
            # Older patch-ids know neither modes nor empty files.
            and self._changes[commit] == {change.inverse for change in self._changes[target]}
        )
