"""The releases on a host: what counts as one, which comes next, which may go
(docs/operator-every-day.md#what-a-deploy-does)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.errors import SettingsError
from shepherd.running import releases
from shepherd.running.releases import Site
from tests.running.site import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def ids(found: list[releases.Release]) -> list[int]:
    return [each.number for each in found]


def foreign(site: Site) -> list[Path]:
    """Whatever people may put beside releases."""
    folder = site.releases
    (folder / "0001-abc").mkdir()
    (folder / "0009-00000000000a.old").mkdir()
    (folder / "copy of 0001").mkdir()
    (folder / ".hidden").mkdir()
    (folder / "0008-00000000000b").write_text("a file")
    (folder / "0007-00000000000c").symlink_to("0001-000000000001")
    (folder / ".gone-my-notes").mkdir()
    return list(folder.iterdir())


def test_a_foreign_name_is_no_release_and_is_never_removed(place: Place) -> None:
    kept = foreign(place.site)
    for number in range(8):
        place.release(good=True, live=number == 7)
    assert ids(place.site.all()) == list(range(1, 9))
    releases.remove(releases.superfluous(place.site))
    assert len(place.site.all()) == releases.KEPT
    assert all(os.path.lexists(each) for each in kept)


def test_kept_are_the_live_one_the_last_good_one_and_the_newest(place: Place) -> None:
    made = [place.release(good=number in (0, 1)) for number in range(9)]
    place.point(made[0].id)
    assert place.site.last_good() == made[1]
    assert ids(releases.superfluous(place.site)) == [3, 4, 5, 6], "1 is live, 2 the last good one"


def test_bad_ones_go_first(place: Place) -> None:
    made = [place.release(good=True, live=number == 1) for number in range(7)]
    for bad in made[3:]:
        releases.mark_bad(bad, "broken", "olga")
    assert ids(releases.superfluous(place.site)) == [4, 5]


@pytest.mark.parametrize("kind", ["dangling", "odd", "none", "foreign"])
def test_nothing_is_removed_where_it_is_not_known_what_is_live(place: Place, kind: str) -> None:
    for _ in range(8):
        place.release(good=True)
    if kind == "dangling":
        place.point("0099-000000000000")
    elif kind == "odd":
        place.site.current.mkdir()
    elif kind == "foreign":
        (place.site.releases / "mine").mkdir()
        place.point("mine")
    assert place.site.live().kind == kind
    assert releases.superfluous(place.site) == []


def test_the_newest_is_prepared_and_neither_live_nor_bad(place: Place) -> None:
    one, two, three, four = (place.release() for _ in range(4))
    (four.path / releases.MADE).unlink()
    releases.mark_bad(three, "broken", "olga")
    place.point(one.id)
    assert place.site.newest() == two


def test_who_goes_back_twice_goes_back_two_releases(place: Place) -> None:
    one, two, three = (place.release(good=True) for _ in range(3))
    place.point(three.id)
    assert place.site.last_good() == two
    releases.mark_bad(three, "rolled back", "olga")
    place.point(two.id)
    releases.mark_good(place.site, two)
    assert place.site.last_good() == one


def test_an_unreadable_mark_still_marks(place: Place) -> None:
    one, two = place.release(), place.release()
    (one.path / releases.BAD).write_text("{")
    (two.path / releases.GOOD).write_text("")
    assert releases.read(one.path).bad
    assert releases.read(two.path).turn


def test_a_number_is_never_used_again(place: Place) -> None:
    for _ in range(3):
        made = place.release()
    place.site.note({"to": made.id})
    releases.remove([made])
    assert place.site.reserve("c" * 40).name == "0004-cccccccccccc"


def test_a_release_is_named_by_number_or_name(place: Place) -> None:
    made = place.release()
    assert place.site.find("1") == place.site.find("0001") == place.site.find(made.id) == made
    (place.release().path / releases.MADE).unlink()
    for name in ("2", "3", "", "../1", "x" * 5000, "１"):
        with pytest.raises(SettingsError):
            place.site.find(name)


def test_half_built_ones_go_and_the_live_one_never(place: Place) -> None:
    half, live = place.release(), place.release(live=True)
    for each in (half, live):
        (each.path / releases.MADE).unlink()
    assert ids(releases.unfinished(place.site)) == [1]


def test_a_removal_that_was_killed_is_finished_by_the_next(place: Place) -> None:
    one, two = place.release(), place.release(live=True)
    one.path.rename(one.path.with_name(f".gone-{one.id}"))
    assert ids(place.site.all()) == [2]
    three = place.release()
    releases.remove([three])
    assert [each.name for each in place.site.releases.iterdir()] == [two.id]


def test_the_record_survives_a_line_that_was_torn(place: Place) -> None:
    place.site.note({"to": "one"})
    with place.site.history.open("a") as file:
        file.write('{"to": "tw')
    place.site.note({"to": "three"})
    assert [each["to"] for each in place.site.past()] == ["one", "three"]


@given(st.binary(max_size=60))
def test_whatever_stands_in_the_record_it_is_read(content: bytes) -> None:
    entry = releases._object(content)
    assert isinstance(entry, dict)
    assert not entry or json.loads(content) == entry
