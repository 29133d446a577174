"""Where a place that was seen once lies on the mainline as it is now."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from shepherd.landing import Landing
from shepherd.rules.undoing import Undoing
from shepherd.trends.happened import Happened, SeenPlace


class NumberedLine:
    """The mainline by today's numbers, and what is undone where."""

    def __init__(self, happened: Happened) -> None:
        self.landings: Sequence[Landing] = happened.landings
        self.first = self.landings[0].revno if self.landings else 0
        """The lowest revno that is known; 0: none is."""
        self._era = happened.era
        self._revno_of = {landing.id: landing.revno for landing in self.landings}
        undoing = Undoing(self.landings, happened.covers)
        self._flips: dict[int, list[tuple[int, bool]]] = {}
        for rollback in sorted(undoing.flips):
            for target, undone in undoing.flips[rollback].items():
                self._flips.setdefault(target, []).append((rollback, undone))

    def revno_of(self, sha: str) -> int | None:
        """None: it is no landing that is known."""
        return self._revno_of.get(sha)

    def place(self, seen: SeenPlace) -> int | None:
        """None: it is not known where that lies now, since the mainline was rewritten."""
        if not seen.revno:
            return 0
        known = self._revno_of.get(seen.id)
        return known if known is not None else seen.revno if seen.era == self._era else None

    def ever_undone(self, revno: int) -> bool:
        return revno in self._flips

    def undone(self, revno: int, at: int) -> bool:
        """Whether a landing is undone at a later revision."""
        flips = self._flips.get(revno, ())
        last = bisect_right(flips, (at, True)) - 1
        return last >= 0 and flips[last][1]
