"""`inv upgrade`: nothing is ever half upgraded
(docs/operator-every-day.md#when-an-upgrade-or-a-deploy-fails)."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest

from shepherd.errors import StoreError
from shepherd.locks import locked
from shepherd.running import gate, maintenance, releases, switch_file, upgrade, upgrade_record
from shepherd.running.doctor import examine
from shepherd.running.lock import lock_status
from shepherd.running.log import now, parse
from shepherd.running.state_place import StatePlace
from tests.campaigns.killing import killed_at, points, undisturbed
from tests.inv import ROOT
from tests.running.crontab import Crontab
from tests.running.host import SCALE
from tests.running.site import How, Place
from tests.waiting import until

pytestmark = pytest.mark.real


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    table = Crontab(tmp_path)
    monkeypatch.setenv("PATH", f"{table.bin}:{os.environ['PATH']}")
    return Place(tmp_path)


def test_the_newest_prepared_release_becomes_live(place: Place) -> None:
    old, new = place.release(good=True, live=True), place.release()
    assert place.upgrade() == 0
    assert place.live == new.id
    assert place.site.find(new.id).turn > place.site.find(old.id).turn
    assert place.switch() is None
    assert upgrade_record.read(place.state) is None
    assert sorted(each.name for each in place.site.root.iterdir()) == ["current", "releases", "shared"]
    assert place.upgrade() == 0, "a second time there is nothing to do"
    (entry,) = place.site.past()
    assert (entry["who"], entry["from"], entry["to"], entry["result"]) == ("olga", old.id, new.id, "live")
    assert entry["commit"] == f"{2:040x}"
    assert 0 < entry["under"] < 60
    assert entry["drained"] < entry["under"]


def test_the_first_release_brings_the_crontab_block_and_a_later_one_none(place: Place) -> None:
    one = place.release()
    assert place.upgrade() == 0
    assert (one.path / "calls").read_text() == "crontab\n"
    two = place.release()
    assert place.upgrade() == 0
    assert not (two.path / "calls").exists(), "somebody took the block out"


def test_the_plan_is_printed_and_nothing_else_happens(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = place.release(good=True, live=True), place.release()
    before = place.untouched()
    assert place.upgrade(dry=True) == 0
    printed = capsys.readouterr().out
    assert f"from {old.id} to {new.id}" in printed
    assert place.untouched() == before
    assert place.upgrade() == 0
    assert printed in capsys.readouterr().out, "the very plan that is applied"


@pytest.mark.parametrize("code", [0, 1], ids=["good", "failed check"])
def test_a_switch_that_cannot_be_cleared_hides_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = place.release(good=True, live=True), place.release()
    (new.path / "status.code").write_text(str(code))
    monkeypatch.setattr(switch_file, "LOCK_LIMIT", 0.1)
    with locked(place.state / "run" / "switch.lock"):
        sentence = place.refused()[1]
    live, result = (new.id, "live") if not code else (old.id, f"failed, {old.id} is live: {sentence}")
    assert (place.live, place.site.past()[-1]["result"]) == (live, result)
    left = "is live, but our maintenance switch is left on: "
    if code:
        assert "inv status ended with 1" in sentence
        assert f"clear    {old.id} {left}" in capsys.readouterr().out
        assert place.upgrade(undo=True) == 0
    else:
        assert sentence.startswith(f"{new.id} {left}")
        assert sentence.endswith("put that right, then: inv upgrade --resume")
        assert place.upgrade(resume=True) == 0
    assert (place.live, place.switch()) == (live, None)


@pytest.mark.parametrize("what", ["import.code", "doctor", "settings", "vital"])
def test_what_does_not_prepare_well_changes_nothing(place: Place, what: str) -> None:
    place.release(good=True, live=True)
    new = place.release()
    if what == "doctor":
        place.says(new.path, tracker="cannot be read")
    elif what == "settings":
        place.says(new.path, code=2, settings="shepherd.toml: promote.autoo: unknown key")
    elif what == "vital":
        place.says(place.site.find("1").path, database="is damaged")
        place.says(new.path, database="is damaged")
    else:
        (new.path / what).write_text("1")
    before = place.untouched()
    code, sentence = place.refused()
    assert code == (2 if what == "settings" else 1)
    assert place.untouched() == before
    if what == "settings":
        assert "promote.autoo" in sentence
    assert place.site.past()[-1]["result"] == sentence


def test_what_failed_before_too_is_no_reason_to_stay(place: Place) -> None:
    old, new = place.release(good=True, live=True), place.release()
    for each in (old, new):
        place.says(each.path, answer="no data")
    assert place.upgrade() == 0
    assert place.live == new.id


def test_what_fails_is_called_old_only_where_what_is_live_says_so(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, newest = place.release(good=True, live=True), place.release(), place.release()
    for each in (old, new, newest):
        place.says(each.path, notify="a chat needs apprise")
    assert place.upgrade(to="2") == 0
    assert "doctor: notify: a chat needs apprise (not new)\n" in capsys.readouterr().out
    (new.path / "doctor.json").write_text("it takes no such settings")
    assert place.upgrade() == 0
    assert "doctor: notify: a chat needs apprise\n" in capsys.readouterr().out


def test_a_failed_check_takes_the_switch_back(place: Place) -> None:
    old, new = place.release(good=True, live=True), place.release()
    (new.path / "status.code").write_text("1")
    code, sentence = place.refused()
    assert (code, place.live, place.switch(), upgrade_record.read(place.state)) == (1, old.id, None, None)
    assert "status ended with 1" in sentence
    assert "status ended with 1" in place.site.find(new.id).bad
    assert place.upgrade() == 0, "a bad one is not tried again"
    assert place.live == old.id
    assert place.refused(to=new.id)[0] == 8


def test_a_failed_check_of_the_first_release_leaves_none(place: Place) -> None:
    (place.release().path / "status.code").write_text("1")
    assert place.refused()[0] == 1
    assert place.site.live().kind == "none"


def test_going_back_marks_the_release_that_is_left(place: Place) -> None:
    one, two, three = (place.release(good=True, live=True) for _ in range(3))
    assert place.upgrade(to=two.id, reason="mails go twice") == 0
    assert place.site.find(three.id).bad == "rolled back: mails go twice (olga)"
    assert place.site.last_good() == one
    assert place.upgrade(to=one.id) == 0
    assert place.site.last_good() is None, "both that were left are bad"


def test_the_drain_names_who_still_works_and_ends_in_time(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.release(good=True, live=True)
    place.release()
    before = place.untouched()
    with gate.gate(place.state):
        code, sentence = place.refused(deadline="1s")
    assert code == 6
    assert f"process {os.getpid()}" in sentence
    assert f"waiting for process {os.getpid()}" in capsys.readouterr().out
    assert place.untouched() == before


def test_it_waits_for_the_end_of_what_runs(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.release(good=True, live=True)
    new = place.release()
    lock, old, live_meanwhile = place.state / "run" / "gate.lock", place.live, list[str]()
    worker = subprocess.Popen(["flock", "--shared", str(lock), "cat"], stdin=subprocess.PIPE)
    assert worker.stdin is not None
    until(lambda: gate.holders(lock))

    def end_the_work() -> None:
        until(lambda: f"waiting for process {worker.pid}" in capsys.readouterr().out)
        live_meanwhile.append(place.live)
        worker.communicate()

    ending = threading.Thread(target=end_the_work)
    ending.start()
    assert place.upgrade() == 0
    ending.join()
    assert live_meanwhile == [old]
    assert place.live == new.id
    assert worker.wait(10) == 0, "nobody is ended"


def test_a_persons_switch_stays_on(place: Place) -> None:
    place.release(good=True, live=True)
    new = place.release()
    maintenance.path_of(place.state).touch()
    assert place.upgrade() == 0
    assert place.live == new.id
    assert maintenance.path_of(place.state).read_bytes() == b""


@pytest.mark.parametrize("newer", [True, False], ids=["a newer one", "nothing to do"])
def test_one_upgrade_at_a_time(place: Place, newer: bool) -> None:
    place.release(good=True, live=True)
    if newer:
        place.release()
    before = place.untouched()
    with gate.upgrading(place.state):
        code, sentence = place.refused()
    assert code == 4
    assert "another upgrade" in sentence
    assert place.untouched() == before


@pytest.mark.parametrize("kind", ["dangling", "odd"])
def test_a_current_that_is_no_link_to_a_release(place: Place, kind: str) -> None:
    new = place.release()
    if kind == "odd":
        place.site.current.mkdir()
        assert place.refused()[0] == 2
        assert place.site.current.is_dir()
    else:
        place.point("0099-000000000000")
        assert place.upgrade() == 0
        assert place.live == new.id


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
def test_killed_at_any_write_somebody_says_so_and_it_is_mended(place: Place, each: int) -> None:
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


def test_the_log_tells_from_to_and_by_whom(place: Place) -> None:
    old, new = place.release(good=True, live=True), place.release()
    assert place.upgrade(reason="new tracker") == 0
    lines = (place.state / "log" / "shepherd.log").read_text().splitlines()
    told = next(each for each in map(parse, lines) if each.get("what") == "upgrade")
    assert (told["from"], told["to"], told["by"], told["because"]) == (old.id, new.id, "olga", "new tracker")


@pytest.mark.parametrize("how", [{"resume": True}, {"undo": True}])
def test_without_anything_left_there_is_nothing_to_mend(place: Place, how: How) -> None:
    place.release(good=True, live=True)
    before = place.untouched()
    assert place.upgrade(**how) == 0
    assert place.untouched() == before


def test_the_newer_release_drives_and_reads_the_settings(place: Place) -> None:
    old, new = place.release(good=True, live=True), place.release()
    python = new.python.read_text().replace("doctor)", 'upgrade) echo "$PWD $*" >> calls ;;\ndoctor)')
    new.python.write_text(python)
    unread = "lambda: (_ for _ in ()).throw(AssertionError('the older release reads no settings'))"
    script = (
        "import pathlib; from shepherd.running import upgrade\n"
        f"upgrade.ROOT = pathlib.Path({str(old.path)!r})\n"
        f"upgrade.upgrade({unread}, 'olga', reason='new tracker', deadline='7m')\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)
    place_, _, rest = (new.path / "calls").read_text().strip().partition(" ")
    assert place_ == str(new.path.resolve())
    assert rest == "-m invoke upgrade --deadline 7m --as olga --reason new tracker"
    assert place.live == old.id


def test_a_disk_that_takes_nothing_changes_nothing(place: Place) -> None:
    place.release(good=True, live=True)
    place.release()
    before = place.untouched()

    def on_a_full_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        code, sentence = place.refused()
        assert code == 1, sentence
        assert "cannot be written" in sentence, sentence

    undisturbed(on_a_full_disk)
    assert place.untouched() == before


def test_a_newer_release_that_does_not_start_drives_nothing(place: Place) -> None:
    old, new = place.release(good=True, live=True), place.release()
    (new.path / "import.code").write_text("1")
    before = place.untouched()
    with patch.object(upgrade, "ROOT", old.path.resolve()), pytest.raises(StoreError, match="does not start"):
        upgrade.upgrade(lambda: place.settings, "olga")
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


@pytest.mark.parametrize("what", ["bad", "half", "dangling"])
def test_doctor_says_what_is_odd_about_the_releases(
    place: Place, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    live, other = place.release(good=True, live=True), place.release()
    monkeypatch.setattr("shepherd.running.doctor.upgrades.ROOT", live.path)
    if what == "bad":
        releases.mark_bad(live, "mails go twice", "olga")
    elif what == "half":
        (other.path / releases.MADE).unlink()
    else:
        place.point("0099-000000000000")
    (finding,) = [
        each for each in examine(lambda: place.settings, now(), offline=True) if each.name == "upgrade"
    ]
    expected = {
        "bad": ("warn", "marked bad: mails go twice"),
        "half": ("warn", f"half built: {other.id}"),
        "dangling": ("fail", "points to nothing"),
    }
    level, text = expected[what]
    assert (finding.level, text in finding.what) == (level, True), finding


def test_a_switch_whose_upgrade_and_memory_are_gone_is_mended_too(place: Place) -> None:
    place.release(good=True, live=True)
    maintenance.switch_on(place.state, "olga", "upgrade", None, now(), upgrade="lost")
    switch = place.switch()
    assert switch is not None
    assert switch.left
    assert place.upgrade(resume=True) == 0
    assert place.switch() is None
