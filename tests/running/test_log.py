"""The log explains the tool: what it tells is enough to know every answer and every state
(docs/interfaces.md#log)."""

from __future__ import annotations

import fcntl
import gzip
import json
import multiprocessing
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shepherd.errors import StoreError
from shepherd.running import demo
from shepherd.running import log as module
from shepherd.running.log import Log, line, parse
from tests.campaigns.rebuilt import Rebuilt, answer_of
from tests.inv import inv
from tests.running.host import Host

AT = datetime(2011, 8, 24, 10, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo was."""
    directory = tmp_path_factory.mktemp("log") / "demo"
    demo.demo(str(directory))
    return directory


def lines(place: Path) -> list[str]:
    return (place / "var" / "log" / "shepherd.log").read_text().splitlines()


def test_answers_and_states_are_rebuilt_from_the_log_alone(place: Path) -> None:
    log = Rebuilt()
    for text in lines(place):
        log.read(text)
    folder = place / "var" / "snapshots" / "stable"
    kept = list(folder.glob("*.json.gz"))
    for path in kept:
        snapshot = json.loads(gzip.decompress(path.read_bytes()))
        states, answer = log.after[snapshot["run_id"]]
        assert answer == answer_of(snapshot)
        listed = {entry["id"]: entry["state"] for entry in snapshot["landings"]}
        assert {sha: states[sha] for sha in listed} == listed
        assert listed
    latest = json.loads((folder / "latest.json").read_bytes())
    assert log.answer == answer_of(latest)
    assert {entry["id"]: log.states[entry["id"]] for entry in latest["landings"]} == {
        entry["id"]: entry["state"] for entry in latest["landings"]
    }
    assert len(kept) >= 5
    assert len(set(log.states.values())) >= 8, "the demo has every state"


def test_every_run_of_the_log_begins_and_ends_once(place: Path) -> None:
    log = Rebuilt()
    for text in lines(place):
        log.read(text)
    assert len(log.runs) == len(set(log.runs)) == len(log.after) > 15


def test_every_line_says_when_and_in_which_run(place: Path) -> None:
    for text in lines(place):
        fields = parse(text)
        assert datetime.fromisoformat(fields["at"].replace("Z", "+00:00")).tzinfo
        assert fields["run"]
        assert fields["stage"]
        if fields["event"] in ("landing", "answer", "source", "tracker"):
            assert fields["branch"] == "stable"


def test_a_persons_word_is_told_with_who_and_why(place: Path) -> None:
    acts = [fields for fields in map(parse, lines(place)) if fields["event"] == "act"]
    verdicts = [fields for fields in acts if fields["what"] == "verdict"]
    assert {(fields["on"], fields["to"], fields["by"]) for fields in verdicts} >= {("r24", "ok", "Mia Holt")}
    assert all(fields["because"] for fields in verdicts)


@given(some.text() | some.text('\r\n\x85\u2028\x1c"\\= é\ud800', min_size=1), some.text("ab =\"'\\\n"))
def test_hostile_text_stays_on_its_line_and_reads_back(value: str, other: str) -> None:
    text = line(AT, event="landing", evidence=value, person=other, to="ok")
    assert text.splitlines() == [text]
    assert parse(text) == {
        "at": "2011-08-24T10:15:00Z",
        "event": "landing",
        "evidence": value,
        "person": other,
        "to": "ok",
    }


def test_no_terminal_obeys_a_line() -> None:
    assert line(AT, title="\x1b[2J\x9b31m‮").isprintable()


def _write_many(path: Path, writer: int, count: int) -> None:
    log = Log(path, largest=4000, kept=1000)
    for number in range(count):
        log.write(line(AT, event="landing", writer=writer, number=number, evidence="é" * (number % 40)))


def test_several_writers_that_rotate_lose_and_tear_no_line(tmp_path: Path) -> None:
    path = tmp_path / "log" / "shepherd.log"
    writers, count = 4, 150
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_write_many, args=(path, n, count)) for n in range(writers)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    rotated = sorted(path.parent.glob("shepherd.log.*"), key=lambda file: -int(file.suffix[1:]))
    files = [*rotated, path]
    assert len(files) > 10
    assert all(file.stat().st_size <= 4000 for file in files)
    told = [parse(text) for file in files for text in file.read_text().splitlines()]
    for writer in range(writers):
        numbers = [int(fields["number"]) for fields in told if fields["writer"] == str(writer)]
        assert numbers == list(range(count))
    assert len(told) == writers * count


def test_ten_are_kept(tmp_path: Path) -> None:
    log = Log(tmp_path / "shepherd.log", largest=100)
    for number in range(40):
        log.write(f"{number:060}")
    names = {path.name for path in tmp_path.iterdir()} - {"shepherd.lock"}
    assert names == {"shepherd.log", *(f"shepherd.log.{age}" for age in range(1, 11))}
    assert (tmp_path / "shepherd.log").read_text() == f"{39:060}\n"
    assert (tmp_path / "shepherd.log.10").read_text() == f"{29:060}\n"


def test_what_a_killed_writer_left_does_not_swallow_the_next_line(tmp_path: Path) -> None:
    path = tmp_path / "shepherd.log"
    path.write_text("2011-08-24T10:15:00Z run=1 stage=find event=STA")
    Log(path).write(line(AT, event="END"))
    assert path.read_text().splitlines()[1:] == ["2011-08-24T10:15:00Z event=END"]


def test_a_line_for_which_there_is_no_room_is_not_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, path = Log(tmp_path / "shepherd.log"), tmp_path / "shepherd.log"
    log.write("first")
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, content: write(handle, content[:3]))
    with pytest.raises(StoreError, match="No space left"):
        log.write("second")
    assert path.read_text() == "first\n"


def test_a_lock_that_is_held_costs_its_limit_once_and_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    path = tmp_path / "shepherd.log"
    log, other = Log(path, largest=500), Log(path, largest=500)
    log.write(line(AT, event="first"))
    with path.with_suffix(".lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        began = time.monotonic()
        for number in range(50):
            log.write(line(AT, event="act", number=number))
            other.write(line(AT, event="act", number=number + 50))
        assert time.monotonic() - began < 5, "not for each line"
        why = f"{path.with_suffix('.lock')} was held by process {os.getpid()} for 0.3 seconds"
        assert capsys.readouterr().err == f"{why}, so that the log is written without it\n"
    told = [parse(text) for text in path.read_text().splitlines()]
    assert sorted(int(each.get("number", -1)) for each in told) == list(range(-1, 100)), (
        "and none is rotated away"
    )
    assert [each["number"] for each in told if why in each.get("unlocked", "")] == ["0"]
    log.write(line(AT, event="last"))
    assert path.with_name("shepherd.log.1").is_file(), "what was put off"


def _write_unlocked(path: Path, writer: int, count: int) -> None:
    module.PATIENCE = 0.01
    log = Log(path)
    for number in range(count):
        log.write(line(AT, event="landing", writer=writer, number=number, evidence="é" * (number % 40)))


def test_several_writers_without_the_lock_lose_and_tear_no_line(tmp_path: Path) -> None:
    path, writers, count = tmp_path / "shepherd.log", 4, 150
    with path.with_suffix(".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        context = multiprocessing.get_context("fork")
        processes = [context.Process(target=_write_unlocked, args=(path, n, count)) for n in range(writers)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
    told = [parse(text) for text in path.read_text().splitlines() if text]
    assert sorted((int(each["writer"]), int(each["number"])) for each in told) == [
        (writer, number) for writer in range(writers) for number in range(count)
    ]


@pytest.mark.real
def test_a_run_beside_a_held_lock_of_the_log_does_its_work(tmp_path: Path) -> None:
    """It ends in time, says so to cron, too, and everything that it did stands in the log."""
    host = Host(tmp_path, top="run = { deadline = '40s' }")
    assert host.inv("run", apart=True)[0] == 0
    with (host.state / "log" / "shepherd.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        code, _, err = host.inv("run", "--cron", apart=True)
    assert code == 0
    assert "shepherd.lock was held by process" in err
    assert [each["stage"] for each in host.events("END")] == [
        "find",
        "tag",
        "judge",
        "report",
        "backup",
        "archive",
    ] * 2


@pytest.mark.parametrize("what", ["a folder", "a link", "a pipe"])
def test_only_a_regular_file_is_written(tmp_path: Path, what: str) -> None:
    path = tmp_path / "shepherd.log"
    if what == "a folder":
        path.mkdir()
    elif what == "a link":
        path.symlink_to("/dev/full")
    else:
        os.mkfifo(path)
    with pytest.raises(StoreError, match="cannot be written"):
        Log(path).write("text")


@pytest.mark.real
def test_every_line_names_its_run_and_its_branch(tmp_path: Path) -> None:
    assert inv(tmp_path, "demo", "--directory", str(tmp_path / "demo")).code == 0
    config = str(tmp_path / "demo" / "shepherd.toml")
    for command in (["maintenance.on", "--reason", "x"], ["run"], ["maintenance.off"]):
        inv(tmp_path, *command, SHEPHERD_CONFIG=config)
    lines = (tmp_path / "demo" / "var" / "log" / "shepherd.log").read_text().splitlines()
    assert lines
    for each in map(parse, lines):
        assert {"at", "run", "event", "branch"} <= each.keys(), each
