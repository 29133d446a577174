"""The evidence that tags and labels give for each landing (docs/rules.md#whom-a-tag-speaks-for)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from shepherd.landing import Landing
from shepherd.words import Item, KeptEvidence, SeenTags, TrackerData, Word

How = Literal[
    "tag",
    "none",
    "unseen",
    "late",
    "ended",
    "failed",
    "own",
    "sealed",
    "plain-bad",
    "kept",
    "unreadable",
    "was-bad",
    "no-tracker",
]
"""Why a word counts: the tag itself · there is no QA tag · none that we can see · the tag was there before
the landing · it was there before a status said bad · a status said bad, and nobody has said since that it
works, while production runs it · the tagger wrote it itself · an earlier word is sealed · qa-bad names no
landing · production runs it, so its last word stays · the item could not be read · it could not, and it was
qa-bad before · nothing can have tags here."""


class ItemEvidence(Struct, frozen=True, gc=False):
    """What one item says of one landing."""

    item: Item
    word: Word | Literal["unknown"]
    how: How
    detail: str = ""
    """late, ended, own: the word that is there · unreadable, was-bad: why."""
    repair: int = 0
    """The revno of the later landing together with which the good word counts; 0: it needs none."""


class TagEvidence(Struct):
    """Everything the tracker says of the landings, and what the journal should remember of it.

    Where a commit stands for whom a tag names, it is the SHA of a landing or of a commit that one brought in.
    """

    of_landing: dict[int, list[ItemEvidence]] = {}
    """Revno -> what each of its QA items says, in the order of its items."""
    warnings: dict[int, list[str]] = {}
    """Revno -> warnings about the tags on its items."""
    named_bad: dict[str, list[Item]] = {}
    """Commit -> items that name it by bad-commit-N or by a status, or requests of it with qa-bad."""
    unread_bad: dict[str, list[Item]] = {}
    """Commit -> items that named it bad when they could last be read, and cannot be read now."""
    named_since: dict[tuple[str, Item], int] = {}
    """(commit, item) -> since when the item has had bad-commit-N (or the request, or status, said bad)."""
    named_as: dict[tuple[str, Item], int] = {}
    """(commit, item) -> the N by which it is named; 0: by a request, or a status."""
    failed: set[int] = set()
    """Revnos that a status called bad, and of which nobody has said since that they work as they are
    (docs/rules.md#repairs)."""
    bad_since: dict[Item, int] = {}
    """Item -> since when it is qa-bad without a bad-commit that counts."""
    seen: dict[Item, SeenTags] = {}
    """What the journal should remember of this reading; so with the following two."""
    kept: dict[tuple[str, Item], KeptEvidence] = {}
    named: dict[tuple[Item, int], tuple[str, ...]] = {}
    """(bug, N), (request, 0), or (bug, 0) where a status says bad -> the commits that it names."""

    def add(self, landing: Landing, evidence: ItemEvidence) -> None:
        """Note what one more item says of a landing."""
        # no setdefault: it would make a list for each of 100,000 landings twice
        if landing.revno in self.of_landing:
            self.of_landing[landing.revno].append(evidence)
        else:
            self.of_landing[landing.revno] = [evidence]

    def warn(self, landings: Iterable[Landing], warning: str) -> None:
        """Note a warning about each of these landings, once."""
        for landing in landings:
            warnings = self.warnings.setdefault(landing.revno, [])
            if warning not in warnings:
                warnings.append(warning)

    def name_bad(
        self, commits: Iterable[str], item: Item, since: int, n: int = 0, *, unread: bool = False
    ) -> None:
        """Note that the item names these commits bad, or (unread) did so when it could last be read."""
        items_of = self.unread_bad if unread else self.named_bad
        for commit in commits:
            items = items_of.setdefault(commit, [])
            if item not in items:
                items.append(item)
            if since >= self.named_since.get((commit, item), 0):
                self.named_since[commit, item] = since
                self.named_as[commit, item] = n


def qa_items(landing: Landing, tracker: TrackerData) -> Sequence[Item]:
    """The bugs and requests that a landing is judged by: a request counts where the tracker can say something
    of it, or where there is nothing else."""
    if not landing.requests or (landing.bugs and not tracker.speaks_of_requests):
        return landing.bugs
    return (*landing.bugs, *landing.requests)
