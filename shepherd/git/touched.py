"""Which paths that a limit is about each landing changes, against its first parent (docs/rules.md#limits),
and which components (docs/trends.md#waits).

A commit never changes, so what is read of one holds as long as the patterns stay the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from shepherd.errors import SourceError
from shepherd.git.patches import DIFF
from shepherd.git.repository import Git
from shepherd.people import matches

KEPT = 200
"""Paths of one landing that are kept for each limit."""
TOGETHER = 500
"""Commits that one process is asked for: what it writes is held in memory."""
_WILD = re.compile(r"[*?]")


def read_touched(
    git: Git,
    commits: Iterable[str],
    patterns: Sequence[Sequence[str]],
    components: Sequence[Sequence[str]] = (),
) -> dict[str, dict[int, tuple[str, ...]]]:
    """What each of these commits touches; one that touches nothing is there with nothing.

    Args:
        patterns: of each limit, in the order of the settings.
        components: the folders and files of each. One that a commit touches is there behind the limits, at
            its own place counted from their end, without paths.

    Raises:
        SourceError: one of them cannot be read.
    """
    wanted = list(dict.fromkeys(commits))
    narrowed = [f":(literal){folder}" for folder in _folders([*patterns, *components])]
    folders = [tuple(path.encode() for path in each) for each in components]
    touched: dict[str, dict[int, tuple[str, ...]]] = {}
    for start in range(0, len(wanted), TOGETHER):
        some = wanted[start : start + TOGETHER]
        stdin = "".join(f"{sha}\n" for sha in some).encode()
        # with --raw a path follows what begins with a colon: no name of a file can be taken for a SHA
        output = git.out(*DIFF, "--raw", "-z", "--always", "--", *narrowed, input=stdin)
        paths: dict[str, list[bytes]] = {}
        current: list[bytes] = []
        fields = iter(output.split(b"\0"))
        for field in fields:
            if field.startswith(b":"):
                current.append(next(fields))
            elif field:
                current = paths.setdefault(field.decode(), [])
        # git leaves out what is not there, without a word; with --always, nothing else
        if lost := [sha for sha in some if sha not in paths]:
            raise SourceError(git.with_remedy(f"{git.name}: the commit {lost[0]} is missing"))
        touched |= {
            sha: _matching(sha, changed, patterns) | _components(changed, folders, len(patterns))
            for sha, changed in paths.items()
        }
    return touched


def _matching(
    sha: str, changed: Sequence[bytes], patterns: Sequence[Sequence[str]]
) -> dict[int, tuple[str, ...]]:
    matching: dict[int, tuple[str, ...]] = {}
    for place, of_limit in enumerate(patterns):
        if those := [path for path in changed if _matches(of_limit, path)]:
            kept = tuple(map(written, those[:KEPT]))
            # No other landing has the last one: what touches more than is kept undoes nothing as a whole,
            # and always counts.
            more = (f"{len(those) - KEPT} more in {sha}",) if len(those) > KEPT else ()
            matching[place] = kept + more
    return matching


def _components(
    changed: Sequence[bytes], folders: Sequence[Sequence[bytes]], first: int
) -> dict[int, tuple[str, ...]]:
    """Args: first: the place of the first component."""
    return {
        place: ()
        for place, of_component in enumerate(folders, first)
        if any(_lies_in(path, folder) for path in changed for folder in of_component)
    }


def _lies_in(path: bytes, folder: bytes) -> bool:
    """Whether a path is that file, or lies in that folder."""
    return path == folder or path.startswith(folder if folder.endswith(b"/") else folder + b"/")


def _matches(patterns: Sequence[str], path: bytes) -> bool:
    # a byte that is no UTF-8 is one character for a pattern
    return matches(patterns, path.decode("utf-8", "surrogateescape"), case=True)


def written(path: bytes) -> str:
    """The path as text, no two alike: `\\xff` stands for a byte that is no UTF-8, and each backslash is
    doubled."""
    return path.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def _folders(patterns: Iterable[Sequence[str]]) -> list[str]:
    """Folders or files outside of which no pattern matches anything, so that git need not look there; none
    where it has to look everywhere."""
    folders: dict[str, None] = {}
    for pattern in (each for of_limit in patterns for each in of_limit):
        wild = _WILD.search(pattern)
        folder = pattern[: wild.start()].rpartition("/")[0] if wild else pattern.removesuffix("/")
        # git would take "/etc" or "../x" for something outside of the repository
        if any(part in ("", ".", "..") for part in folder.split("/")):
            return []
        folders[folder] = None
    return list(folders)


def files_matching(git: Git, commit: str, patterns: Sequence[str]) -> dict[str, int]:
    """How many files of a commit each pattern matches. Raises SourceError."""
    listed = git.out("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit, "--", *_folders([patterns]))
    paths = [path for path in listed.split(b"\0") if path]
    return {pattern: sum(_matches((pattern,), path) for path in paths) for pattern in patterns}


def files_in(git: Git, commit: str, folders: Sequence[str]) -> dict[str, int]:
    """How many files of a commit lie in each folder, or are that file. Raises SourceError."""
    listed = git.out("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
    paths = [path for path in listed.split(b"\0") if path]
    return {folder: sum(_lies_in(path, folder.encode()) for path in paths) for folder in folders}
