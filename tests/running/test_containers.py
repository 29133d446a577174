"""Two containers on one kernel with one `state_dir`: neither sees the other's processes
(docs/running.md#one-copy-at-a-time)."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from msgspec.structs import replace

from shepherd.limits import DeadlineError
from shepherd.running import gate, records, situation
from shepherd.running.runner import prepare_state
from shepherd.running.upgrade.drain import quiet
from tests.running.host import Host, end, ended
from tests.waiting import until

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(os.geteuid() != 0, reason="making a namespace wants root"),
]

NOW = datetime.now(UTC)


def pod(name: str) -> tuple[str, ...]:
    """A command that runs another in a PID namespace of its own, on a host of that name."""
    rename = 'echo "$0" > /proc/sys/kernel/hostname; exec "$@"'
    return (
        *("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--uts"),
        *("sh", "-c", rename, name),
    )


@contextmanager
def at_work(host: Host, name: str = "pod-a") -> Iterator[subprocess.Popen[str]]:
    """A pod in which `inv find` is in the middle of its work."""
    process = host.working("find", inside=pod(name))
    try:
        yield process
    finally:
        end(process)
        # the kernel ends what is in its namespace a moment later
        until(lambda: not gate.held(*gate.work_locks(host.state)))


@pytest.mark.parametrize("asking", [pod("pod-b"), ()], ids=["from another pod", "from outside"])
def test_a_run_in_another_container_is_at_work_and_no_crash(host: Host, asking: tuple[str, ...]) -> None:
    def inv(*args: str) -> tuple[int, str, str]:
        return ended(host.start(*args, inside=asking))

    with at_work(host):
        code, out, err = inv("lock.status")
        assert (code, err) == (0, "")
        assert out.startswith("running: find since 2")
        assert " on pod-a: inv find" in out
        code, _, err = inv("judge")
        assert code == 4
        assert err.startswith("another copy is running: find since 2")
        assert "at work: find since 2" in inv("doctor", "--offline")[1]
        assert "crashed" not in inv("status")[1] + (host.state / "log" / "shepherd.log").read_text()


def test_what_was_killed_in_another_container_crashed_and_the_next_run_says_so(host: Host) -> None:
    with at_work(host):
        pass
    assert ended(host.start("lock.status", inside=pod("pod-b")))[1].startswith("crashed: find since 2")
    assert ended(host.start("find", inside=pod("pod-b")))[0] == 0
    (crashed,) = host.events("crashed")
    assert crashed["because"].startswith("crashed at find: process ")


def test_a_hang_in_another_container_is_suspected_and_says_where_to_end_it(host: Host) -> None:
    with at_work(host):
        record = records.read(host.state)
        assert record is not None
        settings = replace(host.project.settings, run=replace(host.project.settings.run, stale_after=0))
        life = records.life(record, *gate.work_locks(host.state))
        assert life == "held"
        hang = situation.hang_of(settings, record, life)
        assert hang is not None
        assert (hang.host, hang.pid) == ("pod-a", record.pid)
        assert records.where(record) == " on pod-a"


def test_who_has_just_taken_the_lock_from_one_that_crashed_does_not_hang(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare_state(host.state)
    left = replace(records.own("find", NOW), pid_namespace="pid:[1]", began=-1e6)
    records.publish(host.state, left)
    with gate.work(host.state):
        assert records.look(host.state) == (left, "held")
        # meanwhile it has written its own
        monkeypatch.setattr(
            situation, "sleep", lambda _: records.publish(host.state, records.own("find", NOW))
        )
        assert situation.hang_of(host.project.settings, left, "held") is None


def test_a_pid_of_another_container_that_is_also_ours_is_not_us(host: Host) -> None:
    prepare_state(host.state)
    left = replace(records.own("find", NOW), pid_namespace="pid:[1]", noted=True)
    records.publish(host.state, left)
    assert not records.is_own(left)
    assert situation.situation(host.project.settings).stages["find"].failure.startswith("crashed at find")


@pytest.mark.parametrize(
    ("pid_namespace", "lock_held", "life"),
    [("pid:[1]", True, "held"), ("pid:[1]", False, "gone"), ("", True, "held"), ("", False, "gone")],
)
def test_where_the_process_is_not_to_be_seen_the_lock_tells(
    host: Host, pid_namespace: str, lock_held: bool, life: str
) -> None:
    prepare_state(host.state)
    own = records.own("find", NOW)
    # as an older release wrote it, too
    record = replace(own, pid_namespace=pid_namespace, started=own.started - 900)
    locks = gate.work_locks(host.state)
    if not lock_held:
        assert records.life(record, *locks) == life
        return
    with gate.work(host.state):
        assert records.life(record, *locks) == life
        # the kernel's word about a process of our own needs no lock
        assert records.life(replace(record, pid_namespace=own.pid_namespace), *locks) == "gone"


def test_looking_at_the_lock_costs_nobody_a_run(host: Host) -> None:
    prepare_state(host.state)
    handle = os.open(host.state / "run" / "work.lock", os.O_RDWR | os.O_CREAT)
    try:
        import fcntl
        import threading

        fcntl.flock(handle, fcntl.LOCK_SH)
        threading.Timer(0.02, os.close, (handle,)).start()
        with gate.work(host.state):
            pass
    except BaseException:
        os.close(handle)
        raise


def test_a_run_that_ends_while_it_is_looked_at_did_not_crash(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare_state(host.state)
    records.publish(host.state, replace(records.own("find", NOW), pid_namespace="pid:[1]"))

    def ends(*_: object) -> bool:
        records.path_of(host.state).unlink()
        return False

    monkeypatch.setattr(records, "held", ends)
    assert records.look(host.state) is None


def test_an_upgrade_waits_for_another_container_and_names_it(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    with at_work(host):
        # what an upgrade in a third container sees: none of the processes
        monkeypatch.setattr(gate, "holders", lambda _: [])
        named = pytest.raises(DeadlineError, match=r"still at work: process \d+ on pod-a;")
        with named, quiet(host.state, 1.0, lines.append):
            pass
    assert len(lines) < 5


def test_a_record_names_its_namespace_and_an_older_one_is_read(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    record = records.own("find", NOW)
    assert record.pid_namespace == str(Path("/proc/self/ns/pid").readlink())
    records.publish(tmp_path, record)
    path = records.path_of(tmp_path)
    path.write_text(path.read_text().replace(f',"pid_namespace":"{record.pid_namespace}"', ""))
    assert records.look(tmp_path) == (replace(record, pid_namespace=""), "lives")
    assert timedelta(0) <= datetime.now(UTC) - record.since


def test_the_first_process_of_a_container_ends_cleanly_by_sigterm(host: Host) -> None:
    with at_work(host) as process:
        record = records.read(host.state)
        assert record is not None
        assert record.pid == 1
        (first,) = psutil.Process(process.pid).children()
        first.send_signal(signal.SIGTERM)
        assert ended(process)[0] == 1
        assert records.read(host.state) is None
    (last,) = host.events("END")
    assert last["exit"] == "1"
