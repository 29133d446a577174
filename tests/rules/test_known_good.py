"""The walk that the bench of the rules compares with finds what the definition says."""

from __future__ import annotations

import pytest

from bench.known_good import BuildHistory, histories, last_known_good

SIZE = 200
BUILDERS = 12


@pytest.mark.parametrize("seed", range(10))
def test_walk_finds_the_newest_revision_that_is_good_for_all_builders(seed: int) -> None:
    builders = histories(SIZE, seed)[:BUILDERS]
    good = [revision for revision in range(1, SIZE + 1) if all(_is_good(revision, each) for each in builders)]
    assert last_known_good(SIZE, builders) == max(good)


def test_walk_finds_nothing_where_a_builder_has_no_build() -> None:
    assert last_known_good(SIZE, [*histories(SIZE), []]) == 0


def _is_good(revision: int, history: BuildHistory) -> bool:
    before = [build for build in history if build.revision <= revision]
    after = [build for build in history if build.revision >= revision]
    return bool(before and after) and before[-1].green and after[0].green
