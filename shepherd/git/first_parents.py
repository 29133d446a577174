"""The first-parent line of a branch: which commits landed, and in which order (docs/rules.md#marks)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shepherd.git.repository import Git


class FirstParents:
    """The first-parent line: SHA and date of every landing, by revno."""

    def __init__(self, newest_first: Sequence[tuple[str, int]]) -> None:
        self.ids = [sha for sha, _ in reversed(newest_first)]
        self.dates = [date for _, date in reversed(newest_first)]
        self._places = {sha: revno for revno, sha in enumerate(self.ids, 1)}

    def __len__(self) -> int:
        return len(self.ids)

    def id(self, revno: int) -> str:
        return self.ids[revno - 1]

    def revno(self, sha: str) -> int | None:
        """The place of a landing; None for any other commit."""
        return self._places.get(sha)


def read_first_parents(git: Git, tip: str) -> FirstParents:
    """The first-parent line that ends at the commit `tip`, in one process. Raises SourceError."""
    lines = git.lines("rev-list", "--first-parent", "--timestamp", "--end-of-options", tip)
    pairs = (line.split(" ", 1) for line in lines)
    return FirstParents([(sha, int(date)) for date, sha in pairs])


def owners(git: Git, mainline: FirstParents) -> dict[str, int]:
    """Every commit that the mainline contains, with the revno of the landing that it is or came in with.

    Walks the whole history: for the rare commit that is named long after it came in.
    """
    parents = {
        sha: others
        for sha, *others in (
            line.split(" ")
            for line in git.lines("rev-list", "--parents", "--end-of-options", mainline.ids[-1])
        )
    }
    revnos = {sha: revno for revno, sha in enumerate(mainline.ids, 1)}
    for revno, landing in enumerate(mainline.ids, 1):
        todo = parents[landing][1:]
        while todo:
            sha = todo.pop()
            if sha not in revnos:
                revnos[sha] = revno
                todo.extend(parents[sha])
    return revnos


def runs(revnos: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of each run of numbers without a gap, ascending."""
    ranges: list[tuple[int, int]] = []
    for revno in revnos:
        if ranges and ranges[-1][1] == revno - 1:
            ranges[-1] = (ranges[-1][0], revno)
        else:
            ranges.append((revno, revno))
    return ranges
