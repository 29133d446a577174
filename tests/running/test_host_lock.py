"""The work lock of two hosts: who is named, what a dead host leaves, and how its lock is taken
(docs/running.md#two-hosts)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
from msgspec.structs import replace

from shepherd import holding
from shepherd.errors import LostLockError
from shepherd.running import gate, hosts, records
from shepherd.running.log import now
from shepherd.stages.freezes import freeze_lock
from shepherd.store import postgresql, reaching
from tests.postgres import PostgresServer
from tests.project import Project
from tests.running.two_hosts import TwoHosts
from tests.waiting import until


@pytest.fixture
def two(tmp_path: Path, postgres: PostgresServer) -> TwoHosts:
    made = TwoHosts(tmp_path, postgres.new_database(), top="run.stale_after = '1h'\n")
    for host in ("qa1", "qa2"):
        assert made.inv(host, "run").code == 0
    return made


@contextmanager
def at_work(two: TwoHosts, *, hours: float = 0) -> Iterator[postgresql.Session]:
    """A run of qa1 that is at judge, seen from a machine on which its process means nothing."""
    with ExitStack() as held:
        # what the session is called tells whose it is
        with patch.object(socket, "gethostname", lambda: "qa1"):
            _, session = held.enter_context(hosts.work(two.settings("qa1")))
            record = records.own("judge", now(), noted=True)
        assert session is not None
        began = record.since.timestamp() - hours * 3600
        since = record.since.fromtimestamp(began, record.since.tzinfo)
        hosts.publish(two.settings("qa1"), session, replace(record, boot_id="another", since=since))
        yield session


def test_a_refusal_names_the_host(two: TwoHosts) -> None:
    with at_work(two):
        done = two.inv("qa2", "run")
        assert done.code == 4
        assert "another copy is running: judge since " in done.err
        assert f"process {os.getpid()} of " in done.err
        assert " on qa1: " in done.err
        status = two.inv("qa2", "lock.status")
        assert status.out.startswith("running: judge since ")
        assert " on qa1: " in status.out
        assert "at work: judge since" in two.inv("qa2", "doctor").out


def test_a_host_that_works_without_a_record_is_named(two: TwoHosts) -> None:
    with (
        patch.object(socket, "gethostname", lambda: "qa1"),
        hosts.work(two.settings("qa1")),
    ):
        assert f"process {os.getpid()} on qa1, without a record" in two.inv("qa2", "run").err
        assert f"process {os.getpid()} on qa1 holds the work lock" in two.inv("qa2", "lock.status").out


def test_what_a_host_left_that_died_is_cleaned_up_by_the_other_and_said_once(two: TwoHosts) -> None:
    with at_work(two):
        pass
    assert two.inv("qa2", "lock.status").out.startswith("crashed: judge since ")
    assert two.inv("qa2", "run").code == 0
    log = (two.state("qa2") / "log" / "shepherd.log").read_text()
    assert f"crashed at judge: process {os.getpid()} on qa1, at work since" in log
    assert two.inv("qa1", "run").code == 0
    assert "event=crashed" not in (two.state("qa1") / "log" / "shepherd.log").read_text()


def test_a_hang_on_another_host_says_where_and_what_if_it_cannot_be_reached(two: TwoHosts) -> None:
    with at_work(two, hours=2):
        pid = os.getpid()
        done = two.inv("qa2", "run")
        assert done.code == 4
        assert f"end it on qa1 with: kill {pid} (" in done.err
        assert "if qa1 cannot be reached: inv lock.free --reason TEXT)" in done.err
        assert two.inv("qa2", "lock.status").out.endswith(
            f"; end it on qa1 with: kill {pid}, or if qa1 cannot be reached: inv lock.free --reason TEXT\n"
        )


def test_the_lock_of_a_host_that_cannot_be_reached_is_taken_away(two: TwoHosts) -> None:
    with at_work(two) as session:
        done = two.inv("qa2", "lock.free", "--reason", "qa1 is gone")
        assert done.code == 0
        assert f"the work lock was taken from process {os.getpid()} on qa1" in done.out
        with pytest.raises(LostLockError, match="the work lock was lost"):
            session.confirm()
        with pytest.raises(LostLockError, match="the work lock was lost"):
            holding.confirm()
    log = (two.state("qa2") / "log" / "shepherd.log").read_text()
    assert "what=lock" in log
    assert 'because="qa1 is gone"' in log
    assert two.inv("qa2", "run").code == 0


def test_no_lock_is_taken_from_a_run_that_can_be_ended(two: TwoHosts, tmp_path: Path) -> None:
    assert two.inv("qa2", "lock.free", "--reason", "x").out == "nothing is running\n"
    assert two.inv("qa2", "lock.free").code == 2
    with hosts.work(two.settings("qa1")) as (_, session):
        hosts.publish(two.settings("qa1"), session, records.own("judge", now()))
        done = two.inv("qa2", "lock.free", "--reason", "x")
        assert done.code == 8
        assert f"end it with: kill {os.getpid()}" in done.err


def test_with_sqlite_no_lock_can_be_taken_away(tmp_path: Path) -> None:
    from tests.inv import inv_here

    done = inv_here(Project(tmp_path / "alone").folder, "lock.free", "--reason", "x")
    assert done.code == 2
    assert "with SQLite there is nothing to take away" in done.err


def test_a_run_that_loses_the_lock_ends_with_one_sentence(two: TwoHosts) -> None:
    def cut_off(_self: postgresql.Session) -> None:
        raise LostLockError(f"database x: {postgresql.LOST}")

    with patch.object(postgresql.Session, "confirm", cut_off):
        done = two.inv("qa1", "run")
    assert done.code == 1
    assert done.err == f"database x: {postgresql.LOST}\n"
    assert done.out == ""
    assert "event=lost" in (two.state("qa1") / "log" / "shepherd.log").read_text()
    assert two.inv("qa2", "run").code == 0


def test_a_transaction_of_a_run_that_lost_its_lock_is_waited_for(
    two: TwoHosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaching, "BUSY_SECONDS", 0)
    other = postgresql.Session(two.url, "", "writing")
    other.take(postgresql.WRITING)
    done = two.inv("qa2", "run")
    assert done.code == 1
    assert "its last transaction is not over yet: try again" in done.err
    other.close()
    assert two.inv("qa2", "run").code == 0


def test_a_freeze_waits_for_a_promotion_on_the_other_host(two: TwoHosts) -> None:
    with freeze_lock(two.settings("qa1")) as mine:
        assert mine >= 0
        with freeze_lock(two.settings("qa2"), 0.2) as theirs:
            assert theirs == -1
    with freeze_lock(two.settings("qa2")) as theirs:
        assert theirs >= 0


def test_the_lock_is_not_free_before_a_child_that_changes_the_world_has_ended(two: TwoHosts) -> None:
    settings = two.settings("qa1")
    reader, writer = os.pipe()
    doomed = os.fork()
    if not doomed:
        try:
            with hosts.work(settings):
                child = subprocess.Popen(["sleep", "60"], pass_fds=holding.handles())
                os.write(writer, str(child.pid).encode())
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    os.waitpid(doomed, 0)
    pid = int(os.read(reader, 20))
    os.close(reader)
    os.close(writer)
    with pytest.raises(gate.TakenError), hosts.work(two.settings("qa2")):
        pass
    os.kill(pid, signal.SIGKILL)
    with hosts.work(two.settings("qa2"), wait=10):
        pass


def test_another_session_of_the_same_number_does_not_stand_for_one_that_ended(two: TwoHosts) -> None:
    from shepherd.store import Database

    first = postgresql.Session(two.url, "", "working")
    number = first._pid
    first.close()
    second = postgresql.Session(two.url, "", "working")
    until(lambda: second.take(postgresql.WORK))
    first._pid = second._pid
    assert number
    with Database(two.url) as database, database.begin() as connection:
        assert second.stands(connection)
        assert not first.stands(connection)
    second.close()
