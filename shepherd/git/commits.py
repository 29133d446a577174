"""Commits that people name by SHA, whole or abbreviated, and the landing each is or came in with
(docs/rules.md#undone)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property

from shepherd.git.first_parents import FirstParents, owners
from shepherd.git.mainline import Landed
from shepherd.git.repository import Git


class Commits:
    """Looks SHAs up: what is known is not asked of git, and the whole history is walked once at most."""

    NONE = "no earlier landing has this commit"

    def __init__(
        self, git: Git, mainline: FirstParents, landed: Iterable[Landed], named: Iterable[str]
    ) -> None:
        """`landed`: landings whose commits are known; `named`: all texts that will be looked up."""
        self._git = git
        self._mainline = mainline
        self._brought = {sha: item.landing.revno for item in landed for sha in item.brought}
        self._length = len(mainline.ids[-1])
        strange = {text for text in named if len(text) == self._length and not self._near(text)}
        # Often a commit that was rebased away: no reason to walk the history.
        self._elsewhere = git.commits(strange) if strange else {}

    def landing(self, text: str, upto: int) -> int | str:
        """Revno of the landing that is, or brought in, the commit `text`; a text that says why there is none.

        Only landings up to and with revno `upto` are looked at, so the answer never changes.
        """
        if len(text) != self._length:
            revnos = {revno for revno in self._beginning(text) if revno <= upto}
            if len(revnos) == 1:
                return revnos.pop()
            return "it may be several commits" if revnos else self.NONE
        revno = self._near(text)
        if revno is None and text in self._elsewhere:
            revno = self._owners.get(text)
        return revno if revno is not None and revno <= upto else self.NONE

    def _near(self, sha: str) -> int | None:
        return self._mainline.revno(sha) or self._brought.get(sha)

    def _beginning(self, prefix: str) -> Iterable[int]:
        place = bisect_left(self._sorted, prefix)
        while place < len(self._sorted) and self._sorted[place].startswith(prefix):
            yield self._owners[self._sorted[place]]
            place += 1

    @cached_property
    def _owners(self) -> dict[str, int]:
        return owners(self._git, self._mainline)

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self._owners)
