"""The files of the report directory, by name: one list for whatever writes, publishes, checks and removes
them (docs/feeds.md#going-back-to-an-older-release).

A file that its release has stopped writing says for ever what was true once, "deploy r123" for example. So
an upgrade to a release that does not write a file removes it. It reads `ENDINGS` and `OF_ALL` of that
release as text: both stay tuples of plain words.

Nothing but the standard library: `fab` sends this module to hosts on which nothing of ours is installed.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

ENDINGS = (
    "html",
    "json",
    "atom",
    "svg",
    "sha",
    "answer.json",
    "shields.json",
    "notes.txt",
    "help.html",
    "trends.html",
)
"""What each branch has a file of, as `BRANCH.ENDING`."""
OF_ALL = ("index.html", "index.json", "index.atom", "shepherd.prom")
"""What is of all branches."""
PROMISING = ("answer.json", "shields.json", "notes.txt")
"""Endings of files that are acted on and show nobody how old they are, as `sha`."""
PROMISING_OF_ALL = ("index.json",)

_FIRST_ENDINGS = ("html", "json", "atom", "svg", "sha")
_FIRST_OF_ALL = ("index.html", "shepherd.prom")
"""What the releases wrote that have no such list."""


class ReportFiles(NamedTuple):
    """Which files a release writes."""

    endings: tuple[str, ...]
    of_all: tuple[str, ...]

    def names(self, branches: Iterable[str]) -> set[str]:
        """The names for these branches."""
        return {*self.of_all, *(f"{branch}.{ending}" for branch in branches for ending in self.endings)}

    def without(self, other: ReportFiles) -> ReportFiles:
        """Those that the other one does not write."""
        return ReportFiles(
            tuple(each for each in self.endings if each not in other.endings),
            tuple(each for each in self.of_all if each not in other.of_all),
        )


OURS = ReportFiles(ENDINGS, OF_ALL)
FIRST = ReportFiles(_FIRST_ENDINGS, _FIRST_OF_ALL)


def written_by(release: Path) -> ReportFiles:
    """What the code in this folder writes, without running it; where it does not say so, the first list: a
    file that is removed in vain is written again by its next run."""
    try:
        tree = ast.parse((release / "shepherd" / "report_files.py").read_bytes())
        said = {
            target.id: ast.literal_eval(each.value)
            for each in tree.body
            if isinstance(each, ast.Assign)
            for target in each.targets
            if isinstance(target, ast.Name) and target.id in ("ENDINGS", "OF_ALL")
        }
        return ReportFiles(_words(said["ENDINGS"]), _words(said["OF_ALL"]))
    except (OSError, SyntaxError, ValueError, LookupError, TypeError):
        return FIRST


def how_many(release: Path) -> int:
    """How many files the code in this folder writes for one branch. Of two releases the one that writes more
    drives an upgrade: it knows what to remove, also where the other one was deployed later."""
    return len(written_by(release).names(["branch"]))


def _words(value: object) -> tuple[str, ...]:
    if not isinstance(value, tuple) or not all(isinstance(each, str) for each in value):
        raise TypeError("a tuple of words")
    return value


def owner_of_name(branch: str, branches: Collection[str]) -> tuple[str, str] | None:
    """Another branch that keeps files under this one's name, and one of them; None: there is none. The file
    `stable.answer.json` is the answer of `stable`, and would be the snapshot of `stable.answer`."""
    other, _, word = branch.rpartition(".")
    file = next((ending for ending in ENDINGS if ending.startswith(f"{word}.")), "")
    return (other, f"{other}.{file}") if file and other in branches else None
