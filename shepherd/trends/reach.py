"""When something that moves along the mainline came to include a landing."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime

from shepherd.trends.happened import SeenPlace
from shepherd.trends.mainline import NumberedLine

_Placed = tuple[int, SeenPlace]


class Reach:
    """The places of one thing that moves, oldest first."""

    def __init__(self, seen: Sequence[SeenPlace], line: NumberedLine) -> None:
        self.began = seen[0].at if seen else None
        """When it was first seen; None: never."""
        placed = [(place, each) for each in seen if (place := line.place(each)) is not None]
        self._firsts: list[_Placed] = []
        """Those further than all before them."""
        self._lasts: list[_Placed] = []
        """Those that all later ones are at least as far as."""
        for place, each in placed:
            if not self._firsts or place > self._firsts[-1][0]:
                self._firsts.append((place, each))
            taken = None
            while self._lasts and self._lasts[-1][0] >= place:
                taken = self._lasts.pop()
            # what it has still, it has from before
            kept = taken[1] if taken is not None else each
            self._lasts.append((place, kept))

    def first(self, revno: int) -> SeenPlace | None:
        """The first that included a landing."""
        return _including(self._firsts, revno)

    def for_good(self, revno: int) -> SeenPlace | None:
        """That since which it is included without a break."""
        return _including(self._lasts, revno)


def _including(ascending: Sequence[_Placed], revno: int) -> SeenPlace | None:
    at = bisect_left(ascending, revno, key=lambda placed: placed[0])
    return ascending[at][1] if at < len(ascending) else None


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two, of which either may not be there."""
    return min((each for each in (one, other) if each is not None), default=None)
