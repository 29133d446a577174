"""The last known good revision, as the field finds it: the walk of Chromium's `lkgr_finder`, stated once more
in plain Python, to be timed beside the rules in the same process.

A revision is good for a builder that is green on it, and for one that did not build it where the builds next
to it, before and after, are both green. The newest revision that is good for all builders is the answer.
Like theirs, the walk goes from the newest revision to the oldest with one place per builder, and has a word
on every revision and builder, because their status page shows them all. What theirs spends on comparing by a
function, on reading the builds and on the page itself is left out here.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

BUILDERS = 30
_RED = 0.02
"""Of the builds of each builder."""
_MOST_AT_ONCE = 4
"""Revisions that one build takes together."""


class Build(NamedTuple):
    """The result of one build of one builder."""

    revision: int
    green: bool


BuildHistory = Sequence[Build]
"""The builds of one builder, oldest first."""
_NONE = Build(-1, False)


def histories(size: int, seed: int = 7) -> list[BuildHistory]:
    """Builds of `size` revisions by each builder; the same for the same seed. The answer is near
    the newest revision, as on a mainline that is looked after."""
    chance = random.Random(seed)
    return [list(_builds(size, chance)) for _ in range(BUILDERS)]


def _builds(size: int, chance: random.Random) -> Iterator[Build]:
    revision = chance.randrange(1, _MOST_AT_ONCE + 1)
    while revision <= size:
        yield Build(revision, chance.random() >= _RED)
        revision += chance.randrange(1, _MOST_AT_ONCE + 1)


def last_known_good(size: int, builders: Sequence[BuildHistory]) -> int:
    """The newest of the revisions 1 to `size` that is good for all builders; 0 if none is."""
    found = 0
    walks = [reversed(history) for history in builders]
    at = [next(walk, _NONE) for walk in walks]
    """Of each builder the newest build that is not newer than the revision."""
    after = [_NONE] * len(builders)
    """The build that followed it."""
    for revision in range(size, 0, -1):
        good = True
        for place, walk in enumerate(walks):
            build = at[place]
            while build.revision > revision:
                after[place] = build
                at[place] = build = next(walk, _NONE)
            if not build.green or (build.revision != revision and not after[place].green):
                good = False
        if good and not found:
            found = revision
    return found
