"""The maintenance switch next to runs that are at work: set in the middle of one, and waiting until nothing
works (docs/running.md#maintenance)."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from shepherd.running import gate, maintenance
from shepherd.running.refusals import MaintenanceError
from shepherd.running.run import run
from shepherd.running.stages import report
from shepherd.running.tasking import TaskOptions
from tests.running.host import SCALE, Host, after_the_first_run, end, ended
from tests.running.switching import turn_off, turn_on
from tests.waiting import until


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
    assert turn_on(host)[0] == 0
    with pytest.raises(MaintenanceError):
        run(TaskOptions(host.project.settings, "ann"))
    turn_off(host)
    assert run(TaskOptions(host.project.settings, "ann")) == 0


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
