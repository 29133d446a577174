"""Which landings' items are read, and that nothing is said of the others (docs/rules.md#answer)."""

from __future__ import annotations

from shepherd.landing import Deployed, Landing, Reading, Revision
from shepherd.rules import judge, scope_of
from shepherd.words import Cover, ItemTags, Options, RecordedEvidence, TrackerData


def reading(*landings: Landing, deployed: int) -> Reading:
    last = landings[-1]
    return Reading(landings, Revision(last.revno, last.id), Deployed(deployed, f"{deployed:040x}"))


def landing(revno: int, *targets: int, bugs: tuple[str, ...] = ()) -> Landing:
    return Landing(revno, f"{revno:040x}", revno, mark_targets=targets, bugs=bugs, own_bugs=bugs)


def test_the_window_and_what_went_live_lately() -> None:
    five = reading(*map(landing, range(1, 6)), deployed=3)
    assert scope_of(five, (), ()) == {4, 5}
    assert scope_of(five, (), {2, 99}) == {2, 4, 5}


def test_what_is_undone_in_production_and_comes_back_after_it() -> None:
    history = [landing(1), landing(2), landing(3, 1), landing(4, 2), landing(5, 3)]
    # r1 is undone at r4 and back at r5, r2 stays undone
    assert scope_of(reading(*history, deployed=4), (), ()) == {1, 5}


def test_whatever_undoes_one_of_these() -> None:
    history = [landing(1), landing(2), landing(3, 1)]
    assert scope_of(reading(*history, deployed=3), (), {1}) == {1, 3}
    cover = Cover(target=f"{2:040x}", by=f"{3:040x}", undone=True, tip=3, seq=1)
    assert scope_of(reading(landing(1), landing(2), landing(3), deployed=3), (cover,), {2}) == {2, 3}


def test_nothing_is_said_or_remembered_of_what_is_out_of_scope() -> None:
    two = reading(landing(1, bugs=("1",)), landing(2, bugs=("1",)), deployed=1)
    tracker = TrackerData({"1": ItemTags(("ok",), (99,))})
    said = judge(two, tracker, RecordedEvidence(9), Options(), {2})
    assert said.states == {2: "ok"}
    assert not said.evidence(1)
    assert [sha for (sha, _), _ in said.kept] == [f"{2:040x}"]
    assert set(said.warnings) == {2}
