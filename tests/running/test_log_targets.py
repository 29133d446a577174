"""What `[log]` of the settings makes of the log (docs/log.md)."""

from __future__ import annotations

import ast
import json
import re
import socket
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shepherd.errors import SettingsError
from shepherd.running import cron, log_targets
from shepherd.running.log import line, parse
from shepherd.running.log_targets import EVENTS, LONGEST, EventLog, as_json, level_of
from shepherd.settings.model import LogSettings
from tests.inv import ROOT, inv
from tests.running.host import Host

AT = datetime(2011, 8, 24, 10, 15, tzinfo=UTC)
START = line(AT, run="1", stage="find", event="START", branch="all", pid=7)
FAILED = line(AT, run="1", stage="find", event="END", branch="all", seconds=0.5, exit=5, failure="no git")
REFUSED = line(AT, run="1", stage="run", event="refused", branch="all", exit=4, because="busy")


@pytest.fixture(autouse=True)
def nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_targets, "_lost", set())


@pytest.fixture
def daemon() -> Iterator[socket.socket]:
    """What listens where a syslog daemon would."""
    # the path of a socket has 107 bytes
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as here:
        here.bind(f"{folder}/log")
        here.settimeout(10)
        yield here


def test_json_has_the_same_keys_and_their_values(tmp_path: Path) -> None:
    log = EventLog(LogSettings(format="json"), tmp_path / "shepherd.log")
    log.write(START)
    log.write(FAILED)
    first, second = map(json.loads, (tmp_path / "shepherd.log").read_text().splitlines())
    assert first == {
        "at": "2011-08-24T10:15:00Z",
        "level": "info",
        "run": "1",
        "stage": "find",
        "event": "START",
        "branch": "all",
        "pid": 7,
    }
    keys = ("level", "seconds", "exit", "failure")
    assert [second[key] for key in keys] == ["error", 0.5, 5, "no git"]


@given(some.text() | some.text('\r\n\x85\u2028\x1c"\\= é\ud800‮', min_size=1))
def test_hostile_text_stays_on_its_line_of_json_and_reads_back(value: str) -> None:
    text = as_json(line(AT, event="landing", evidence=value))
    assert text.splitlines() == [text]
    assert json.loads(text)["evidence"] == value
    assert parse(text) == {
        "at": "2011-08-24T10:15:00Z",
        "level": "info",
        "event": "landing",
        "evidence": value,
    }


@pytest.mark.parametrize(
    ("level", "written"),
    [("info", [START, REFUSED, FAILED]), ("warning", [REFUSED, FAILED]), ("error", [FAILED])],
)
def test_the_least_that_is_written(
    tmp_path: Path, level: Literal["info", "warning", "error"], written: list[str]
) -> None:
    log = EventLog(LogSettings(level=level), tmp_path / "shepherd.log")
    for event in (START, REFUSED, FAILED):
        log.write(event)
    assert (tmp_path / "shepherd.log").read_text().splitlines() == written


@pytest.mark.parametrize(
    ("fields", "level"),
    [
        ({"event": "END", "exit": 0}, "info"),
        ({"event": "END", "exit": 5}, "warning"),
        ({"event": "END", "exit": 7, "failure": "x"}, "error"),
        ({"event": "act", "what": "mail", "result": "done"}, "info"),
        ({"event": "act", "what": "mail", "result": "unsure"}, "warning"),
        ({"event": "act", "what": "mail", "result": "failed"}, "error"),
        ({"event": "source", "result": "moved"}, "warning"),
        ({"event": "alarm", "result": "begins"}, "error"),
        ({"event": "alarm", "result": "is over"}, "info"),
        ({"event": "START", "unlocked": "x"}, "warning"),
        ({"event": "what nobody knows"}, "info"),
    ],
)
def test_how_serious_an_event_is(fields: dict[str, Any], level: str) -> None:
    assert level_of(fields) == level


def test_every_event_of_the_code_has_a_level_and_stands_in_the_docs() -> None:
    used = set()
    for path in ROOT.glob("shepherd/**/*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if not isinstance(call, ast.Call):
                continue
            name = ast.unparse(call.func).rpartition(".")[2]
            if ast.unparse(call.func) == "locked.tell":
                continue  # its word is the stage
            if name == "tell" or ast.unparse(call.func).startswith("locked.tell("):
                used |= {arg.value for arg in call.args[:1] if isinstance(arg, ast.Constant)}
            if name == "line":
                used |= {
                    word.value.value
                    for word in call.keywords
                    if word.arg == "event" and isinstance(word.value, ast.Constant)
                }
    assert used == EVENTS.keys()
    table = (ROOT / "docs" / "log.md").read_text().partition("## Events")[2].partition("\n## ")[0]
    documented = re.findall(r"^\| (`[^|]*`) \|", table, re.MULTILINE)
    assert set(re.findall(r"`([\w-]+)`", " ".join(documented))) == EVENTS.keys()


@pytest.mark.parametrize(("event", "priority"), [(START, 30), (REFUSED, 28), (FAILED, 27)])
def test_syslog_gets_one_datagram_an_event(
    tmp_path: Path, daemon: socket.socket, event: Any, priority: int
) -> None:
    EventLog(LogSettings(to="syslog"), tmp_path / "shepherd.log", daemon.getsockname()).write(event)
    head, _, text = daemon.recv(10_000).decode().partition("]: ")
    assert re.fullmatch(rf"<{priority}>shepherd\[\d+", head)
    assert text == event
    assert not (tmp_path / "shepherd.log").exists()


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_is_too_long_for_syslog_is_cut_and_can_be_parsed(
    tmp_path: Path, daemon: socket.socket, form: Literal["text", "json"]
) -> None:
    long = line(AT, run="1", event="bug", branch="all", traceback='é"\n' * 40_000, why="x" * 300)
    log = EventLog(LogSettings(to="syslog", format=form), tmp_path / "shepherd.log", daemon.getsockname())
    log.write(long)
    datagram = daemon.recv(200_000)
    assert LONGEST / 2 < len(datagram) <= LONGEST
    told = parse(datagram.decode().partition("]: ")[2])
    assert told["traceback"].startswith('é"\né"\n')
    assert told["traceback"].endswith("…")
    assert (told["event"], told["why"]) == ("bug", "x" * 300)


def test_without_a_syslog_daemon_the_file_is_written_and_that_is_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device, path = str(tmp_path / "gone"), tmp_path / "shepherd.log"
    for _ in range(2):
        log = EventLog(LogSettings(to="syslog"), path, device)
        log.write(START)
        log.write(FAILED)
    why = f"the log cannot be sent to {device} (No such file or directory): it is written to {path} instead"
    assert capsys.readouterr().err == f"{why}\n"
    told = [parse(text) for text in path.read_text().splitlines()]
    assert [(each["event"], each.get("unsent", "")) for each in told] == [
        ("START", why),
        ("END", ""),
        ("START", ""),
        ("END", ""),
    ]


def test_a_syslog_daemon_that_is_stopped_is_not_waited_for(
    tmp_path: Path, daemon: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_targets, "PATIENCE", 0.2)
    log = EventLog(LogSettings(to="syslog"), tmp_path / "shepherd.log", daemon.getsockname())
    # nobody reads: its queue runs full
    for _ in range(5000):
        log.write(START)
        if (tmp_path / "shepherd.log").exists():
            break
    assert "timed out" in (tmp_path / "shepherd.log").read_text().splitlines()[0]


def test_a_daemon_that_was_started_again_is_found(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        device = Path(folder, "log")
        log = EventLog(LogSettings(to="syslog"), tmp_path / "shepherd.log", str(device))
        for _ in range(2):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as here:
                here.bind(str(device))
                log.write(START)
                assert here.recv(10_000).endswith(START.encode())
            device.unlink()
    assert not (tmp_path / "shepherd.log").exists()


@pytest.mark.real
def test_a_run_that_logs_to_standard_error(tmp_path: Path) -> None:
    """All of it is there, in order; also with --cron, which collects what stages complain of."""
    host = Host(tmp_path, top='log = { to = "stderr", format = "json" }')
    for words in (["run"], ["run", "--cron"]):
        done = inv(host.project.folder, *words)
        told = [json.loads(text) for text in done.err.splitlines() if text.startswith("{")]
        stages = [each["stage"] for each in told if each["event"] == "END"]
        assert stages == ["find", "tag", "judge", "report", "backup", "archive"]
    assert not (host.state / "log" / "shepherd.log").exists()


@pytest.mark.real
def test_a_standard_error_that_takes_nothing_is_replaced_by_the_file(tmp_path: Path) -> None:
    host = Host(tmp_path, top='log = { to = "stderr" }')
    with Path("/dev/full").open("wb") as full:
        process = host.start("find", stderr=full)
        process.communicate(timeout=60)
    assert [each["exit"] for each in host.events("END")] == ["0"]
    assert "No space left on device" in host.events("START")[0]["unsent"]


@pytest.mark.real
def test_a_standard_error_that_is_closed_is_replaced_by_the_file(tmp_path: Path) -> None:
    host = Host(tmp_path, top='log = { to = "stderr" }')
    process = host.start("find", inside=["sh", "-c", 'exec "$@" 2>&-', "sh"])
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert [each["exit"] for each in host.events("END")] == ["0"]
    assert "it is closed" in host.events("START")[0]["unsent"]


def test_cron_is_not_installed_where_it_would_mail_the_log(tmp_path: Path) -> None:
    host = Host(tmp_path, top='log = { to = "stderr" }')
    with pytest.raises(SettingsError, match="cron mails all that stands on standard error"):
        cron.install(host.project.settings, "ann")
