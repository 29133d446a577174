"""`inv upgrade` that is stopped or killed half way: somebody says so, and it is finished or taken back
(docs/operator-every-day.md#when-an-upgrade-or-a-deploy-fails)."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

import pytest

from shepherd.running import gate, maintenance, releases, upgrade_record
from shepherd.running.doctor import examine
from shepherd.running.lock import lock_status
from shepherd.running.log import now
from shepherd.running.state_place import StatePlace
from tests.campaigns.killing import killed_at, points
from tests.running.host import SCALE
from tests.running.site import How, Place
from tests.waiting import until

pytestmark = pytest.mark.real


def stopped_when(reached: Callable[[], bool]) -> None:
    """SIGTERM to this process as soon as that is so; where it never is, nobody waits for it."""

    def stop() -> None:
        until(reached)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop, daemon=True).start()


def test_a_signal_before_the_switch_changes_nothing(place: Place) -> None:
    place.release(good=True, live=True)
    place.release()
    before = place.untouched()
    stopped_when(lambda: upgrade_record.read(place.state) is not None)
    with gate.gate(place.state):
        code, sentence = place.refused(deadline="20s")
    assert (code, place.untouched()) == (1, before)
    assert "SIGTERM" in sentence


def test_a_signal_during_the_check_takes_the_switch_back(place: Place) -> None:
    old, new = place.release(good=True, live=True), place.release()
    (new.path / "slow").write_text("2")
    stopped_when(lambda: place.live == new.id)
    assert place.refused()[0] == 1
    assert (place.live, place.switch()) == (old.id, None)
    assert not place.site.find(new.id).bad, "that says nothing of the release"


@pytest.mark.parametrize("each", [5, pytest.param(max(1, round(1 / SCALE)), marks=pytest.mark.long)])
@pytest.mark.timeout(1800)
def test_killed_at_any_write_somebody_says_so_and_it_is_repaired(place: Place, each: int) -> None:
    old, new = place.release(good=True, live=True), place.release()

    def again() -> None:
        place.point(old.id)
        (new.path / releases.GOOD).unlink(missing_ok=True)
        place.site.history.unlink(missing_ok=True)
        maintenance.switch_off(place.state)
        upgrade_record.forget(place.state)

    writes = points(lambda: place.upgrade())
    again()
    ways: list[How] = [{"resume": True}, {"undo": True}, {}]
    seen = set()
    for number in range(0, len(writes), each):
        for how in ways:
            again()
            assert killed_at(lambda: place.upgrade(), number), writes[number]
            switch, left = place.switch(), upgrade_record.read(place.state)
            assert place.live in (old.id, new.id), "at every moment one of them is live"
            if switch is not None:
                seen.add("loud")
                assert switch.left and switch.overdue, f"nobody says so after {writes[number]}"
                assert "inv upgrade --resume" in maintenance.words(switch, now())
            if left is not None:
                seen.add(left.phase)
                said = examine(lambda: place.settings, now(), offline=True)
                finding = next(each for each in said if each.name == "upgrade")
                assert (finding.level, "was killed" in finding.what) == ("fail", True)
            else:
                assert switch is None, "a switch is never left without what says whose it is"
            before = place.live
            assert place.upgrade(**how) == 0
            if "undo" in how and left is not None:
                assert place.live == old.id
            elif left is not None or not how:
                assert place.live == new.id
            else:
                assert place.live == before
            assert (place.switch(), upgrade_record.read(place.state)) == (None, None), writes[number]
    assert seen >= {"loud", "quiet", "switch"}


def test_a_killed_upgrade_is_told_by_lock_status_and_by_cron_at_once(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.release(good=True, live=True)
    place.release()
    quiet = points(lambda: place.upgrade()).index("link maintenance.txt") + 2
    place.point(place.site.all()[0].id)
    assert killed_at(lambda: place.upgrade(), quiet)
    lock_status(StatePlace(place.state), json=False)
    assert "an upgrade was killed" in capsys.readouterr().out
    switch = place.switch()
    assert switch is not None
    assert switch.overdue
    lines = (place.state / "log" / "upgrade.log").read_text()
    assert "quiet" in lines


@pytest.mark.parametrize("how", [{"resume": True}, {"undo": True}])
def test_without_anything_left_there_is_nothing_to_mend(place: Place, how: How) -> None:
    place.release(good=True, live=True)
    before = place.untouched()
    assert place.upgrade(**how) == 0
    assert place.untouched() == before


def test_an_undo_that_is_killed_is_undone_again(place: Place) -> None:
    old, new = place.release(good=True, live=True), place.release()
    moved = points(lambda: place.upgrade()).index("rename current") + 1
    (new.path / releases.GOOD).unlink()
    place.point(old.id)
    kills = 0
    while True:
        assert killed_at(lambda: place.upgrade(), moved)
        assert place.live == new.id
        if not killed_at(lambda: place.upgrade(undo=True), 7 * kills):
            break
        kills += 1
        assert place.upgrade(undo=True) == 0
        assert (place.live, place.switch(), upgrade_record.read(place.state)) == (old.id, None, None)
    assert kills > 3


def test_a_switch_whose_upgrade_and_memory_are_gone_is_repaired_too(place: Place) -> None:
    place.release(good=True, live=True)
    maintenance.switch_on(place.state, "olga", "upgrade", None, now(), upgrade="lost")
    switch = place.switch()
    assert switch is not None
    assert switch.left
    assert place.upgrade(resume=True) == 0
    assert place.switch() is None
