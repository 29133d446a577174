"""The picture of the window: every landing has its mark, and everything else stands where it belongs."""

from __future__ import annotations

import re

import pytest

from shepherd.snapshot import Snapshot
from shepherd.views.columns import MANY, MOST_TILES
from shepherd.views.picture import Picture, picture
from tests.views.factory import entry, every_progress, no_data, rev, snapshot

STEP, TILE = 24, 14


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
    marks = re.findall(
        r"<a href=#r(\d+) tabindex=-1><title>[^<]*</title><use href=#m-([a-z-]+) ",
        drawn(every_progress()).tiles,
    )
    shown = [(str(e.revno), e.progress) for e in every_progress().landings if e.revno > 100]
    assert marks == shown[::-1]


@pytest.mark.parametrize(("count", "wanted"), [(1, 1), (TILE, 1), (TILE + 1, 2), (MANY, 18)])
def test_marks_wrap_in_tiles_of_one_width(count: int, wanted: int) -> None:
    made = tiles(drawn(window(count)))
    assert len(made) == wanted
    assert sum(tile.count("<use ") for tile in made) == count
    assert all("<svg width=336 " in tile for tile in made[:-1])
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


def test_a_label_stands_to_the_right_of_its_line_where_its_tile_has_room() -> None:
    made = drawn(window(TILE, on_qa=rev(108))).tiles
    assert re.search(r"<text class=\"qa\" x=195 y=\d+>on QA r108<", made)
    assert re.search(r"<text class=\"tip\" x=333 y=\d+ text-anchor=end>newest r114<", made)


def test_a_line_between_two_tiles_stands_at_the_end_of_the_first() -> None:
    found = lines(drawn(window(2 * TILE, deployable=rev(100 + TILE), on_qa=rev(101 + TILE))))
    assert found["deployable r114"] == (0, TILE)
    assert found["on QA r115"] == (1, 1)
    assert found["newest r128"] == (1, TILE)


def test_what_is_promoted_before_production_has_no_line() -> None:
    assert "promoted" not in drawn(window(3, promoted=None)).tiles


def test_what_goes_live_lies_on_a_ground_of_its_own() -> None:
    assert "<rect class=go width=72 " in drawn(snapshot()).tiles
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
            found.append((number * 336 + int(x) - 1, int(width) + 2, int(y)))
    return found


def test_a_range_that_was_undone_is_one_bar() -> None:
    assert [bar[:2] for bar in undone((103, 106, 110))] == [(2 * STEP, 4 * STEP)]


def test_a_bar_goes_on_in_the_next_tile() -> None:
    assert [bar[:2] for bar in undone((113, 116, 125))] == [(12 * STEP, 2 * STEP), (14 * STEP, 2 * STEP)]


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


def long_window(*runs: tuple[str, int]) -> Picture:
    """Of (progress, number of landings), oldest first, over production."""
    said = [progress for progress, number in runs for _ in range(number)]
    landings = tuple(entry(101 + n, progress=each) for n, each in enumerate(said))
    return drawn(window(len(said), landings=landings[::-1]))


def test_a_long_window_is_drawn_with_dashes_and_told_in_counts() -> None:
    made = long_window(*[("bad", 1), ("waiting", 1)] * (MANY // 2), ("bad", 1))
    assert made.dense and made.each == 1 and not made.folds
    assert made.words == []
    assert "<use " not in made.tiles
    lengths = re.findall(r"h(\d+)", "".join(re.findall(r'<path class="dash .*?/>', made.tiles)))
    assert sum(map(int, lengths)) == 4 * (MANY + 1)
    tall = dict(re.findall(r'<path class="dash ([a-z-]+)" stroke-width=(\d+)', made.tiles))
    assert int(tall["bad"]) > int(tall["waiting"])


def test_a_mark_tells_its_landing_when_it_is_pointed_at() -> None:
    landings = (
        entry(
            102,
            title="Fix <b> & " + "so on" * 40,
            person="Ann <a>",
            progress="needs-qa",
            state="needstesting",
        ),
        entry(101, title="One", person="", progress="waiting"),
    )
    titles = re.findall("<title>(.*?)</title>", drawn(window(2, landings=landings)).tiles)
    assert titles[0] == "r101 One: waiting, QA ok"
    assert titles[1].startswith("r102 Fix &lt;b&gt; &amp; so on") and titles[1].endswith(
        "… (Ann &lt;a&gt;): needs QA"
    )
    assert len(titles[1]) < 120


def test_a_long_run_is_one_bar_with_its_number() -> None:
    made = long_window(("bad", 1), ("waiting", 1240), ("bad", 2))
    assert made.folds and made.each == 1
    assert "<title>r102 to r1341: 1,240 waiting</title>" in made.tiles
    assert re.search(r"<a href=#r1341 [^>]*><title>[^<]*</title><rect class=\"fold waiting\"", made.tiles)
    assert len(tiles(made)) == 1


def test_no_line_stands_inside_a_bar() -> None:
    landings = tuple(entry(r, progress="waiting") for r in range(700, 100, -1))
    made = drawn(window(600, landings=landings, on_qa=rev(300)))
    assert re.findall("<title>(.*?)</title>", made.tiles) == [
        "r101 to r300: 200 waiting",
        "r301 to r700: 400 waiting",
    ]
    place, wide = re.findall(r'<rect class="fold waiting" x=(\d+) y=\d+ width=(\d+)', made.tiles)[0]
    at = re.findall(r'<path class="line qa" d="M(\d+) ', made.tiles)
    assert at == [str(int(place) + int(wide) + 1)]


@pytest.mark.parametrize(
    "runs",
    [
        [("waiting", 4), ("needs-qa", 1)] * 4000,
        [("waiting", 60), ("bad", 60)] * 170,
        [("waiting", 20_000)],
    ],
    ids=["no run", "many runs", "one run"],
)
def test_20_000_landings_have_no_more_tiles_than_a_phone_shows(runs: list[tuple[str, int]]) -> None:
    made = long_window(*runs)
    assert len(tiles(made)) <= MOST_TILES + 1
    assert len(made.tiles) < 30_000


def test_a_column_has_parts_as_large_as_their_share() -> None:
    made = long_window(*[("bad", 1), ("waiting", 3)] * 1000)
    assert made.each == 9
    feet = re.findall(r"M4 (\d+)V(\d+)", "".join(re.findall('<path class="pile [^>]*>', tiles(made)[0])))
    # r101 to r109: bad are r101, r105 and r109
    assert [int(foot) - int(top) for foot, top in feet] == [8, 16]


@pytest.mark.parametrize(
    ("runs", "drawn_as"),
    [
        ([("bad", 1)], "<use "),
        ([("bad", 1), ("waiting", 1)] * MANY, '<path class="dash bad" stroke-width=22'),
        ([("bad", 1), ("waiting", 1)] * 4000, '<path class="pile bad"'),
    ],
    ids=["marks", "dashes", "columns"],
)
def test_the_legend_shows_what_is_drawn(runs: list[tuple[str, int]], drawn_as: str) -> None:
    made = long_window(*runs)
    bad = next(each for each in made.legend if each.mark == "bad")
    assert drawn_as in bad.sample and drawn_as in made.tiles
