"""What commits change, against their first parent: which files, from what to what (docs/rules.md#undone).

It is asked for many commits at once. The answer is the same whatever settings and attributes there are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shepherd.errors import SourceError
from shepherd.git.repository import Git

DIFF = ("diff-tree", "--stdin", "--root", "-r", "--no-renames", "--diff-merges=first-parent")
# Whole object names, or any two changes of one binary file would look alike.
_PATCH = ("-p", "--unified=3", "--full-index", "--binary", "--no-ext-diff", "--no-textconv", "--no-color")

_TRIES = 60
"""Calls of git that may fail while the diffs that cannot be read are told from those that can."""


class FileChange(NamedTuple):
    """One file, with its mode (`000000`: it was not there) and content before and after."""

    path: bytes
    mode_before: bytes
    mode_after: bytes
    before: bytes
    """SHA of the content."""
    after: bytes

    @property
    def inverse(self) -> FileChange:
        return FileChange(self.path, self.mode_after, self.mode_before, self.after, self.before)


Changes = frozenset[FileChange]


def inverse(changes: Changes) -> Changes:
    return frozenset(change.inverse for change in changes)


def paths(changes: Changes) -> frozenset[bytes]:
    return frozenset(change.path for change in changes)


def digest(changes: Changes) -> str:
    """The same for the same changes, and for no others; empty for none."""
    if not changes:
        return ""
    fields = b"\0".join(field for change in sorted(changes) for field in change)
    return hashlib.sha256(fields).hexdigest()[:32]


class ContentDiffs(NamedTuple):
    """What commits change, and why it cannot be told of some."""

    changes: dict[str, Changes]
    unreadable: dict[str, str]
    """SHA -> a sentence."""


def changes(git: Git, commits: Iterable[str]) -> dict[str, Changes]:
    """The files that each commit touches; a commit that changes nothing has none. One process.

    Raises SourceError if one of them cannot be read.
    """
    wanted = dict.fromkeys(commits)
    if not wanted:
        return {}
    stdin = "".join(f"{sha}\n" for sha in wanted).encode()
    by_commit: dict[str, list[FileChange]] = {sha: [] for sha in wanted}
    fields = iter(git.out(*DIFF, "--raw", "-z", input=stdin).split(b"\0"))
    current: list[FileChange] = []
    for field in fields:
        if field.startswith(b":"):
            mode_before, mode_after, before, after, _ = field[1:].split(b" ")
            current.append(FileChange(next(fields), mode_before, mode_after, before, after))
        elif field:
            current = by_commit[field.decode()]
    return {sha: frozenset(touched) for sha, touched in by_commit.items()}


def read_changes(git: Git, commits: Iterable[str]) -> ContentDiffs:
    """The same, where a diff that cannot be read costs none of the others: a partial clone, a lost object."""
    diffs = ContentDiffs({}, {})
    todo: list[Sequence[str]] = [list(dict.fromkeys(commits))]
    failures = 0
    while todo:
        some = todo.pop()
        try:
            diffs.changes.update(changes(git, some))
        except SourceError as error:
            failures += 1
            if len(some) == 1 or failures >= _TRIES:
                diffs.unreadable.update(dict.fromkeys(some, str(error)))
            else:
                half = len(some) // 2
                todo += [some[half:], some[:half]]
    return diffs


def alike(diffs: ContentDiffs, some: Iterable[str], others: Iterable[str]) -> list[tuple[str, str]]:
    """The pairs of commits that change the same files, with the same modes before and after: what may be the
    same change is worth a closer look."""
    by_files: dict[frozenset[tuple[bytes, ...]], list[str]] = {}
    for sha in some:
        if sha in diffs.changes:
            by_files.setdefault(_files(diffs.changes[sha]), []).append(sha)
    return [
        (one, sha)
        for sha in others
        if sha in diffs.changes
        for one in by_files.get(_files(diffs.changes[sha]), ())
    ]


def _files(changes: Changes) -> frozenset[tuple[bytes, ...]]:
    return frozenset((change.path, change.mode_before, change.mode_after) for change in changes)


def patch_ids(git: Git, commits: Iterable[str]) -> dict[str, str]:
    """`git patch-id --stable` of each commit's diff; a commit that changes nothing has none.

    It leaves white space and places out: whatever has the same patch id is only worth a closer look.
    """
    wanted = list(dict.fromkeys(commits))
    if not wanted:
        return {}
    lines = git.pipe([*DIFF, *_PATCH, "--src-prefix=a/", "--dst-prefix=b/"], ["patch-id", "--stable"], wanted)
    return {sha: patch for patch, _, sha in (line.partition(" ") for line in lines)}
