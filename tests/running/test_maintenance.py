"""The maintenance switch, in every form, at every moment (docs/running.md#maintenance)."""

from __future__ import annotations

import io
import os
import subprocess
import time
import tomllib
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shepherd.errors import SettingsError
from shepherd.running import gate, maintenance, switch
from shepherd.running.refusals import MaintenanceError
from shepherd.running.run import run
from shepherd.running.runner import prepare_state
from shepherd.running.stages import report
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
    assert switch.status(switch.StatePlace(host.state), json=False) == 0
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


def _off(host: Host, who: str = "ann") -> tuple[int, str]:
    with redirect_stdout(io.StringIO()) as printed:
        code = switch.off(TaskOptions(host.project.settings, who))
    return code, printed.getvalue().removesuffix("\n")


def test_somebodys_switch_stays_theirs(host: Host) -> None:
    assert _on(host, who="bob", reason="his disk")[0] == 0
    before = maintenance.path_of(host.state).read_bytes()
    code, said = _on(host, who="ann")
    assert code == 0
    assert "already on" in said
    assert "by bob: his disk" in said
    assert maintenance.path_of(host.state).read_bytes() == before


def test_ending_it_says_whose_it_was_and_the_log_says_both(host: Host) -> None:
    _on(host, who="bob")
    assert _off(host, "ann")[1].startswith("maintenance is off; it was on since ")
    assert _off(host) == (0, "maintenance is not on")
    acts = [(each["from"], each["to"], each["by"]) for each in host.events("act")]
    assert acts == [("off", "on", "bob"), ("on", "off", "ann")]


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
        and path.name != "stable.json"
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


def test_overdue_is_loud_on_the_page_and_once_under_cron(host: Host) -> None:
    assert host.inv("run")[0] == 0
    maintenance.path_of(host.state).write_text("since = 2011-08-24T10:15:00Z\nwhy = 'new disk'\n")
    code, out, err = host.inv("run", "--cron")
    assert (code, out) == (3, "")
    assert "new disk; THIS IS OVERDUE" in err
    assert "it has been on for long: end it with" in host.page()
    assert host.inv("run", "--cron") == (3, "", "")
    assert "OVERDUE" in host.inv("find")[2]
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
