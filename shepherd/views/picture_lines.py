"""Where something stands, as lines in the picture: their labels, and how these stay clear of each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from msgspec import Struct

from shepherd.views.columns import LETTER, WIDTH


class PictureLine(Struct, frozen=True):
    """Where something stands: after landing `revno`, between two marks."""

    revno: int
    name: str
    kind: str


class Spot(NamedTuple):
    """A place in the picture."""

    tile: int
    x: int


def lanes(lines: Collection[PictureLine], at: Mapping[int, Spot]) -> dict[int, int]:
    """Labels that would run into each other stand below each other: revno -> which place from above."""
    taken: list[list[tuple[float, float]]] = []
    found = {}
    for line in lines:
        left, right = _room(line, at[line.revno])
        free = (
            lane
            for lane, others in enumerate(taken)
            if all(left > end or right < begin for begin, end in others)
        )
        lane = next(free, len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((left, right))
        found[line.revno] = lane
    return found


def _room(line: PictureLine, at: Spot) -> tuple[float, float]:
    """From where to where a label reaches, had all tiles stood in one line."""
    x = at.tile * WIDTH + at.x
    return (x - _wide(line), x) if leftward(line, at.x) else (x, x + _wide(line))


def leftward(line: PictureLine, x: int) -> bool:
    """Whether its label stands to the left of the line, since the tile ends before there is room for it.

    To the right no older line can cross it: those that overlap stand above it.
    """
    return x + _wide(line) > WIDTH


def _wide(line: PictureLine) -> float:
    return len(line.name) * LETTER + 6
