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
    wide = len(line.name) * LETTER + 6
    return (x - wide, x) if leftward(at.x) else (x, x + wide)


def leftward(x: int) -> bool:
    """Whether a label at that place stands to the left of its line."""
    return x > WIDTH // 2
