"""What cron calls: the stages in order, each contained, silent when all is well
(docs/interfaces.md#commands, docs/running.md#one-copy-at-a-time)."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shepherd.limits import DeadlineError, limited
from shepherd.run import no_telling
from shepherd.running import run as run_module
from shepherd.running.news import NAME
from shepherd.running.refusals import BusyError, attend
from shepherd.running.run import RunStage, run
from shepherd.running.runner import StageResult
from shepherd.running.situation import aborts_of, keep_aborts, situation
from shepherd.running.stages import each_branch
from shepherd.running.tasking import TaskOptions
from shepherd.situation import Hang
from tests.running.host import Host, after_the_first_run, banner_of, end, outside_the_banner, work
from tests.running.smtp import Server, serving
from tests.waiting import until

pytestmark = pytest.mark.real


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def test_one_line_at_the_end_tells_all(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(TaskOptions(host.project.settings, "ann")) == 0
    out, err = capsys.readouterr()
    assert after_the_first_run(err) == ""
    line = out.splitlines()[-1]
    assert [word for word in line.replace(",", "").split() if not word[0].isdigit()] == [
        "run:", "find", "s", "tag", "s", "judge", "s", "report", "s", "backup", "s", "archive", "s",
    ]  # fmt: skip
    assert [each["stage"] for each in host.events("START")] == [
        "find",
        "tag",
        "judge",
        "report",
        "backup",
        "archive",
    ]
    assert len({each["run"] for each in host.events("END")}) == 1


def test_cron_hears_of_a_first_run_once(host: Host) -> None:
    code, out, err = host.inv("run", "--cron")
    assert (code, out, after_the_first_run(err)) == (0, "", "")
    assert host.inv("run", "--cron") == (0, "", "")


def test_cron_hears_nothing_when_all_is_well(host: Host) -> None:
    assert host.inv("run")[0] == 0
    assert host.inv("run", "--cron") == (0, "", "")
    assert "deploy r2" in host.page()


def test_a_tracker_that_is_down_does_not_stop_the_page_from_saying_so(host: Host) -> None:
    assert host.inv("run")[0] == 0
    (host.project.folder / "bugs.json").unlink()
    code, out, err = host.inv("run", "--cron")
    assert (code, out) == (5, "")
    assert "run: find " in err
    assert "no data" in host.page()
    assert "bugs.json" in host.page()


def test_cron_hears_the_same_failure_once_and_every_other_at_once(host: Host) -> None:
    bugs = host.project.folder / "bugs.json"
    kept = bugs.read_text()
    bugs.unlink()
    code, out, err = host.inv("run", "--cron")
    assert (code, out) == (5, "") and "bugs.json" in err and "run: find " in err
    for _ in range(3):
        assert host.inv("run", "--cron") == (5, "", "")
    assert "run: find " in host.inv("run")[1], "a person hears it every time"
    bugs.write_text("no JSON")
    assert "bugs.json" in host.inv("run", "--cron")[2], "it is another failure"
    assert host.inv("run", "--cron") == (5, "", "")
    bugs.write_text(kept)
    assert host.inv("run", "--cron") == (0, "", "")
    bugs.write_text("no JSON")
    assert "bugs.json" in host.inv("run", "--cron")[2], "all was well in between"


def test_cron_hears_a_failure_that_lasts_once_a_day(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    (host.project.folder / "bugs.json").unlink()
    assert "bugs.json" in host.inv("run", "--cron")[2]
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    monkeypatch.setattr("shepherd.running.news.now", lambda: tomorrow)
    assert "bugs.json" in host.inv("run", "--cron")[2]
    assert host.inv("run", "--cron") == (5, "", "")


def test_what_a_dry_run_says_to_cron_is_not_remembered(host: Host) -> None:
    assert host.inv("run")[0] == 0
    (host.project.folder / "bugs.json").unlink()
    for _ in range(2):
        assert "bugs.json" in host.inv("run", "--cron", "--dry-run")[2]
    assert not (host.state / "run" / NAME).exists()


def test_a_source_that_is_down_does_not_stop_the_page_from_saying_so(host: Host) -> None:
    assert host.inv("run")[0] == 0
    host.project.repo.path.rename(host.project.folder / "away.git")
    code, out, err = host.inv("run")
    assert code == 5
    assert "run: find failed (5) " in out
    assert "project.git" in err
    (why,) = re.findall(r"\S*project\.git[^;]*", banner_of(host.page()))
    assert why
    assert "The system: 2 failed: find, tag" in banner_of(host.page())
    assert "no data" in host.page()
    assert situation(host.project.settings).stages["find"].failing


def test_a_bug_in_one_stage_is_contained_and_stands_in_the_log(
    host: Host, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(TaskOptions(host.project.settings, "ann")) == 0

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("by\nnought")

    monkeypatch.setattr(run_module, "STAGES", (RunStage("find", broken), *run_module.STAGES[1:]))
    assert run(TaskOptions(host.project.settings, "ann")) == 1
    assert "find: unexpected ZeroDivisionError" in capsys.readouterr().err
    assert "in broken" in host.events("bug")[0]["traceback"]
    assert [each["exit"] for each in host.events("END")][-5:] == ["1", "5", "5", "0", "0"]


def test_the_worst_exit_code_counts(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    stages = [
        RunStage(name, lambda *_, code=code: StageResult(code))
        for name, code in (("a", 7), ("b", 5), ("c", 8))
    ]
    monkeypatch.setattr(run_module, "STAGES", tuple(stages))
    assert run(TaskOptions(host.project.settings, "ann")) == 5


def test_a_report_that_works_again_does_not_call_itself_failing(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(run_module, "STAGES", (*run_module.STAGES[:2], RunStage("report", broken)))
    assert run(TaskOptions(host.project.settings, "ann")) == 1
    monkeypatch.undo()
    assert run(TaskOptions(host.project.settings, "ann")) == 0
    assert "failed at" not in host.page()


def test_a_word_that_was_misspelt_is_no_failure_of_the_shepherd(host: Host) -> None:
    assert host.inv("run")[0] == 0
    assert host.inv("verdict", "r99", "ok", "--reason", "x")[0] == 2
    assert situation(host.project.settings).stages.keys() == {
        "find",
        "tag",
        "judge",
        "report",
        "backup",
        "archive",
    }


def test_a_run_ends_itself_at_the_deadline_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deadline passes when git is at work, however long a machine under load takes to come to that."""
    host = Host(tmp_path, top="run = { deadline = '10m' }")
    assert host.inv("judge")[0] == 5
    monkeypatch.setenv("PATH", host.slow_git(60))
    deadlines: list[Any] = []

    def remembered(*given: Any) -> Any:
        deadlines.append(limited(*given))
        return deadlines[-1]

    def pass_the_deadline() -> None:
        until(lambda: host.work_log.exists() and host.work_log.read_text().endswith("\n"))
        deadlines[0].end = deadlines[0].due = time.monotonic()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)

    monkeypatch.setattr("shepherd.running.runner.limits.limited", remembered)
    clock = threading.Thread(target=pass_the_deadline)
    clock.start()
    code, _, err = host.inv("find")
    clock.join()
    assert code == 6
    assert "ended after 10m (run.deadline); what is left, the next run does; it was waiting for " in err
    assert host.events("END")[-1]["exit"] == "6"
    assert situation(host.project.settings).stages["find"].ended_by == "deadline"
    git = int(host.work_log.read_text().split()[1])
    until(lambda: not Path(f"/proc/{git}").exists())
    assert host.inv("lock.status")[1] == "nothing is running\n"
    assert host.events("crashed") == []


def test_a_stage_that_hangs_leaves_the_stages_after_it_their_turn(tmp_path: Path) -> None:
    """Half of the time that is left, and no more; its children end with it, and the page says it failed."""
    host = Host(tmp_path, top="run = { deadline = '30s' }")
    assert host.inv("run")[0] == 0
    host.project.write_settings(top="run = { deadline = '16s' }")
    code, out, err = host.inv("run", work_seconds=60)
    assert code == 5, "no data is worse than a limit that passed"
    assert "find: ended after 8 seconds (half of the time that was left" in err
    assert f"it was waiting for {host.project.repo.path}" in err
    assert [each["stage"] for each in host.events("END")][-5:] == ["find", "tag", "judge", "report", "backup"]
    assert "run: find failed (6) 8." in out
    assert "find failed at " in host.page()
    git = int(host.work_log.read_text().split()[1])
    until(lambda: not Path(f"/proc/{git}").exists())


def test_a_branch_that_hangs_leaves_the_others_their_turn(tmp_path: Path) -> None:
    def one(name: str) -> None:
        if name == "slow":
            time.sleep(60)
        done.append(name)

    done: list[str] = []
    with limited(2.0, DeadlineError("the stage")):
        ended = each_branch(["good", "slow", "better"], one)
    assert done == ["good", "better"]
    assert ended.code == 6
    assert ended.failure.startswith("slow: ended after 1 second (half of the time that was left")


def test_a_deadline_is_on_the_page(tmp_path: Path) -> None:
    host = Host(tmp_path, top="run = { deadline = '20s' }")
    assert host.inv("run")[0] == 0
    host.project.write_settings(top="run = { deadline = '1s' }")
    assert host.inv("find", work_seconds=60)[0] == 6
    assert "ended after 1s (run.deadline)" in host.page().partition("</header>")[0]


@pytest.fixture
def hanging(tmp_path: Path, server: Server) -> Iterator[Host]:
    top = (
        "run = { stale_after = '1s' }\n"
        f"mail = {{ sender = 'shepherd@example.org', smtp = '{server.place}',"
        " operators = ['ops@example.org', 'oncall@example.org'] }\n"
    )
    host = Host(tmp_path, top=top)
    assert run(TaskOptions(host.project.settings, "ann")) == 0
    process = host.working()
    process.send_signal(signal.SIGSTOP)
    until(lambda: "suspected hang" in host.inv("lock.status")[1])
    yield host
    end(process)


def test_a_suspended_run_is_a_suspected_hang_everywhere(hanging: Host, server: Server) -> None:
    before = hanging.page()
    code, out, err = hanging.inv("run", "--cron")
    assert (code, out) == (4, "")
    assert err.startswith("suspected hang: find since ")
    for _ in range(2):
        assert hanging.inv("run", "--cron") == (4, "", "")
    assert "suspected hang: find since " in hanging.inv("judge")[2]
    page = hanging.page()
    assert outside_the_banner(page) == outside_the_banner(before)
    banner = banner_of(page)
    assert "suspected hang: find has been going since 2" in banner
    assert "updates were aborted because of a suspected hang of find, last aborted run at 2" in banner
    assert len(hanging.events("refused")) == 4
    assert [to for to, _ in server.messages] == ["ops@example.org", "oncall@example.org"]
    assert "end it with: kill" in server.messages[0][1].replace("=\r\n", "").replace("\r\n", " ")
    assert "SUSPECTED HANG: find has been going" in hanging.inv("status")[1]


def test_a_mail_that_was_not_taken_is_tried_again_and_no_other_twice(hanging: Host, server: Server) -> None:
    server.refused.add("oncall@example.org")
    assert hanging.inv("run", "--cron")[0] == 4
    failed = [each for each in hanging.events("act") if each.get("result") == "failed"]
    assert [each["to"] for each in failed] == ["oncall@example.org"]
    server.refused.clear()
    assert hanging.inv("run", "--cron")[0] == 4
    assert [to for to, _ in server.messages] == ["ops@example.org", "oncall@example.org"]


def test_maintenance_does_not_hide_a_hang(hanging: Host) -> None:
    (hanging.state / "maintenance.txt").touch()
    assert "suspected hang" in hanging.inv("run", "--cron")[2]
    banner = hanging.page().partition("</header>")[0]
    assert "<b>maintenance:</b>" in banner
    assert "<b>suspected hang:</b>" in banner


def test_cron_hears_nothing_of_a_run_that_is_still_at_work(host: Host) -> None:
    process = host.working()
    try:
        assert host.inv("run", "--cron") == (4, "", "")
        assert host.inv("run")[2].startswith("another copy is running: find since ")
    finally:
        end(process)


def test_the_page_is_written_anew_once_a_minute(host: Host) -> None:
    assert run(TaskOptions(host.project.settings, "ann")) == 0
    (host.state / "maintenance.txt").touch()
    for _ in range(3):
        assert run(TaskOptions(host.project.settings, "ann"), cron=True) == 3
    assert len([each for each in host.events("act") if each.get("because") == "the situation"]) == 1


def test_a_clock_that_was_set_back_does_not_stop_the_page(host: Host) -> None:
    assert run(TaskOptions(host.project.settings, "ann")) == 0
    (host.state / "maintenance.txt").touch()
    settings = host.project.settings
    keep_aborts(settings, type(aborts_of(settings))(page=datetime(2999, 1, 1, tzinfo=UTC)))
    assert run(TaskOptions(settings, "ann"), cron=True) == 3
    assert "maintenance.txt" in host.page()


def test_init_is_not_stopped_by_the_switch(host: Host) -> None:
    host.state.mkdir(exist_ok=True)
    (host.state / "maintenance.txt").touch()
    work(host, "init")
    assert host.events("END")[0]["exit"] == "0"


def test_without_a_mail_table_nothing_is_sent(host: Host) -> None:
    assert host.inv("run")[0] == 0
    refusal = BusyError("suspected hang", Hang("find", 4711, datetime(2011, 8, 24, tzinfo=UTC), "qa1"))
    attend(host.project.settings, refusal, no_telling)
    assert not any(kind.startswith("mail to ") for kind in aborts_of(host.project.settings).said)


@pytest.mark.parametrize("task", ["lock.status", "maintenance.status"])
def test_the_status_of_lock_and_switch_loads_nothing_heavy(host: Host, task: str) -> None:
    code = (
        "import sys; from invoke.main import program; "
        f"program.run(['inv', {task!r}], exit=False); "
        "print(*sorted({'psutil', 'sqlalchemy', 'jinja2', 'msgspec'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"SHEPHERD_CONFIG": str(host.project.folder / "shepherd.toml")},
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[1:] == [""], done.stderr
