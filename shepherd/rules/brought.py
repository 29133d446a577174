"""Evidence follows commits, not revnos (docs/rules.md#words-follow-commits).

A bad-commit-N speaks of the commit that landing N was when the tag was first seen, and so does the qa-bad of
a request. A merge the wrong way round moves landings off the first-parent line: that merge then brings them
in, and takes over the evidence on them that is not good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from shepherd.landing import Brought, Landing
from shepherd.words import Item, RecordedEvidence, State, Verdict

RANK: Mapping[State, int] = {"bad": 0, "unknown": 1, "needstesting": 2}
"""The states that a brought-in commit gives to its landing, the worst first."""
_NO_RANK = len(RANK)


class BroughtEvidence(Struct, frozen=True, gc=False):
    """The evidence on a commit that a landing brought in."""

    commit: Brought
    state: State
    """ok and untestable clear the commit, and are evidence for no landing."""
    verdict: Verdict | None = None
    named_by: tuple[Item, ...] = ()
    """Items that name it bad; unknown: that did so when they could last be read."""
    named_as: int = 0
    """N of the bad-commit-N that names it; 0: no such tag does."""

    @property
    def counts(self) -> bool:
        return self.state in RANK and not self.commit.undone


class TagTargets:
    """The commits that the tags of bugs and the labels of requests name, by what the journal recorded: the
    SHAs of landings, and of commits that one brought in."""

    def __init__(self, landings: Mapping[int, Landing], recorded: RecordedEvidence) -> None:
        self._landings = landings
        self._recorded = recorded
        self.learned: dict[tuple[Item, int], tuple[str, ...]] = {}
        """What the journal should remember."""

    @cached_property
    def _landing_of(self) -> dict[str, Landing]:
        landings = self._landings.values()
        brought = {commit.id: landing for landing in landings for commit in landing.brought}
        return brought | {landing.id: landing for landing in landings}

    def landing_of(self, commit: str) -> Landing:
        """The landing that is, or brought in, a commit that a tag names."""
        return self._landing_of[commit]

    def of_tag(self, bug: Item, n: int, since: int) -> Sequence[str]:
        """The commits that bad-commit-N on a bug names on this mainline.

        Args:
            since: when the tag was first seen; one that came back speaks of the present landing N.
        """
        known = self._recorded.named.get((bug, n))
        if known is not None and known.seq >= since:
            commits = [sha for sha in known.ids if sha in self._landing_of]
        else:
            commits = [self._landings[n].id] if n in self._landings else []
        if self.is_elsewhere(bug, n) and not any(bug in self.landing_of(sha).bugs for sha in commits):
            return ()
        return commits

    def learn(self, bug: Item, n: int, since: int, commits: Sequence[str]) -> None:
        """Note what a tag names that is seen for the first time, for the journal to remember."""
        known = self._recorded.named.get((bug, n))
        if commits and (known is None or known.seq < since):
            self.learned[bug, n] = tuple(commits)

    def of_request(self, request: str, landings: Sequence[Landing]) -> Sequence[str]:
        """The commits that the qa-bad of a request names: its landings, and what was one of them before."""
        known = self._recorded.named.get((request, 0))
        before = known.ids if known is not None else ()
        now = [landing.id for landing in landings]
        ids = tuple(dict.fromkeys([*before, *now]))
        if ids != before:
            self.learned[request, 0] = ids
        return [*now, *(sha for sha in before if sha in self._landing_of and self.landing_of(sha).id != sha)]

    def of_newest(self, bug: Item, since: int, newest: Callable[[], Landing | None]) -> Sequence[str]:
        """The commits that a status or a field means which says that a bug is bad: its newest landing when
        that was first seen. If nothing is left of that one it is the newest now.

        Args:
            since: when that was first seen.
            newest: finds the newest landing; None: none names the bug.
        """
        known = self._recorded.named.get((bug, 0))
        if known is not None and known.seq >= since:
            there = [sha for sha in known.ids if sha in self._landing_of]
            if there:
                return there
        landing = newest()
        if landing is None:
            return ()
        self.learned[bug, 0] = (landing.id,)
        return self.learned[bug, 0]

    def is_elsewhere(self, bug: Item, n: int) -> bool:
        """Whether another mainline's landing N names the bug: unless ours does as well, bad-commit-N speaks
        of that mainline alone."""
        return (bug, n) in self._recorded.elsewhere


def rank(state: State) -> int:
    """How bad a state is, as far as evidence on brought-in commits can be worse."""
    return RANK.get(state, _NO_RANK)


def evidence_on(
    commit: Brought,
    verdict: Verdict | None,
    named_by: tuple[Item, ...],
    unread: tuple[Item, ...],
    appeared: Callable[[Item], bool],
    named_as: int,
) -> BroughtEvidence | None:
    """The evidence on one brought-in commit (docs/rules.md#state); None: there is none.

    Args:
        unread: items that named it bad when they could last be read.
        appeared: whether an item was seen to name it after its verdict.
    """
    if verdict is None and not named_by:
        return BroughtEvidence(commit, "unknown", None, unread, named_as) if unread else None
    if verdict is not None:
        named_by = tuple(item for item in (*named_by, *unread) if appeared(item))
    if named_by:
        return BroughtEvidence(commit, "bad", verdict, named_by, named_as)
    assert verdict is not None
    state: State = verdict.word  # type: ignore[assignment]  # withdraw never gets here
    return BroughtEvidence(commit, state, verdict)


def worst_of(brought: Iterable[BroughtEvidence]) -> BroughtEvidence | None:
    """The evidence that a landing takes over; None: none of it counts."""
    return min((each for each in brought if each.counts), key=lambda each: rank(each.state), default=None)
