"""Histories like Launchpad's, made up from a seed: what lands, what it says, and what the tracker says of it.

Seven in ten landings name a bug, mostly one that was reported lately, and often one that serves several
landings near each other; one in six needs no QA, one in a hundred rolls an earlier one back, the rest are
marked [testfix] or not at all.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from msgspec import Struct

from shepherd.words import Item, ItemTags, Word, item_order

START = 1_300_000_000
BETWEEN = 3_600
"""Seconds from one landing to the next."""

_PEOPLE = ("Ann Lee", "Bo Ek", "Chi Wu", "Dee Roe", "Eva Ng", "Fay Day", "Gus Orr", "Hal Fox", "Ida Ost")
_WORDS = (
    "person",
    "picker",
    "branch",
    "listing",
    "page",
    "archive",
    "build",
    "queue",
    "translation",
    "cache",
)
_SAID: dict[tuple[Word, ...], int] = {
    ("ok",): 70,
    ("untestable",): 4,
    ("needstesting",): 15,
    (): 10,
    ("bad",): 1,
}
"""The QA tags of a bug, and of how many in a hundred."""
_HOW_MANY = (1,) * 9 + (2,)
"""Bugs that a landing names."""


class Change(Struct, frozen=True, gc=False):
    """What one landing does."""

    revno: int
    person: str
    subject: str
    bugs: tuple[Item, ...] = ()
    labels: tuple[str, ...] = ()
    target: int = 0
    """The landing that it rolls back; 0 for none."""

    @property
    def at(self) -> int:
        return START + self.revno * BETWEEN

    @property
    def message(self) -> str:
        """As Launchpad's queue manager wrote it."""
        marks = "".join(f"[{label}]" for label in self.labels)
        if self.bugs:
            marks += f"[bug={','.join(self.bugs)}]"
        if self.target:
            marks += f"[rollback={self.target}]"
        return f"[r=reviewer][ui=none]{marks} {self.subject}"


def changes(size: int, seed: int = 7) -> Iterator[Change]:
    """`size` landings, oldest first; the same for the same seed."""
    chance = random.Random(seed)
    lately: list[Item] = []
    for revno in range(1, size + 1):
        draw = chance.random()
        bugs: tuple[Item, ...] = ()
        labels: tuple[str, ...] = ()
        target = 0
        if draw < 0.70:
            bugs = tuple(dict.fromkeys(_bug(chance, revno, lately) for _ in range(chance.choice(_HOW_MANY))))
            lately = [*lately, *bugs][-100:]
        elif draw < 0.87:
            labels = ("no-qa",)
        elif draw < 0.88 and revno > 20:
            target = revno - chance.randrange(1, 20)
        elif draw < 0.98:
            labels = ("testfix",)
        person, subject = chance.choice(_PEOPLE), " ".join(chance.choices(_WORDS, k=9))
        yield Change(revno, person, subject, bugs, labels, target)


def words(bugs: set[Item], seed: int = 7) -> dict[Item, ItemTags]:
    """What the tracker says of each bug."""
    chance = random.Random(seed)
    found = chance.choices(list(_SAID), list(_SAID.values()), k=len(bugs))
    return {bug: ItemTags(words) for bug, words in zip(sorted(bugs, key=item_order), found, strict=True)}


def _bug(chance: random.Random, revno: int, lately: list[Item]) -> Item:
    draw = chance.random()
    if draw < 0.15 and lately:
        return chance.choice(lately)
    newest = 1_000 + 30 * revno
    return str(chance.randrange(newest - 900, newest) if draw < 0.8 else chance.randrange(1, newest))
