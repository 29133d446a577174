"""The maintenance switch of two hosts on one database (docs/running.md#two-hosts)."""

from __future__ import annotations

import os
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shepherd.run import Run
from shepherd.running import hosts, maintenance
from shepherd.running.runner import StageResult
from shepherd.running.tasking import TaskOptions
from shepherd.store.postgresql import Session
from tests.postgres import PostgresServer
from tests.running.two_hosts import TwoHosts
from tests.waiting import until


@pytest.fixture
def two(tmp_path: Path, postgres: PostgresServer) -> TwoHosts:
    two = TwoHosts(tmp_path, postgres.new_database())
    two.inv("qa1", "run")
    two.inv("qa2", "run")
    return two


def switch(two: TwoHosts, host: str) -> Path:
    return maintenance.path_of(two.state(host))


def is_on(two: TwoHosts, host: str) -> bool:
    return two.inv(host, "maintenance.status").out.startswith("maintenance is on")


def test_a_switch_on_one_host_stops_the_other_which_says_whose_it_is(two: TwoHosts) -> None:
    two.inv("qa1", "maintenance.on", "--reason", "new disk", "--until", "2h")
    done = two.inv("qa2", "run")
    assert done.code == 3
    for words in ("by ann on qa1: new disk", " ago)", "until 2"):
        assert words in done.err
    assert "by ann on qa1: new disk" in two.page("qa2")
    assert "by ann on qa1: new disk" in (two.state("qa2") / "log" / "shepherd.log").read_text()
    assert "by ann: new disk" in two.inv("qa1", "maintenance.status").out


@pytest.mark.parametrize("host", ["qa1", "qa2"])
def test_it_is_ended_from_either(two: TwoHosts, host: str) -> None:
    two.inv("qa1", "maintenance.on", "--reason", "new disk")
    assert two.inv(host, "maintenance.off").code == 0
    assert [two.inv(each, "run").code for each in ("qa2", "qa1")] == [0, 0]


def test_each_ends_their_own_part(two: TwoHosts) -> None:
    two.inv("qa1", "maintenance.on", "--reason", "new disk", who="ann")
    two.inv("qa2", "maintenance.on", "--reason", "a move", who="bob")
    assert two.inv("qa1", "maintenance.off", who="bob").code == 0
    assert "by ann on qa1: new disk" in two.inv("qa2", "maintenance.status").out
    assert two.inv("qa2", "maintenance.off", who="bob").code == 8
    assert two.inv("qa2", "maintenance.off", who="ann").code == 0
    assert not is_on(two, "qa1")


def test_a_bare_touch_counts_once_a_command_there_saw_it(two: TwoHosts) -> None:
    switch(two, "qa1").touch()
    os.utime(switch(two, "qa1"), (1_300_000_000, 1_300_000_000))
    assert two.inv("qa2", "run").code == 0
    assert two.inv("qa1", "status").code == 0
    done = two.inv("qa2", "run")
    assert done.code == 3
    assert "since 2011-03-13 07:06 UTC" in done.err
    assert "THIS IS OVERDUE" in done.err
    assert switch(two, "qa1").stat().st_mtime == 1_300_000_000
    switch(two, "qa1").unlink()
    assert two.inv("qa2", "run").code == 3
    two.inv("qa1", "status")
    assert two.inv("qa2", "run").code == 0


def test_whose_file_it_was_may_be_dead(two: TwoHosts) -> None:
    switch(two, "qa1").touch()
    two.inv("qa1", "status")
    assert two.inv("qa2", "run").code == 3
    assert two.inv("qa2", "maintenance.off").code == 0
    assert two.inv("qa2", "run").code == 0
    assert two.inv("qa1", "run").code == 0
    assert not switch(two, "qa1").exists()


def test_a_folder_in_its_place_is_one_as_well(two: TwoHosts) -> None:
    switch(two, "qa1").mkdir()
    two.inv("qa1", "status")
    two.inv("qa2", "maintenance.on", "--reason", "a move", who="bob")
    assert is_on(two, "qa1")
    two.inv("qa2", "maintenance.off", who="bob")
    assert two.inv("qa2", "run").code == 3
    two.inv("qa2", "maintenance.off", who="ann")
    assert two.inv("qa1", "run").code == 0


def test_the_switch_of_an_upgrade_stays_on_its_host(two: TwoHosts) -> None:
    maintenance.switch_on(two.state("qa1"), "ann", "upgrade to r2", None, datetime.now(UTC), upgrade="token")
    assert two.inv("qa1", "run").code == 3
    assert two.inv("qa2", "run").code == 0
    two.inv("qa2", "maintenance.on", "--reason", "a move", who="bob")
    assert [each.upgrade for each in maintenance.present(two.state("qa1"))] == ["token"]
    two.inv("qa1", "status")
    assert [each.upgrade for each in maintenance.present(two.state("qa1"))] == ["token", ""]
    two.inv("qa2", "maintenance.off", who="bob")
    two.inv("qa1", "status")
    assert [each.upgrade for each in maintenance.present(two.state("qa1"))] == ["token"]


def test_the_oldest_of_all_tells_its_age(two: TwoHosts) -> None:
    two.inv("qa2", "maintenance.on", "--reason", "a move", who="bob")
    switch(two, "qa1").touch()
    os.utime(switch(two, "qa1"), (1_300_000_000, 1_300_000_000))
    two.inv("qa1", "status")
    assert "OVERDUE" in two.inv("qa2", "maintenance.status").out


def test_a_server_that_went_back_to_an_older_state_ends_no_maintenance(two: TwoHosts) -> None:
    with closing(Session(two.url, "", "test")) as session:
        before = session.told("maintenance")
        two.inv("qa1", "maintenance.on", "--reason", "new disk")
        session.forget("maintenance")
        for name, document in before.items():
            session.tell(name, document)
    assert two.inv("qa1", "run").code == 3
    assert two.inv("qa2", "run").code == 3


def test_wait_waits_for_the_work_of_both(two: TwoHosts) -> None:
    with hosts.work(two.settings("qa2")):
        assert two.inv("qa1", "maintenance.on", "--reason", "new disk", "--wait", "1").code == 6
    done = two.inv("qa1", "maintenance.on", "--reason", "new disk", "--wait", "1")
    assert (done.code, "nothing is at work" in done.out) == (0, True)


def test_a_run_at_work_on_the_other_host_ends_before_its_next_stage(two: TwoHosts) -> None:
    """It looks between its stages."""
    from shepherd.running import run as runs

    reached = threading.Event()
    judge = next(each for each in runs.STAGES if each.name == "judge")

    def stage(options: TaskOptions, run: Run) -> StageResult:
        two.inv("qa2", "maintenance.on", "--reason", "new disk")
        reached.set()
        return judge.stage(options, run)

    changed = tuple(each._replace(stage=stage) if each is judge else each for each in runs.STAGES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "STAGES", changed)
        done = two.inv("qa1", "run")
    until(reached.is_set)
    assert done.code == 3
    assert "report not run" in done.out + done.err
