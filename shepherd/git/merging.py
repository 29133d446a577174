"""Three-way merges of trees that nobody has made, and how two trees differ (docs/rules.md#undone).

They are made in a repository of their own, under state_dir and thrown away at the end, which borrows the
objects of the one that is read. So nothing is written there, and none of its settings, attributes, merge
drivers, hooks or replaced objects has a say: the same trees give the same merge for everybody.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from shepherd.errors import SourceError
from shepherd.git.program import cause
from shepherd.git.repository import Git
from shepherd.git.scratch import scratch

# What git does by default, said aloud: a default may change with the release.
_OPTIONS = (
    *("-c", "merge.renames=true", "-c", "merge.directoryRenames=conflict", "-c", "merge.renameLimit=7000"),
    *("-c", "merge.renormalize=false", "-c", "core.bigFileThreshold=512m"),
)
_NOBODY = "nobody <> 0 +0000"
_USAGE = 129


class Merge(NamedTuple):
    """Three trees: what lies between `base` and `theirs` is to be done to `ours`."""

    base: str
    ours: str
    theirs: str


class UnreadableCause(str):
    """Why a merge or a diff could not be made."""


def no_files(commit: str) -> str:
    """The tree without any file, in the repository of a commit: what was there before the first one."""
    return (hashlib.sha256 if len(commit) == 64 else hashlib.sha1)(b"tree 0\0").hexdigest()


@contextmanager
def quarantine(git: Git) -> Iterator[Quarantine]:
    """A place for new objects, removed at the end. Raises SourceError if there is none."""
    with scratch(git.scratch) as folder:
        yield Quarantine(git, folder / "git")


class Quarantine:
    """Where trees that nobody has made are merged. Trees that are named must be in the repository that
    is read, or have been made here."""

    def __init__(self, git: Git, place: Path) -> None:
        answer = git.out(
            "rev-parse", "--path-format=absolute", "--git-path", "objects", "--show-object-format"
        )
        objects, kind = answer.rstrip(b"\n").rsplit(b"\n", 1)
        self._digest = hashlib.sha256 if kind == b"sha256" else hashlib.sha1
        self._git = Git(str(place), git.name, git.limit)
        self._read = git
        self._git.out("init", "--quiet", "--template=", f"--object-format={kind.decode()}")
        self._objects = place / "objects"
        (self._objects / "info").mkdir(exist_ok=True)
        (self._objects / "info" / "alternates").write_bytes(b'"%b"\n' % _quoted(objects))

    def merge(self, wanted: Sequence[Merge]) -> list[str | UnreadableCause | None]:
        """For each the merged tree; None where there is a conflict."""
        lines = []
        for base, ours, theirs in wanted:
            root = self._commit(base)
            lines.append(f"{self._commit(ours, root)} {self._commit(theirs, root)}\n")
        merged: list[str | UnreadableCause | None] = []
        while len(merged) < len(lines):
            stdin = "".join(lines[len(merged) :]).encode()
            try:
                code, output, errors = self._git.attempt(
                    *_OPTIONS,
                    *("merge-tree", "--write-tree", "--stdin", "-z", "--no-messages", "--name-only"),
                    input=stdin,
                )
            except SourceError as error:
                merged += [UnreadableCause(error)] * (len(lines) - len(merged))
                break
            merged += _results(output)
            if len(merged) < len(lines):
                # it ended at the one that it could not make
                why = "git 2.39 or newer is needed" if code == _USAGE else cause(errors, code)
                broken = UnreadableCause(self._read.with_remedy(why))
                merged += [broken] * (len(lines) - len(merged) if code == _USAGE else 1)
        return merged

    def differing(self, pairs: Sequence[tuple[str, str]]) -> list[frozenset[bytes] | UnreadableCause]:
        """For each pair of trees the paths that they do not have in common."""
        different = list(dict.fromkeys(pair for pair in pairs if pair[0] != pair[1]))
        by_pair: dict[tuple[str, str], frozenset[bytes] | UnreadableCause] = {}
        try:
            by_pair.update(self._compare(different))
        except SourceError:
            for pair in different:
                try:
                    by_pair.update(self._compare([pair]))
                except SourceError as error:
                    by_pair[pair] = UnreadableCause(self._read.with_remedy(str(error)))
        return [by_pair.get(pair, frozenset()) for pair in pairs]

    def _compare(self, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], frozenset[bytes]]:
        if not pairs:
            return {}
        stdin = "".join(f"{one} {other}\n" for one, other in pairs).encode()
        return _paths_by_pair(
            self._git.out("diff-tree", "--stdin", "-r", "--no-renames", "--raw", "-z", input=stdin)
        )

    def _commit(self, tree: str, *parents: str) -> str:
        """A commit of a tree. Written by hand: git makes one commit a process, and there may be hundreds."""
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        body = "\n".join([*lines, f"author {_NOBODY}", f"committer {_NOBODY}", "", ""]).encode()
        raw = b"commit %d\0%b" % (len(body), body)
        sha = self._digest(raw).hexdigest()
        file = self._objects / sha[:2] / sha[2:]
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(zlib.compress(raw, 1))
        return sha


def _results(output: bytes) -> Iterator[str | None]:
    """The records of `merge-tree --stdin`: a status, the tree, the files in conflict, an empty field."""
    fields = output.split(b"\0")
    start = 0
    while start + 2 < len(fields):
        try:
            end = fields.index(b"", start + 2)
        except ValueError:
            return
        yield fields[start + 1].decode() if fields[start] == b"1" else None
        start = end + 1


def _paths_by_pair(output: bytes) -> dict[tuple[str, str], frozenset[bytes]]:
    """The answer of `diff-tree --stdin --raw -z`: lines that name two trees, and below each what differs."""
    by_pair: dict[tuple[str, str], set[bytes]] = {}
    fields = iter(output.split(b"\0"))
    current: set[bytes] = set()
    for field in fields:
        *heads, entry = field.split(b"\n")
        for head in heads:
            one, other = head.decode().split(" ")
            current = by_pair.setdefault((one, other), set())
        if entry:
            current.add(next(fields))
    return {pair: frozenset(paths) for pair, paths in by_pair.items()}


def _quoted(path: bytes) -> bytes:
    """A path as git reads it between quotation marks."""
    escaped: Mapping[bytes, bytes] = {b"\\": b"\\\\", b'"': b'\\"', b"\n": b"\\n"}
    return b"".join(escaped.get(bytes([each]), bytes([each])) for each in path)
