"""`inv upgrade`: nothing is ever half upgraded
(docs/operator-every-day.md#when-an-upgrade-or-a-deploy-fails)."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from unittest.mock import patch

import pytest

from shepherd.errors import StoreError
from shepherd.locks import locked
from shepherd.running import gate, maintenance, releases, switch_file, upgrade, upgrade_record
from shepherd.running.doctor import examine
from shepherd.running.log import now, parse
from tests.campaigns.killing import undisturbed
from tests.inv import ROOT
from tests.running.site import Place
from tests.waiting import until

pytestmark = pytest.mark.real


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


def test_the_log_tells_from_to_and_by_whom(place: Place) -> None:
    old, new = place.release(good=True, live=True), place.release()
    assert place.upgrade(reason="new tracker") == 0
    lines = (place.state / "log" / "shepherd.log").read_text().splitlines()
    told = next(each for each in map(parse, lines) if each.get("what") == "upgrade")
    assert (told["from"], told["to"], told["by"], told["because"]) == (old.id, new.id, "olga", "new tracker")


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
