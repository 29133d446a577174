"""Run records inform, whatever happened to them; the next run says what it found
(docs/running.md#one-copy-at-a-time)."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from shepherd.plainfile import UnreadableFileError
from shepherd.running import gate, records
from shepherd.running.lock import lock_status
from shepherd.running.runner import prepare_state
from shepherd.running.situation import situation
from shepherd.running.state_place import StatePlace
from tests.running.host import Host, after_the_first_run, end, ended, work
from tests.waiting import until

pytestmark = pytest.mark.real

NOW = datetime.now(UTC)
OWN = records.own("find", NOW)


@pytest.fixture
def sleeper() -> Any:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def record_of(pid: int) -> records.Record:
    """What that process would have written."""
    import psutil

    return replace(
        OWN, stage="judge", pid=pid, started=psutil.Process(pid).create_time() - psutil.boot_time()
    )


def put(host: Host, record: records.Record) -> None:
    prepare_state(host.state)
    records.publish(host.state, record)


def test_our_own_record_lives() -> None:
    assert records.life(OWN) == "lives"


def test_a_process_that_ended_is_gone(sleeper: Any) -> None:
    record = record_of(sleeper.pid)
    assert records.life(record) == "lives"
    sleeper.communicate()
    assert records.life(record) == "gone"


def test_where_the_system_cannot_be_asked_nothing_is_said_of_a_process(
    sleeper: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psutil

    record = replace(record_of(sleeper.pid), pid_namespace="")

    def full() -> float:
        raise OSError(24, "Too many open files", "/proc/stat")

    monkeypatch.setattr(psutil, "boot_time", full)
    assert records.life(record) == "unknown"


def test_a_zombie_is_gone(sleeper: Any) -> None:
    record = record_of(sleeper.pid)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert Path(f"/proc/{sleeper.pid}/stat").exists()
    assert records.life(record) == "gone"


def test_a_process_that_took_over_the_pid_is_another(sleeper: Any) -> None:
    record = record_of(sleeper.pid)
    assert records.life(replace(record, started=record.started - 900)) == "gone"


def test_after_a_boot_every_process_is_another() -> None:
    assert records.life(replace(OWN, boot_id="an earlier one")) == "gone"


def test_of_another_host_nothing_is_claimed() -> None:
    assert records.life(replace(OWN, boot_id="elsewhere", host="qa2.example")) == "unknown"


@pytest.mark.parametrize("pid", [-1, 0, 2**31, 2**80])
def test_impossible_pids_do_no_harm(tmp_path: Path, pid: int) -> None:
    (tmp_path / "run").mkdir()
    document = msgspec.to_builtins(OWN) | {"pid": pid}
    import json

    records.path_of(tmp_path).write_text(json.dumps(document))
    try:
        record = records.read(tmp_path)
    except UnreadableFileError:
        return
    assert record is not None
    assert records.life(record) == "gone"


@pytest.mark.parametrize("hours", [-5, 5])
def test_ages_do_not_follow_a_clock_that_jumps(hours: int) -> None:
    record = OWN
    assert records.seconds(record, NOW + timedelta(hours=hours)) < 3600


HALF: dict[str, Callable[[Path], Any]] = {
    "half-written": lambda path: path.write_text('{"pid": 12, "sta'),
    "empty": lambda path: path.touch(),
    "binary": lambda path: path.write_bytes(bytes(range(256))),
    "huge": lambda path: path.write_bytes(b"{" * 1_000_000),
    "another program's": lambda path: path.write_text("[]"),
    "a folder": lambda path: (path / "x").mkdir(parents=True),
    "a FIFO": os.mkfifo,
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "a time without a zone": lambda path: path.write_bytes(
        msgspec.json.encode(replace(OWN, since=datetime(2011, 1, 1)))  # noqa: DTZ001  # a time without zone is what is tried
    ),
}


@pytest.mark.parametrize("how", HALF)
def test_a_record_that_says_nothing_is_said_so_and_stops_nobody(
    host: Host, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare_state(host.state)
    HALF[how](records.path_of(host.state))
    assert lock_status(StatePlace(host.state), json=False) == 0
    printed = capsys.readouterr().out
    assert "record.json" in printed
    assert "nothing holds the lock" in printed
    work(host, "find")
    (crashed,) = host.events("crashed")
    assert crashed["because"].startswith("the record of an earlier run ")
    assert not os.path.lexists(records.path_of(host.state))


def test_a_holder_without_a_readable_record_is_named_by_the_kernel(host: Host) -> None:
    prepare_state(host.state)
    records.path_of(host.state).write_text("{")
    with gate.work(host.state):
        code, _, err = host.inv("find")
    assert code == 4
    assert f"process {os.getpid()}" in err
    assert "record.json is damaged" in err


def test_a_busy_answer_names_stage_process_person_and_what_to_do(host: Host) -> None:
    run = host.working("run")
    try:
        code, _, err = host.inv("judge")
        assert code == 4
        for word in ("find since 20", f"process {run.pid} of ", ": inv run; ", "--wait 60"):
            assert word in err
        assert host.inv("lock.status")[1].startswith("running: find since ")
        assert len(host.events("refused")) == 1
    finally:
        end(run)


def test_another_users_record_is_told_like_any_other(host: Host, sleeper: Any) -> None:
    put(host, replace(record_of(sleeper.pid), user="mallory\x1b[2J"))
    if os.geteuid() == 0:
        os.chown(records.path_of(host.state), 12345, 12345)
    _, out, _ = host.inv("lock.status")
    assert f"process {sleeper.pid} of mallory [2J on " in out
    assert host.inv("find")[0] == 0
    assert "lives, but lost its lock" in host.events("crashed")[0]["because"]


def test_a_reused_pid_is_a_crash(host: Host, sleeper: Any) -> None:
    record = record_of(sleeper.pid)
    put(host, replace(record, started=record.started - 900))
    _crash_is_told(host, sleeper.pid, "judge")


def test_a_record_from_the_future_is_no_hang(host: Host, sleeper: Any) -> None:
    put(host, replace(record_of(sleeper.pid), since=NOW + timedelta(days=3)))
    assert host.inv("lock.status")[1].startswith("running: judge since ")


def test_kill_9(host: Host) -> None:
    run = host.working()
    run.send_signal(signal.SIGKILL)
    run.communicate()
    _crash_is_told(host, run.pid, "find")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_polite_end_is_clean(host: Host, number: signal.Signals) -> None:
    run = host.working()
    run.send_signal(number)
    code, _, err = ended(run)
    assert code == 1
    assert "Traceback" not in err
    (last,) = host.events("END")
    assert last["exit"] == "1"
    assert not records.path_of(host.state).exists()
    code, _, err = host.inv("find")
    assert (code, after_the_first_run(err)) == (0, "")
    assert host.events("crashed") == []


@pytest.mark.parametrize("room", [0, 100, 400, 4000])
def test_a_full_disk_is_one_sentence_and_the_next_run_works(host: Host, room: int) -> None:
    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    code, _, err = host.inv("run", preexec_fn=fill)
    assert code == 1
    assert "cannot be written" in err or "disk I/O error (look at the disk" in err
    assert "Traceback" not in err
    assert host.inv("run")[0] == 0
    assert not records.path_of(host.state).exists()


def test_a_vanished_run_folder_makes_no_second_worker(host: Host) -> None:
    run = host.working(seconds=4)
    shutil.rmtree(host.state / "run")
    code, _, err = host.inv("judge")
    assert code == 4
    assert "another copy is running" in err
    assert ended(run)[0] == 0
    assert host.inv("judge")[::2] == (0, "")


def test_a_run_folder_that_vanished_between_two_runs_is_made_anew(host: Host) -> None:
    assert host.inv("find")[0] == 0
    shutil.rmtree(host.state / "run")
    assert host.inv("judge")[::2] == (0, "")
    assert (host.state / "run").stat().st_mode & 0o777 == 0o700


def test_who_waits_gets_its_turn(host: Host) -> None:
    run = host.working(seconds=2)
    begun = time.monotonic()
    assert host.inv("judge", "--wait", "30")[::2] == (0, "")
    assert time.monotonic() - begun > 1
    assert ended(run)[0] == 0


def _crash_is_told(host: Host, pid: int, stage: str) -> None:
    """Before the next run by readers, after it by the log, and then it is over."""
    _, out, _ = host.inv("lock.status")
    assert out.startswith(f"crashed: {stage} since ")
    code, _, err = host.inv("run")
    assert (code, after_the_first_run(err)) == (0, "")
    (crashed,) = host.events("crashed")
    assert crashed["because"].startswith(f"crashed at {stage}: process {pid}, at work since ")
    assert host.inv("lock.status")[1] == "nothing is running\n"


def test_a_crash_is_on_the_page_until_the_stage_ran_well(host: Host) -> None:
    assert host.inv("run")[0] == 0
    run = host.working()
    run.send_signal(signal.SIGKILL)
    run.communicate()
    assert host.inv("status")[1].startswith("no data: find failed at ")
    until(lambda: host.inv("judge")[0] == 0)
    assert host.inv("status")[1].startswith("no data: find failed at ")
    assert host.inv("find")[0] == 0
    assert "find failed" not in host.inv("status")[1]


def test_a_crashed_word_of_a_person_is_no_failing_stage(host: Host) -> None:
    put(host, replace(OWN, stage="verdict", boot_id="an earlier one"))
    assert situation(host.project.settings).stages == {}
    work(host, "find")
    assert situation(host.project.settings).stages == {}
