"""Which rollbacks only take something back, and which bugs are their own (docs/rules.md#pure-rollback)."""

from __future__ import annotations

from collections.abc import Mapping

from shepherd.landing import Landing
from shepherd.rules.undoing import Undoing
from shepherd.words import Item


class Rollbacks:
    """The landings that undo others, as far as their messages and changes go.

    Attributes:
        pure: the revnos of pure rollbacks.
    """

    def __init__(self, landings: Mapping[int, Landing], undoing: Undoing) -> None:
        self._landings = landings
        self._undoing = undoing
        self.pure = {
            r
            for r in undoing.targets
            if r in landings and not self._is_mixed(r) and not self.own_bugs(landings[r])
        }

    def own_bugs(self, landing: Landing) -> frozenset[Item]:
        """The bugs of a rollback's own message, less those of its targets."""
        if not landing.own_bugs:
            return frozenset()
        own = set(landing.own_bugs)
        for target in self._undoing.targets[landing.revno]:
            if target in self._landings:
                own.difference_update(self._landings[target].bugs)
        return frozenset(own)

    def judged_by_own(self, landing: Landing) -> bool:
        """Whether a rollback, which is not pure, is judged by its own bugs alone: it undoes by a mark."""
        targets = self._undoing.targets.get(landing.revno, ())
        return any(target in targets for target in landing.mark_targets)

    def only_takes_back(self, landing: Landing, bug: Item) -> bool:
        """Whether a landing names the bug for no other reason than that it undoes what named it."""
        if landing.revno in self.pure:
            return True
        return self.judged_by_own(landing) and bug not in self.own_bugs(landing)

    def _is_mixed(self, revno: int) -> bool:
        """Whether it undoes by its content alone, and changes more than that (docs/rules.md#undone)."""
        landing = self._landings[revno]
        by_content = set(landing.revert_targets) - set(landing.mark_targets)
        return landing.mixed and by_content.issuperset(self._undoing.targets[revno])
