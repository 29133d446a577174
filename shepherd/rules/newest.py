"""Whom a bad means that names no landing, where a status or a field says it (docs/rules.md#bad-by-status)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property

from shepherd.landing import Landing
from shepherd.rules.rollbacks import Rollbacks
from shepherd.rules.undoing import Undoing
from shepherd.words import Item


class NewestLandings:
    """Finds the newest landing of an item. Nothing is computed before it is asked for."""

    def __init__(
        self, undoing: Undoing, rollbacks: Rollbacks, live: Collection[int], deployed: int, tip: int
    ) -> None:
        """Args: live: revnos that production runs; deployed, tip: as revnos."""
        self._undoing = undoing
        self._rollbacks = rollbacks
        self._live = live
        self._deployed = deployed
        self._tip = tip

    def of(self, item: Item, naming: Sequence[Landing]) -> Landing | None:
        """The landing that is meant; None: none names the item.

        Args:
            naming: the landings that name the item, ascending.
        """
        brings = [each for each in naming if not self._rollbacks.only_takes_back(each, item)] or naming
        window = [each for each in brings if each.revno > self._deployed]
        in_effect = [each for each in window if each.revno not in self._undone]
        running = [each for each in brings if each.revno in self._live]
        return next((some[-1] for some in (in_effect, window, running, brings) if some), None)

    @cached_property
    def _undone(self) -> Collection[int]:
        return self._undoing.undone_at(self._tip)
