"""One copy at a time: the kernel's locks (docs/running.md#one-copy-at-a-time)."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from shepherd.running import gate
from tests.running.host import SCALE, Host, ended

pytestmark = pytest.mark.real


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path


def test_one_works_at_a_time(state: Path) -> None:
    with gate.work(state), pytest.raises(gate.TakenError), gate.work(state):
        pass
    with gate.work(state):
        pass


def test_many_pass_the_gate_and_the_upgrade_waits_for_all_of_them(state: Path) -> None:
    with gate.gate(state), gate.gate(state), pytest.raises(gate.TakenError), gate.gate(state, exclusive=True):
        pass
    with gate.gate(state, exclusive=True), pytest.raises(gate.TakenError), gate.gate(state):
        pass


def test_who_waits_gets_it_when_it_is_free(state: Path) -> None:
    taken, begun = threading.Event(), time.monotonic()

    def hold() -> None:
        with gate.work(state):
            taken.set()
            time.sleep(0.3)

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait()
    with gate.work(state, wait=20):
        assert time.monotonic() - begun >= 0.3
    holder.join()


def test_who_waits_in_vain_stops_in_time(state: Path) -> None:
    with gate.work(state):
        begun = time.monotonic()
        with pytest.raises(gate.TakenError), gate.work(state, wait=0.2):
            pass
        assert 0.2 <= time.monotonic() - begun < 2


@pytest.mark.parametrize("gone", ["work.lock", ""])
def test_removing_the_lock_file_or_its_folder_does_not_free_the_lock(state: Path, gone: str) -> None:
    with gate.work(state):
        (state / "run" / gone).unlink() if gone else shutil.rmtree(state / "run")
        (state / "run").mkdir(exist_ok=True)
        with pytest.raises(gate.TakenError), gate.work(state):
            pass


def test_lock_files_stay_and_stay_empty(state: Path) -> None:
    with gate.gate(state), gate.work(state):
        pass
    assert {each.name: each.stat().st_size for each in (state / "run").iterdir()} == {
        "gate.lock": 0,
        "work.lock": 0,
    }


def test_the_kernel_names_who_holds_it(state: Path) -> None:
    with gate.work(state):
        assert gate.holders(state / "run" / "work.lock") == [os.getpid()]
    assert gate.holders(state / "run" / "work.lock") == []


def test_a_release_that_is_not_current_any_more_is_known(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / "releases" / name).mkdir(parents=True)
    (tmp_path / "current").symlink_to("releases/two")
    assert gate.upgraded(tmp_path / "releases" / "one")
    assert not gate.upgraded(tmp_path / "releases" / "two")
    assert not gate.upgraded(tmp_path / "a-checkout")


def test_a_closed_gate_is_busy_and_with_the_switch_on_maintenance(host: Host) -> None:
    assert host.inv("find")[0] == 0
    with gate.gate(host.state, exclusive=True):
        code, _, err = host.inv("judge")
        assert code == 4
        assert "upgrade" in err
        (host.state / "maintenance.txt").touch()
        assert host.inv("judge")[0] == 3
    assert [each["exit"] for each in host.events("refused")] == ["4", "3"]


def test_of_several_runs_one_works_and_the_others_name_it(host: Host) -> None:
    _race(host, copies=4, seconds=2.0)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_campaign_of_runs_at_once(host: Host) -> None:
    """200 rounds of 8 simultaneous runs of 2 seconds each."""
    for _ in range(max(1, round(200 * SCALE))):
        _race(host, copies=8, seconds=2.0)


def _race(host: Host, copies: int, seconds: float) -> None:
    """All at once: one does the work while a witness reads the record as fast as it can."""
    host.work_log.unlink(missing_ok=True)
    seen: set[int] = set()
    torn: list[bytes] = []
    over = threading.Event()

    def witness() -> None:
        while not over.is_set():
            try:
                content = (host.state / "run" / "record.json").read_bytes()
                seen.add(json.loads(content)["pid"])
            except FileNotFoundError:
                pass
            except ValueError:
                torn.append(content)
            time.sleep(0.005)

    watching = threading.Thread(target=witness)
    watching.start()
    try:
        runs = [host.start("run", work_seconds=seconds) for _ in range(copies)]
        results = {run.pid: ended(run) for run in runs}
    finally:
        over.set()
        watching.join()
    assert not torn
    at_once = most = 0
    for line in host.work_log.read_text().splitlines():
        at_once += 1 if line[0] == "+" else -1
        most = max(most, at_once)
    assert (most, at_once) == (1, 0)
    workers = {pid for pid, (code, _, _) in results.items() if code == 0}
    # a slow starter may come when the first is done already: that is another run, and no second worker
    assert workers == seen, results
    # find and archive ask git for refs, each once
    assert 2 * len(workers) == len(host.work_log.read_text().splitlines()) / 2
    for pid, (code, _, err) in results.items():
        if pid not in workers:
            assert code == 4
            assert any(f"process {worker}" in err for worker in workers), err
    assert not (host.state / "run" / "record.json").exists()
