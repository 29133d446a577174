"""Words follow commits, not places (docs/rules.md#what-people-say).

A bad-commit-N speaks of the commit that landing N was when the tag was first seen, and so does the qa-bad of
a request. A merge the wrong way round moves landings off the first-parent line: they are brought in by that
merge then, and it takes over what is not good of what was said of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from shepherd.landing import Brought, Landing
from shepherd.words import Item, JournalMemory, State, Verdict

Holder = int | str
"""Whom a word names: a landing by its revno, or a commit that a landing brought in by its SHA."""

RANK: Mapping[State, int] = {"bad": 0, "unknown": 1, "needstesting": 2}
"""The states that a brought-in commit gives to its landing, the worst first."""
_NO_RANK = len(RANK)


class BroughtWord(Struct, frozen=True, gc=False):
    """What was said of a commit that a landing brought in."""

    commit: Brought
    state: State
    """ok and untestable are nobody's: they clear the commit and speak for no landing."""
    verdict: Verdict | None = None
    named_by: tuple[Item, ...] = ()
    """Items that name it bad; unknown: that did so when they could last be read."""
    named_as: int = 0
    """N of the bad-commit-N that names it; 0: no such tag does."""

    @property
    def counts(self) -> bool:
        return self.state in RANK and not self.commit.undone


class Holders:
    """Whom the tags of bugs and the labels of requests name, by what the journal remembers of them."""

    def __init__(self, landings: Mapping[int, Landing], memory: JournalMemory) -> None:
        self._landings = landings
        self._memory = memory
        self._revnos: dict[str, int] = {}
        self._bringing: dict[str, Landing] = {}
        if memory.named:
            self._revnos = {landing.id: revno for revno, landing in landings.items()}
            self._bringing = {each.id: landing for landing in landings.values() for each in landing.brought}
        self.learned: dict[tuple[Item, int], tuple[str, ...]] = {}
        """What the journal should remember."""

    def of_tag(self, bug: Item, n: int, since: int) -> list[Holder]:
        """Whom bad-commit-N on a bug names on this mainline.

        Args:
            since: when the tag was first seen; one that came back speaks of the present landing N.
        """
        known = self._memory.named.get((bug, n))
        if known is not None and known.seq >= since:
            found = self._placed(known.ids)
        else:
            found = [n] if n in self._landings else []
        if self.is_elsewhere(bug, n) and not any(self.names(holder, bug) for holder in found):
            return []
        return found

    def learn(self, bug: Item, n: int, since: int, holders: Iterable[Holder]) -> None:
        """Have it remembered whom a tag names that is seen for the first time."""
        known = self._memory.named.get((bug, n))
        if n in holders and (known is None or known.seq < since):
            self.learned[bug, n] = (self._landings[n].id,)

    def of_request(self, request: str, carriers: Sequence[Landing]) -> list[Holder]:
        """Whom the qa-bad of a request names: its landings, and those that were its landings."""
        known = self._memory.named.get((request, 0))
        before = known.ids if known is not None else ()
        ids = tuple(dict.fromkeys([*before, *(landing.id for landing in carriers)]))
        if ids != before:
            self.learned[request, 0] = ids
        here = [landing.revno for landing in carriers]
        return [*here, *(holder for holder in self._placed(before) if isinstance(holder, str))]

    def names(self, holder: Holder, bug: Item) -> bool:
        """Whether the landing, or the one that brought the commit in, names the bug."""
        landing = self._landings[holder] if isinstance(holder, int) else self._bringing[holder]
        return bug in landing.bugs

    def is_elsewhere(self, bug: Item, n: int) -> bool:
        """Whether another mainline's landing N names the bug: unless ours does as well, bad-commit-N speaks
        of that mainline alone."""
        return (bug, n) in self._memory.elsewhere

    def _placed(self, ids: Iterable[str]) -> list[Holder]:
        found: list[Holder] = []
        for sha in ids:
            if sha in self._revnos:
                found.append(self._revnos[sha])
            elif sha in self._bringing:
                found.append(sha)
        return found


def rank(state: State) -> int:
    """How bad a state is, as far as brought-in words can be worse."""
    return RANK.get(state, _NO_RANK)


def word_of(
    commit: Brought,
    verdict: Verdict | None,
    named_by: tuple[Item, ...],
    unread: tuple[Item, ...],
    appeared: Callable[[Item], bool],
    named_as: int,
) -> BroughtWord | None:
    """What is said of one brought-in commit, by the first rules of 3.3; None: nothing.

    Args:
        unread: items that named it bad when they could last be read.
        appeared: whether an item was seen to name it after its verdict.
    """
    if verdict is None and not named_by:
        return BroughtWord(commit, "unknown", None, unread, named_as) if unread else None
    if verdict is not None:
        named_by = tuple(item for item in (*named_by, *unread) if appeared(item))
    if named_by:
        return BroughtWord(commit, "bad", verdict, named_by, named_as)
    assert verdict is not None
    state: State = verdict.word  # type: ignore[assignment]  # withdraw never gets here
    return BroughtWord(commit, state, verdict)


def worst_of(words: Iterable[BroughtWord]) -> BroughtWord | None:
    """The word that a landing takes over; None: none of them counts."""
    return min((word for word in words if word.counts), key=lambda word: rank(word.state), default=None)
