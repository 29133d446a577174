"""What production ran when: its moves, and for each landing the times in which it was in effect there."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from shepherd.trends.happened import Happened, SeenPlace
from shepherd.trends.mainline import NumberedLine

Direction = Literal["first", "forward", "back", "still", "unknown"]
"""Where production went: "first": where it was found · "still": only the mainline moved, or it stayed on the
same landing · "unknown": the mainline was rewritten since it was seen before."""


class ProductionMove(Struct, frozen=True, gc=False):
    """Production was seen elsewhere."""

    at: datetime
    place: int | None
    """Its revno as the mainline is numbered now; None: not known."""
    direction: Direction
    base: int | None = None
    """Where it was before."""


class Stay(Struct, gc=False):
    """A time in which production had a landing."""

    begin: int
    """The move that brought it."""
    end: int | None = None
    """The move that took it out; None: it is there."""
    known: bool = True
    """False: when it came is not known."""


class EffectTime(Struct, frozen=True, gc=False):
    """A time in which production had a landing, and it was not undone there."""

    begin: datetime
    end: datetime | None


def moves_of(seen: Sequence[SeenPlace], line: NumberedLine) -> list[ProductionMove]:
    """The moves of production, oldest first."""
    moves: list[ProductionMove] = []
    before: SeenPlace | None = None
    base: int | None = None
    for each in seen:
        place = line.place(each)
        moves.append(ProductionMove(each.at, place, _direction(before, each, base, place), base))
        before, base = each, place
    return moves


def _direction(before: SeenPlace | None, now: SeenPlace, base: int | None, place: int | None) -> Direction:
    if before is None:
        return "first"
    if not now.moved:
        return "still"
    if before.era == now.era:
        base, place = before.revno, now.revno
    if base is None or place is None:
        return "unknown"
    return "forward" if place > base else "back" if place < base else "still"


class Production:
    """What production ran when."""

    def __init__(self, happened: Happened, line: NumberedLine) -> None:
        self.moves = moves_of(happened.production, line)
        self._line = line
        self.stays = self._stays()
        """Revno -> the times in which production had it, oldest first. One that was there when somebody
        first looked has none for that."""

    def _stays(self) -> dict[int, list[Stay]]:
        stays: dict[int, list[Stay]] = {}
        top: int | None = None
        sure = True
        for index, move in enumerate(self.moves):
            if move.place is None:
                sure = False
                continue
            known = sure and move.direction != "still"
            if top is not None:
                for revno in range(top + 1, move.place + 1):
                    stays.setdefault(revno, []).append(Stay(index, known=known))
                for revno in range(move.place + 1, top + 1):
                    self._leave(stays.get(revno, []), index, move)
            top, sure = move.place, True
        return stays

    @staticmethod
    def _leave(stays: list[Stay], index: int, move: ProductionMove) -> None:
        if stays and move.direction == "back":
            stays[-1].end = index
        elif stays:
            # the mainline lost it, or was rewritten: nobody took it out of production
            stays[-1].end, stays[-1].known = index, False

    def in_effect(self, revno: int, stay: Stay) -> list[EffectTime]:
        """The times of a stay in which the landing was not undone in production, oldest first."""
        begin = self.moves[stay.begin].at
        end = self.moves[stay.end].at if stay.end is not None else None
        if not self._line.ever_undone(revno):
            return [EffectTime(begin, end)]
        times: list[EffectTime] = []
        since: datetime | None = None
        for index in range(stay.begin, stay.end if stay.end is not None else len(self.moves)):
            place = self.moves[index].place
            if place is None:
                continue
            undone = self._line.undone(revno, place)
            if undone and since is not None:
                times.append(EffectTime(since, self.moves[index].at))
                since = None
            elif not undone and since is None:
                since = self.moves[index].at
        return times if since is None else [*times, EffectTime(since, end)]

    def runs(self, revno: int, since: datetime) -> Iterator[tuple[int, bool]]:
        """From the last move before a moment on each move's number, and whether the landing is in effect in
        production after it."""
        for index in range(self._last_before(since), len(self.moves)):
            place = self.moves[index].place
            if place is not None:
                yield index, revno <= place and not self._line.undone(revno, place)

    def _last_before(self, moment: datetime) -> int:
        """The number of the last move up to then whose place is known; 0 if there is none."""
        index = bisect_right(self.moves, moment, key=lambda move: move.at) - 1
        while index > 0 and self.moves[index].place is None:
            index -= 1
        return max(index, 0)
