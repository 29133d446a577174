"""The list of landings: cut into tables, each about as high as the page says."""

from __future__ import annotations

import re

import pytest

from shepherd.views.listing import DRAWN, IN_FULL, PART, WITH_BRANCH, ListPart, sections
from shepherd.views.page import branch_page
from tests.views.factory import entry, snapshot
from tests.views.test_page import CALM


def parts(count: int, **changes: object) -> list[ListPart]:
    """The tables of so many landings of the window."""
    landings = tuple(entry(r, progress="waiting", **changes) for r in range(100 + count, 100, -1))
    return list(sections(snapshot(landings=landings))[0].parts)


@pytest.mark.parametrize("count", [0, 1, IN_FULL, IN_FULL + 1, IN_FULL + PART, IN_FULL + PART + 1, 1300])
def test_every_landing_stands_in_one_table(count: int) -> None:
    shown = [entry.revno for part in parts(count) for entry in part.landings]
    assert shown == list(range(100 + count, 100, -1))
    assert all(len(part.landings) <= PART for part in parts(count))


def test_the_newest_are_told_in_full_and_those_of_long_ago_the_least() -> None:
    told = {"full": 0, "brief": 0, "least": 0}
    for part in parts(1500):
        told[part.detail] += len(part.landings)
    assert told == {"full": IN_FULL, "brief": WITH_BRANCH - IN_FULL, "least": 400}


def test_a_list_that_is_not_long_is_always_drawn() -> None:
    assert {part.classes for part in parts(DRAWN)} == {""}
    assert "" not in {part.classes for part in parts(DRAWN + 1)}
    assert '<div><table class="l">' in branch_page(snapshot(), CALM)


def heights(part: ListPart) -> tuple[int, int]:
    """In steps of 40rem, on a wide screen and on a narrow one."""
    match = re.fullmatch(r"part t(\d) u(\d) n(\d) m(\d)", part.classes)
    assert match is not None
    tens, units, narrow_tens, narrow_units = map(int, match.groups())
    return 10 * tens + units, 10 * narrow_tens + narrow_units


def test_longer_texts_make_a_table_higher_most_of_all_on_a_phone() -> None:
    short, long = (heights(parts(DRAWN + 1, title="word " * words)[1]) for words in (2, 60))
    assert 1.5 * short[0] < long[0]
    assert 1.5 * short[1] < long[1]
    assert long[1] - short[1] > long[0] - short[0]


def test_no_height_is_beyond_what_two_digits_say() -> None:
    assert heights(parts(DRAWN + 1, title="word " * 60, warnings=("word " * 200,) * 20)[1]) == (99, 99)


def test_every_digit_has_its_rule() -> None:
    page = branch_page(snapshot(), CALM)
    for letter in "tunm":
        assert re.findall(rf"\.{letter}(\d){{--{letter}:(\d)}}", page) == [(d, d) for d in "123456789"]
        assert f"var(--{letter},0)" in page
