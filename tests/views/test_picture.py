"""The picture of the window: every landing has its mark, and everything else stands where it belongs."""

from __future__ import annotations

import re

import pytest

from shepherd.snapshot import Snapshot
from shepherd.views.picture import MANY, Picture, picture
from tests.views.factory import entry, every_progress, no_data, rev, snapshot

STEP, TILE = 18, 20


def window(count: int, **changes: object) -> Snapshot:
    """r101 and on, all waiting."""
    newest = 100 + count
    landings = tuple(entry(r, progress="waiting") for r in range(newest, 100, -1))
    fields = {"tip": rev(newest), "on_qa": rev(newest), "deployable": None, "landings": landings}
    return snapshot(**(fields | changes))


def drawn(given: Snapshot) -> Picture:
    made = picture(given)
    assert made is not None
    return made


def tiles(made: Picture) -> list[str]:
    return re.findall("<svg.*?</svg>", made.tiles)


def test_every_landing_after_production_has_one_mark_in_order() -> None:
    marks = re.findall(r"<a href=#r(\d+) tabindex=-1><use href=#m-([a-z-]+) ", drawn(every_progress()).tiles)
    shown = [(str(e.revno), e.progress) for e in every_progress().landings if e.revno > 100]
    assert marks == shown[::-1]


@pytest.mark.parametrize(("count", "wanted"), [(1, 1), (TILE, 1), (TILE + 1, 2), (MANY, 13)])
def test_marks_wrap_in_tiles_of_one_width(count: int, wanted: int) -> None:
    made = tiles(drawn(window(count)))
    assert len(made) == wanted
    assert sum(tile.count("<use ") for tile in made) == count
    assert all("<svg width=360 " in tile for tile in made[:-1])
    assert len({re.findall(r"height=(\d+)", tile)[0] for tile in made}) == 1


def test_nothing_is_drawn_of_nothing() -> None:
    assert picture(no_data()) is None
    assert picture(snapshot(landings=(entry(100, progress="live"),))) is None


def lines(made: Picture) -> dict[str, tuple[int, int]]:
    """Label -> its tile, and after how many marks there."""
    found: dict[str, tuple[int, int]] = {}
    for number, tile in enumerate(tiles(made)):
        paths = re.findall(r'<path class="line [a-z]+" d="M(\d+) ', tile)
        labels = re.findall(r"<text class=[^>]*>([^<]*)</text>", tile)
        found |= {label: (number, int(x) // STEP) for x, label in zip(paths, labels, strict=True)}
    return found


def test_lines_stand_behind_the_landing_that_they_name() -> None:
    assert lines(drawn(snapshot())) == {
        "production, promoted r100": (0, 0),
        "deployable r103": (0, 3),
        "on QA r105": (0, 5),
        "newest r106": (0, 6),
    }


def test_a_line_between_two_tiles_stands_at_the_end_of_the_first() -> None:
    found = lines(drawn(window(2 * TILE, deployable=rev(100 + TILE), on_qa=rev(101 + TILE))))
    assert found["deployable r120"] == (0, TILE)
    assert found["on QA r121"] == (1, 1)
    assert found["newest r140"] == (1, TILE)


def test_what_is_promoted_before_production_has_no_line() -> None:
    assert "promoted" not in drawn(window(3, promoted=None)).tiles


def test_what_goes_live_lies_on_a_ground_of_its_own() -> None:
    assert "<rect class=go width=54 " in drawn(snapshot()).tiles
    assert "class=go" not in drawn(window(3)).tiles


def undone(*ranges: tuple[int, int, int]) -> list[tuple[int, int, int]]:
    """(first, last, rollback) of each -> x, width and y of the bars."""
    by = {revno: rollback for first, last, rollback in ranges for revno in range(first, last + 1)}
    landings = tuple(
        entry(r, progress="rolled-back" if r in by else "waiting", undone_by=by.get(r))
        for r in range(130, 100, -1)
    )
    made = drawn(window(30, landings=landings))
    found = []
    for number, tile in enumerate(tiles(made)):
        for x, y, width in re.findall(r"<rect class=undone x=(\d+) y=(\d+) width=(\d+)", tile):
            found.append((number * 360 + int(x) - 1, int(width) + 2, int(y)))
    return found


def test_a_range_that_was_undone_is_one_bar() -> None:
    assert [bar[:2] for bar in undone((103, 106, 110))] == [(2 * STEP, 4 * STEP)]


def test_a_bar_goes_on_in_the_next_tile() -> None:
    assert [bar[:2] for bar in undone((119, 122, 125))] == [(18 * STEP, 2 * STEP), (20 * STEP, 2 * STEP)]


def test_what_two_rollbacks_undid_side_by_side_is_two_bars() -> None:
    assert [bar[:2] for bar in undone((103, 104, 110), (105, 106, 111))] == [
        (2 * STEP, 2 * STEP),
        (4 * STEP, 2 * STEP),
    ]


def test_the_words_tell_the_same() -> None:
    made = drawn(snapshot())
    assert made.words == [
        "r101: rolled back by r102",
        "r102 to r103: deployable",
        "r104: bad",
        "r105: waiting",
        "r106: not on QA yet",
    ]
    assert [(each.name, each.count) for each in made.legend] == [
        ("rolled back", 1),
        ("deployable", 2),
        ("not on QA yet", 1),
        ("waiting", 1),
        ("bad", 1),
    ]


def test_a_long_window_is_drawn_with_dashes_and_told_in_counts() -> None:
    landings = tuple(entry(r, progress="bad" if r % 2 else "waiting") for r in range(101 + MANY, 100, -1))
    made = drawn(window(MANY + 1, landings=landings))
    assert made.dense
    assert made.words == []
    assert "<use " not in made.tiles
    lengths = re.findall(r"h(\d+)", "".join(re.findall(r'<path class="dash .*?/>', made.tiles)))
    assert sum(map(int, lengths)) == 4 * (MANY + 1)
    tall = dict(re.findall(r'<path class="dash ([a-z-]+)" stroke-width=(\d+)', made.tiles))
    assert int(tall["bad"]) > int(tall["waiting"])
