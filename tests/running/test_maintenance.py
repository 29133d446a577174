"""The maintenance switch, in every form, at every moment (docs/running.md#maintenance)."""

from __future__ import annotations

import getpass
import io
import json
import os
import signal
import subprocess
import time
import tomllib
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from shepherd.errors import RefusedError, SettingsError, StoreError
from shepherd.running import gate, maintenance, records, refusals, switch, upgrade_record
from shepherd.running.refusals import MaintenanceError
from shepherd.running.run import run
from shepherd.running.runner import prepare_state
from shepherd.running.stages import report
from shepherd.running.state_place import StatePlace
from shepherd.running.tasking import TaskOptions
from tests.running.host import (
    SCALE,
    Host,
    after_the_first_run,
    banner_of,
    end,
    ended,
    outside_the_banner,
    work,
)
from tests.waiting import until

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = 3600.0


def _unreadable(path: Path) -> None:
    path.touch()
    path.chmod(0)


def _large(path: Path) -> None:
    path.touch()
    os.truncate(path, 100_000_000)


def _from(path: Path, when: float) -> None:
    path.touch()
    os.utime(path, (when, when))


FORMS: dict[str, Callable[[Path], object]] = {
    "a bare touch": lambda path: path.touch(),
    "words": lambda path: path.write_text("new disk, back at 5\n"),
    "binary": lambda path: path.write_bytes(bytes(range(256))),
    "100 MB": _large,
    "a folder": lambda path: path.mkdir(),
    "a full folder": lambda path: (path / "x").mkdir(parents=True),
    "a FIFO": os.mkfifo,
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "unreadable": _unreadable,
    "from 1970": lambda path: _from(path, 0),
    "from the year 9999999": lambda path: _from(path, 3e14),
    "times that are none": lambda path: path.write_text('since = 2026-01-01\nuntil = "soon"\nwho = 3\n'),
}


@pytest.mark.parametrize("form", FORMS)
def test_whatever_is_there_means_maintenance(
    host: Host, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare_state(host.state)
    FORMS[form](maintenance.path_of(host.state))
    with pytest.raises(MaintenanceError):
        work(host, "find")
    assert switch.status(StatePlace(host.state), json=False) == 0
    assert capsys.readouterr().out.startswith("maintenance is on ")


def test_what_was_written_by_hand_is_shown(tmp_path: Path) -> None:
    maintenance.path_of(tmp_path).write_text("new disk,\x1b[31m back at 5\n")
    found = maintenance.look(tmp_path, HOUR, datetime.now(UTC))
    assert found is not None
    assert found.why == "new disk, [31m back at 5"


def test_a_switch_is_written_for_people_and_read_back(tmp_path: Path) -> None:
    why = 'new "disk"\\ for\nqa1 = ☃'
    assert maintenance.switch_on(tmp_path, "ann", why, NOW + timedelta(hours=2), NOW)
    text = maintenance.path_of(tmp_path).read_text()
    assert tomllib.loads(text)["why"] == 'new "disk"\\ for qa1 = ☃'
    os.utime(maintenance.path_of(tmp_path), (NOW.timestamp() + 60,) * 2)
    assert maintenance.look(tmp_path, 4 * HOUR, NOW + timedelta(hours=1)) == maintenance.Switch(
        NOW, "ann", 'new "disk"\\ for qa1 = ☃', NOW + timedelta(hours=2), overdue=False
    )


@pytest.mark.parametrize(
    ("since", "modified", "abort", "oldest"),
    [
        (-3, -2, -1, -3),
        (-1, -3, -2, -3),
        (-1, -2, -3, -3),
        (None, -2, None, -2),
        (+3, -2, None, -2),
        (+3, +2, -1, -1),
        (+3, +2, +1, None),
    ],
)
def test_the_age_is_the_oldest_that_is_not_in_the_future(
    tmp_path: Path, since: int | None, modified: int, abort: int | None, oldest: int | None
) -> None:
    (tmp_path / "run").mkdir()

    def at(hours: int) -> datetime:
        return NOW + timedelta(hours=hours)

    path = maintenance.path_of(tmp_path)
    path.write_text(f"since = {at(since):%Y-%m-%dT%H:%M:%SZ}\n" if since is not None else "")
    os.utime(path, (at(modified).timestamp(),) * 2)
    if abort is not None:
        maintenance.remember_first_abort(tmp_path, at(abort))
    found = maintenance.look(tmp_path, HOUR, NOW)
    assert found is not None
    assert found.since == (at(oldest) if oldest is not None else None)


@pytest.mark.parametrize(
    ("hours", "until", "overdue"), [(3, None, False), (5, None, True), (1, 2, False), (3, 2, True)]
)
def test_past_its_end_or_after_warn_after_it_is_overdue(
    tmp_path: Path, hours: int, until: int | None, overdue: bool
) -> None:
    end = NOW + timedelta(hours=until) if until is not None else None
    maintenance.switch_on(tmp_path, "ann", "disk", end, NOW)
    os.utime(maintenance.path_of(tmp_path), (NOW.timestamp(),) * 2)
    found = maintenance.look(tmp_path, 4 * HOUR, NOW + timedelta(hours=hours))
    assert found is not None
    assert found.overdue is overdue
    assert ("OVERDUE" in maintenance.words(found, NOW + timedelta(hours=hours))) is overdue


def _on(host: Host, who: str = "ann", reason: str | None = "new disk") -> tuple[int, str]:
    with redirect_stdout(io.StringIO()) as printed:
        code = switch.on(TaskOptions(host.project.settings, who), reason, None)
    return code, printed.getvalue().removesuffix("\n")


def _off(host: Host, who: str = "ann", of: str | None = None) -> tuple[int, str]:
    with redirect_stdout(io.StringIO()) as printed:
        code = switch.off(TaskOptions(host.project.settings, who), of)
    return code, printed.getvalue().removesuffix("\n")


def _entries(host: Host) -> list[tuple[str, str]]:
    return [(each.who, each.why) for each in maintenance.present(host.state)]


def test_over_a_colleagues_switch_it_says_whose_it_is_and_adds_to_it(host: Host) -> None:
    assert _on(host, who="bob", reason="his disk")[0] == 0
    code, said = _on(host, who="ann")
    assert code == 0
    assert "already on, since 2" in said
    assert "by bob: his disk" in said
    assert "yours was added" in said
    assert _entries(host) == [("bob", "his disk"), ("ann", "new disk")]
    # what a release before this one reads of it
    document = tomllib.loads(maintenance.path_of(host.state).read_text())
    assert (document["who"], document["why"]) == ("bob", "his disk")


@pytest.mark.parametrize("first", ["bob", "ann"])
def test_everybody_takes_away_their_own(host: Host, first: str) -> None:
    second = {"bob": "ann", "ann": "bob"}[first]
    _on(host, who="bob", reason="his disk")
    _on(host, who="ann", reason="her memory")
    code, said = _off(host, first)
    assert code == 0
    assert "maintenance stays on since 2" in said
    assert f"by {second}: " in said.partition("stays on")[2]
    assert f"by {first}: " not in said.partition("stays on")[2]
    assert [who for who, _ in _entries(host)] == [second]
    assert _off(host, second)[1].startswith("maintenance is off; ")
    assert not maintenance.path_of(host.state).exists()


def test_a_colleagues_switch_is_refused_and_taken_away_only_by_name(
    host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    _on(host, who="bob smith")
    with pytest.raises(RefusedError, match=r"by bob smith: .*inv maintenance.off --of 'bob smith'$"):
        _off(host, "ann")
    with pytest.raises(SettingsError, match=r"not by carol: by bob smith$"):
        _off(host, "ann", of="carol")
    assert _entries(host) == [("bob smith", "new disk")]
    assert _off(host, "ann", of="bob smith")[1].startswith("maintenance is off; it was on since ")
    assert "not the switch of ann, but of bob smith" in capsys.readouterr().err
    assert _off(host) == (0, "maintenance is not on")
    acts = [(each["from"], each["to"], each["by"]) for each in host.events("act")]
    assert acts == [("off", "on", "bob smith"), ("on", "off", "ann")]


def test_of_ones_own_the_newest_goes_first_and_the_same_reason_is_there_once(host: Host) -> None:
    for reason in ("disk", "backup", "disk"):
        _on(host, reason=reason)
    assert _entries(host) == [("ann", "disk"), ("ann", "backup")]
    assert "another one of yours" in _off(host)[1]
    assert _entries(host) == [("ann", "disk")]


def test_a_touched_file_is_nobodys_and_stays_so_when_somebody_adds_to_it(host: Host) -> None:
    prepare_state(host.state)
    _from(maintenance.path_of(host.state), NOW.timestamp())
    _on(host, who="ann")
    first = maintenance.look(host.state, HOUR, datetime.now(UTC))
    assert first is not None
    assert (first.who, first.since) == (getpass.getuser(), NOW)
    _off(host, "ann")
    assert [who for who, _ in _entries(host)] == [""]
    assert _off(host, "carol")[1].startswith("maintenance is off; it was on since 2026-03-01 12:00 UTC (")


@pytest.mark.parametrize("form", ["binary", "a folder", "a FIFO", "a link to nothing", "100 MB"])
def test_what_cannot_be_read_cannot_be_added_to_and_says_so(host: Host, form: str) -> None:
    prepare_state(host.state)
    FORMS[form](maintenance.path_of(host.state))
    before = os.lstat(maintenance.path_of(host.state))
    with pytest.raises(StoreError, match="is already on, but yours could not be added"):
        _on(host)
    assert os.lstat(maintenance.path_of(host.state)) == before
    assert _off(host)[1].startswith("maintenance is off; ")


def test_an_entry_that_is_late_makes_the_switch_loud_whoever_came_first(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    maintenance.switch_on(tmp_path, "ann", "disk", None, NOW)
    maintenance.add(tmp_path, maintenance.Entry("bob", "memory", NOW, NOW + timedelta(hours=1)))
    os.utime(maintenance.path_of(tmp_path), (NOW.timestamp(),) * 2)
    for hours, overdue in ((0.5, False), (1.5, True)):
        at = NOW + timedelta(hours=hours)
        found = maintenance.look(tmp_path, 4 * HOUR, at)
        assert found is not None
        assert found.overdue is overdue
        said = maintenance.words(found, at)
        assert "by ann: disk; and since " in said
        assert "by bob: memory; until 2026-03-01 13:00 UTC (" in said


def _at(hour: int) -> datetime:
    return NOW.replace(hour=hour)


def test_each_is_named_with_a_since_of_their_own_though_one_renews(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    maintenance.add(tmp_path, maintenance.Entry("ann", "disk", _at(10)))
    maintenance.remember_first_abort(tmp_path, _at(10) + timedelta(minutes=5))
    maintenance.add(tmp_path, maintenance.Entry("bob", "db", _at(18)))
    maintenance.add(tmp_path, maintenance.Entry("ann", "disk", _at(19)))
    found = maintenance.look(tmp_path, 4 * HOUR, _at(20))
    assert found is not None
    assert found.overdue, "it is on for ten hours"
    words = maintenance.words(found, _at(20))
    assert "since 2026-03-01 10:00 UTC (10 hours ago), by ann: disk; and since 2026-03-01 18" in words


def test_the_first_of_two_does_not_get_the_age_of_the_other(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    path = maintenance.path_of(tmp_path)
    path.write_text(
        f'who = "ann"\nsince = {_at(18):%Y-%m-%dT%H:%M:%SZ}\n[[more]]\nwho = "bob"\n'
        f"since = {_at(10):%Y-%m-%dT%H:%M:%SZ}\n"
    )
    found = maintenance.look(tmp_path, 4 * HOUR, _at(20))
    assert found is not None
    assert (found.since, found.overdue) == (_at(18), True)


@pytest.mark.parametrize("leaves", ["ann", "upgrade"])
def test_who_stays_is_not_as_old_as_who_has_left(host: Host, leaves: str) -> None:
    prepare_state(host.state)
    at = datetime.now(UTC) - timedelta(hours=8)
    token = "a token" if leaves == "upgrade" else ""
    maintenance.switch_on(host.state, "ann", "disk", None, at, upgrade=token)
    maintenance.remember_first_abort(host.state, at)
    _on(host, who="bob", reason="db")
    if token:
        maintenance.switch_off(host.state, token)
    else:
        _off(host, "ann")
    found = maintenance.look(host.state, 4 * HOUR, datetime.now(UTC))
    assert found is not None
    assert (found.who, found.overdue) == ("bob", False)


@pytest.mark.parametrize(
    ("entry", "of", "complaint"),
    [
        ("touched", getpass.getuser(), ""),
        ("ann", "ann", ""),
        ("bob", "bob", "but of bob: let them know"),
        ("upgrade", "upgrade", "but of olga: let them know"),
    ],
)
def test_only_whose_switch_it_was_is_to_be_told(
    host: Host, capsys: pytest.CaptureFixture[str], entry: str, of: str, complaint: str
) -> None:
    prepare_state(host.state)
    if entry == "touched":
        maintenance.path_of(host.state).touch()
    elif entry == "upgrade":
        _upgrades(host, "killed")
    else:
        _on(host, who=entry)
    assert _off(host, "ann", of=of)[1].startswith("maintenance is off; ")
    err = capsys.readouterr().err
    assert complaint in err and bool(complaint) == bool(err)


def test_of_many_who_set_it_at_once_none_is_lost(host: Host) -> None:
    names = [f"ann{number}" for number in range(8)]
    started = [host.start("maintenance.on", "--reason", "disk", "--as", name) for name in names]
    assert [ended(each)[0] for each in started] == [0] * len(names)
    assert sorted(who for who, _ in _entries(host)) == names
    started = [host.start("maintenance.off", "--as", name) for name in names[1:]]
    assert [ended(each)[0] for each in started] == [0] * len(names[1:])
    assert _entries(host) == [("ann0", "disk")]


def test_all_who_set_it_are_on_the_page_and_in_the_json(host: Host) -> None:
    assert host.inv("run")[0] == 0
    _on(host, who="bob", reason="his disk")
    _on(host, who="ann", reason="her memory")
    assert host.inv("run", "--cron")[0] == 3
    banner = banner_of(host.page())
    assert "by bob: his disk; and since 2" in banner
    assert "by ann: her memory" in banner
    (other,) = json.loads(host.inv("maintenance.status", "--json")[1])["maintenance"]["others"]
    assert (other["who"], other["why"], other["until"]) == ("ann", "her memory", None)


def _upgrades(host: Host, how: str) -> None:
    """The switch of an upgrade, and what is known of that."""
    prepare_state(host.state)
    maintenance.switch_on(host.state, "olga", "upgrade to 0002-x", None, datetime.now(UTC), upgrade="a token")
    process = records.own("upgrade", datetime.now(UTC))
    if how == "killed":
        process = replace(process, started=process.started - 900)
    if how != "lost":
        upgrade_record.write(
            host.state, upgrade_record.Upgrade("a token", "", "0002-x", "quiet", "olga", process)
        )
    if how == "unreadable":
        upgrade_record.path_of(host.state).write_text("{")


REPAIRS = "inv upgrade --resume finishes it, inv upgrade --undo takes it back"


def test_the_switch_of_an_upgrade_at_work_is_left_to_it(host: Host) -> None:
    assert host.inv("run")[0] == 0
    _upgrades(host, "at work")
    for of in (None, "upgrade"):
        with pytest.raises(RefusedError, match=r"under way: to 0002-x .*by olga since .*it ends by itself$"):
            _off(host, "olga", of=of)
    assert host.inv("run", "--cron") == (3, "", "")
    for text in (host.inv("maintenance.status")[1], host.inv("find")[2], banner_of(host.page())):
        assert "maintenance.off" not in text
        assert "upgrade to 0002-x" in text


@pytest.mark.parametrize("how", ["killed", "lost", "unreadable"])
def test_the_switch_of_a_killed_upgrade_names_what_repairs_it(host: Host, how: str) -> None:
    assert host.inv("run")[0] == 0
    _upgrades(host, how)
    with pytest.raises(RefusedError, match=f"was killed.*{REPAIRS}.*inv maintenance.off --of upgrade$"):
        _off(host, "olga")
    with pytest.raises(SettingsError, match="not by olga: by upgrade"):
        _off(host, "ann", of="olga")
    code, _, err = host.inv("run", "--cron")
    assert code == 3
    for text in (err, host.inv("maintenance.status")[1], host.inv("find")[2], banner_of(host.page())):
        assert "maintenance.off" not in text
        assert REPAIRS in text
    # where neither can be done
    assert _off(host, "ann", of="upgrade")[1].startswith("maintenance is off; ")


def test_an_upgrade_without_a_record_that_holds_its_lock_is_at_work(host: Host) -> None:
    _upgrades(host, "lost")
    with gate.upgrading(host.state), pytest.raises(RefusedError, match=r"it ends by itself$"):
        _off(host, "ann", of="upgrade")


def test_an_upgrade_takes_away_its_own_and_leaves_what_was_added(host: Host) -> None:
    _upgrades(host, "at work")
    _on(host, who="bob", reason="his disk")
    assert _off(host, "bob")[1].startswith("taken away: since 2")
    _on(host, who="bob", reason="his disk")
    maintenance.switch_off(host.state, "a token")
    assert _entries(host) == [("bob", "his disk")]


def test_a_full_folder_is_left_to_a_person(host: Host) -> None:
    prepare_state(host.state)
    (maintenance.path_of(host.state) / "x").mkdir(parents=True)
    with pytest.raises(Exception, match="remove it by hand"):
        _off(host)


@pytest.mark.parametrize("reason", [None, "", " \n"])
def test_a_reason_is_wanted(host: Host, reason: str | None) -> None:
    with pytest.raises(SettingsError, match="--reason"):
        _on(host, reason=reason)
    assert not maintenance.path_of(host.state).exists()


def test_the_next_switch_has_an_age_of_its_own(host: Host) -> None:
    prepare_state(host.state)
    maintenance.remember_first_abort(host.state, NOW - timedelta(days=900))
    maintenance.path_of(host.state).touch()
    _off(host)
    assert maintenance.first_abort(host.state) is None
    maintenance.remember_first_abort(host.state, NOW - timedelta(days=900))
    # removed by hand, and a run saw that
    work(host, "find")
    assert maintenance.first_abort(host.state) is None


def test_three_ticks_in_maintenance_change_the_banner_and_nothing_else(host: Host) -> None:
    assert host.inv("run")[0] == 0
    before = host.page()
    files = _data(host)
    maintenance.path_of(host.state).touch()
    for _ in range(3):
        assert host.inv("run", "--cron") == (3, "", "")
    page = host.page()
    assert outside_the_banner(page) == outside_the_banner(before)
    banner = banner_of(page)
    for word in (
        "maintenance: since 2",
        "updates were aborted because of maintenance.txt, created ",
    ):
        assert word in banner
    assert "last aborted run at 2" in banner
    assert _data(host) == files
    assert len(host.events("refused")) == 3
    # and when it is over, all is as before
    maintenance.path_of(host.state).unlink()
    assert host.inv("run", "--cron") == (0, "", "")
    assert "maintenance" not in host.page().partition("</header>")[0]


def _data(host: Host) -> dict[str, bytes]:
    """All that a refused run has to leave alone."""
    return {
        str(path.relative_to(host.state)): path.read_bytes()
        for path in sorted(host.state.rglob("*"))
        if path.is_file()
        and path.relative_to(host.state).parts[0] not in ("log", "run")
        # these tell of the situation, too
        and path.suffix not in (".html", ".svg", ".prom")
        and path.name not in ("stable.json", "stable.answer.json", "stable.shields.json", "index.json")
        and path.name != "maintenance.txt"
    }


def test_readers_work_and_say_so(host: Host) -> None:
    assert host.inv("run")[0] == 0
    maintenance.path_of(host.state).touch()
    for args in (("landings",), ("explain", "r2"), ("whatif", "--ok", "r2"), ("history",)):
        code, out, err = host.inv(*args)
        assert (code, bool(out)) == (0, True), args
        assert err.startswith("in maintenance since 2"), args
    assert "MAINTENANCE: since 2" in host.inv("status")[1]
    assert '"maintenance":{"since":"2' in host.inv("status", "--json")[1]


@pytest.mark.parametrize(
    "args",
    [
        ("find",),
        ("judge",),
        ("report",),
        ("run",),
        ("verdict", "r2", "ok", "--reason", "x"),
        ("cover", "r1", "--by", "r2", "--reason", "x"),
        ("uncover", "r1", "--reason", "x"),
        ("deployed", "r2", "--reason", "x"),
    ],
    ids=lambda args: str(args[0]),
)
def test_every_working_task_is_refused(host: Host, args: tuple[str, ...]) -> None:
    prepare_state(host.state)
    maintenance.path_of(host.state).touch()
    code, _, err = host.inv(*args)
    assert code == 3
    assert err.startswith("in maintenance (")


@pytest.mark.real
def test_a_switch_set_in_the_middle_of_a_run_ends_it_between_two_stages(host: Host) -> None:
    run_ = host.working(seconds=2)
    maintenance.path_of(host.state).touch()
    code, out, err = ended(run_)
    assert code == 3
    assert "judge not run, report not run" in out
    assert after_the_first_run(err).startswith("in maintenance (")
    assert [(each["stage"], each["exit"]) for each in host.events("END")] == [("find", "0")]


def test_a_switch_taken_away_in_the_middle_changes_nothing(host: Host) -> None:
    assert _on(host)[0] == 0
    with pytest.raises(MaintenanceError):
        run(TaskOptions(host.project.settings, "ann"))
    _off(host)
    assert run(TaskOptions(host.project.settings, "ann")) == 0


def test_overdue_is_loud_on_the_page_and_once_a_day_under_cron(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert host.inv("run")[0] == 0
    maintenance.path_of(host.state).write_text("since = 2011-08-24T10:15:00Z\nwhy = 'new disk'\n")
    code, out, err = host.inv("run", "--cron")
    assert (code, out) == (3, "")
    assert "new disk; THIS IS OVERDUE" in err
    assert "THIS IS OVERDUE: end it with" in host.page()
    assert host.inv("run", "--cron") == (3, "", "")
    assert "OVERDUE" in host.inv("find")[2]
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with monkeypatch.context() as patched:
        patched.setattr(refusals, "now", lambda: tomorrow)
        assert "THIS IS OVERDUE" in host.inv("run", "--cron")[2]
        assert host.inv("run", "--cron") == (3, "", "")
    # the next one is loud again
    maintenance.path_of(host.state).unlink()
    assert host.inv("run", "--cron") == (0, "", "")
    maintenance.path_of(host.state).write_text("since = 2011-08-24T10:15:00Z\n")
    assert "OVERDUE" in host.inv("run", "--cron")[2]


@pytest.mark.real
def test_waiting_returns_when_nothing_works(host: Host) -> None:
    run_ = host.working("find", seconds=2)
    code, out, _ = host.inv("maintenance.on", "--reason", "disk", "--wait", "30")
    assert code == 0
    assert out.endswith("nothing is at work\n")
    assert _idle(host)
    assert ended(run_)[0] == 0


@pytest.mark.real
def test_waiting_in_vain_names_who_works_and_leaves_the_switch_on(host: Host) -> None:
    run_ = host.working("find")
    try:
        code, _, err = host.inv("maintenance.on", "--reason", "disk", "--wait", "1")
        assert code == 6
        assert "after 1 second still at work: running: find since 2" in err
        assert f"process {run_.pid} of " in err
        assert maintenance.path_of(host.state).exists()
    finally:
        end(run_)


@pytest.mark.real
def test_stopped_by_the_keyboard_it_says_that_the_switch_stays_on(host: Host) -> None:
    run_ = host.working("find")
    try:
        waiting = host.start("maintenance.on", "--reason", "disk", "--wait", "60")
        until(lambda: maintenance.path_of(host.state).exists())
        until(lambda: _sleeps(waiting.pid))
        waiting.send_signal(signal.SIGINT)
        code, _, err = ended(waiting)
        assert code == 1
        assert err == "stopped by the keyboard; the switch stays on; inv maintenance.off takes yours away\n"
        assert maintenance.path_of(host.state).exists()
    finally:
        end(run_)


def _sleeps(pid: int) -> bool:
    """Whether the process waits for the lock, between two tries."""
    return "nanosleep" in Path(f"/proc/{pid}/wchan").read_text()


def test_a_page_that_is_being_written_is_left_to_that_run(host: Host) -> None:
    assert report(TaskOptions(host.project.settings, "ann"), fresh=True) == 0
    before = host.page()
    maintenance.path_of(host.state).touch()
    with gate.page(host.state), pytest.raises(MaintenanceError):
        run(TaskOptions(host.project.settings, "ann"))
    assert host.page() == before
    assert len(host.events("refused")) == 1


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_campaign_of_switches_against_starting_runs(host: Host) -> None:
    """300 rounds of maintenance.on --wait against runs that start just then."""
    assert host.inv("run")[0] == 0
    refused = worked = 0
    for number in range(max(1, round(300 * SCALE))):
        starting: list[subprocess.Popen[str]] = [host.start("run", work_seconds=0.2) for _ in range(2)]
        # from before they are up to after the first has done its work
        time.sleep(number % 10 * 0.12)
        assert host.inv("maintenance.on", "--reason", "campaign", "--wait", "60")[0] == 0
        assert _idle(host), "it returned while a stage worked"
        begun = len(host.work_log.read_text()) if host.work_log.exists() else 0
        codes = [ended(each)[0] if each.returncode is None else each.returncode for each in starting]
        assert set(codes) <= {0, 3, 4}
        assert begun == (len(host.work_log.read_text()) if host.work_log.exists() else 0), "one began after"
        refused += codes.count(3)
        worked += codes.count(0)
        assert host.inv("maintenance.off")[0] == 0
    caught = host.work_log.read_text().count("+") - worked
    print(
        f"campaign: {worked} ended before the switch, {caught} were at work when it came, {refused} refused"
    )


def _idle(host: Host) -> bool:
    lines = host.work_log.read_text().splitlines() if host.work_log.exists() else []
    return len([each for each in lines if each[0] == "+"]) == len([each for each in lines if each[0] == "-"])
