"""What is drawn side by side in the picture: a mark for each landing, or, of many, a column for several.

Up to `MANY` landings each has a mark that can be aimed at. Beyond that each has a dash; a long run of
landings that stand alike is folded into one bar with their number; and where even that would take more than
`MOST_TILES` tiles, a column stands for several landings. So the picture fits a phone however many landings
there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from math import ceil
from typing import NamedTuple

from shepherd.snapshot import Progress
from shepherd.views.words import PROGRESS

MANY = 250
"""Landings of a window that is drawn with marks."""
MOST_TILES = 11
"""Tiles of a window that is drawn with dashes or columns, about."""

WIDTH = 336
"""Of a tile, in CSS pixels before it is scaled."""
MARK, DASH, PILE = 24, 4, 8
"""Width of the mark, the dash and the column; a mark is as large as a finger needs it (WCAG 2.2, 2.5.8)."""
LETTER = 6.6
"""Width of a letter of a label, about."""

_FOLDED = 50
"""Landings in a run that is folded."""


class Slot(NamedTuple):
    """One thing that is drawn: the landings from place `begin` to before `end` of the window."""

    begin: int
    end: int
    width: int
    folded: bool = False
    """All of them stand alike, and their number is written on the bar."""


class Columns(NamedTuple):
    """The window from left to right."""

    slots: list[Slot]
    dense: bool
    """Dashes or columns, not marks."""
    each: int
    """Landings of one column; the last before a line may have fewer."""


def columns(marks: Sequence[Progress], lines: Collection[int]) -> Columns:
    """Share the picture out among the landings, whose marks these are, oldest first.

    Args:
        lines: after how many landings something stands; no slot reaches over that.
    """
    if len(marks) <= MANY:
        return Columns([Slot(n, n + 1, MARK) for n in range(len(marks))], False, 1)
    room = WIDTH * MOST_TILES
    runs = list(_runs(marks, lines))
    shortest = _FOLDED
    while (folded := sum(_fold_width(marks, run) for run in runs if _length(run) >= shortest)) > room // 2:
        shortest *= 2
    single = sum(_length(run) for run in runs if _length(run) < shortest)
    room -= folded
    if single * DASH <= room:
        each, width = 1, DASH
    else:
        each, width = ceil(single * PILE / room), PILE
    slots: list[Slot] = []
    for folds, stretch in groupby(runs, key=lambda run: _length(run) >= shortest):
        if folds:
            slots += [Slot(*run, _fold_width(marks, run), True) for run in stretch]
        else:
            slots += _share(list(stretch), lines, each, width)
    return Columns(slots, True, each)


def _share(runs: Sequence[tuple[int, int]], lines: Collection[int], each: int, width: int) -> Iterator[Slot]:
    """Columns of `each` landings for runs that follow each other."""
    last = runs[-1][1]
    borders = sorted({line for line in lines if runs[0][0] < line < last} | {last})
    begin = runs[0][0]
    for border in borders:
        for start in range(begin, border, each):
            yield Slot(start, min(start + each, border), width)
        begin = border


def _runs(marks: Sequence[Progress], lines: Collection[int]) -> Iterator[tuple[int, int]]:
    """Where landings that stand alike, with no line between them, begin and end."""
    begin = 0
    for place in range(1, len(marks) + 1):
        if place == len(marks) or marks[place] != marks[begin] or place in lines:
            yield begin, place
            begin = place


def _length(run: tuple[int, int]) -> int:
    return run[1] - run[0]


def _fold_width(marks: Sequence[Progress], run: tuple[int, int]) -> int:
    """Enough for the words on it."""
    return ceil(len(fold_label(marks[run[0]], _length(run))) * LETTER / 4) * 4 + 12


def fold_label(mark: Progress, number: int) -> str:
    """ "1,240 waiting"."""
    return f"{number:,} {PROGRESS[mark][0]}"
