"""FIFOs, sockets, devices and folders where the shepherd has files: one sentence each, and nobody waits."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shepherd import plainfile
from shepherd.limits import DeadlineError, limited
from tests.bad_input.saying import Inv
from tests.project import Project

FILES = (
    "shepherd.db",
    "shepherd.db-wal",
    "shepherd.db-journal",
    "maintenance.txt",
    "snapshots/stable/latest.json",
    "snapshots/stable/KEPT.json",
    "log/shepherd.log",
    "log/shepherd.lock",
    "run/gate.lock",
    "run/work.lock",
    "run/page.lock",
    "run/record.json",
    "run/stages.json",
    "run/aborts.json",
    "run/cron-said",
    "run/first-abort",
    "run/upgrade.json",
    "report/stable.html",
    "report/stable.sha",
    "report/stable.answer.json",
    "report",
    "run",
    "snapshots",
    "log",
)
COMMANDS = (
    "run",
    "find judge report",
    "status",
    "status --sha",
    "landings",
    "history",
    "lock.status",
    "maintenance.status",
    "verdict r3 ok --reason=x",
    "doctor --offline",
)


def fifo(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()


def a_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # its path may be longer than one of a socket may be
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.chdir(here)


def a_file(path: Path) -> None:
    path.write_text("a file")


@pytest.fixture
def place(project: Project, ran: None) -> Iterator[Callable[[str, Callable[[Path], None]], Path]]:
    """Puts something odd where a file or a folder of the shepherd was."""

    def put(name: str, odd: Callable[[Path], None]) -> Path:
        path = project.state / name
        if "KEPT" in name:
            path = next(each for each in path.parent.iterdir() if each.name != "latest.json")
        if path.is_dir():
            path.rename(project.folder / f"old-{path.name}")
        path.unlink(missing_ok=True)
        path.parent.mkdir(exist_ok=True)
        odd(path)
        return path

    yield put


@pytest.mark.parametrize(
    "odd", [fifo, *(pytest.param(each, marks=pytest.mark.real) for each in (folder, a_socket, a_file))]
)
@pytest.mark.parametrize("name", FILES)
def test_nobody_waits_and_there_is_no_traceback(
    inv: Inv, place: Callable[[str, Callable[[Path], None]], Path], odd: Callable[[Path], None], name: str
) -> None:
    path = place(name, odd)
    for command in COMMANDS:
        with limited(20, DeadlineError(f"{command} waits for {path}")):
            said = inv(*command.split())
        assert "Traceback" not in said.err + said.out, command
        assert not re.search(r"unexpected |\[Errno", said.err), (command, said.err)
        if said.code == 1:
            assert len(said.err.splitlines()) >= 1, command


@pytest.mark.parametrize("odd", [fifo, folder, a_socket], ids=lambda odd: odd.__name__)
def test_whatever_the_switch_is_it_is_on(
    project: Project,
    inv: Inv,
    place: Callable[[str, Callable[[Path], None]], Path],
    odd: Callable[[Path], None],
) -> None:
    place("maintenance.txt", odd)
    for command in ("run", "find", "verdict r3 ok --reason=x"):
        assert inv(*command.split()).code == 3
    assert "maintenance" in inv("status").out
    assert inv("maintenance.off").code == 0
    assert inv("find").code == 0


def test_a_report_directory_that_is_a_file(project: Project, inv: Inv, ran: None) -> None:
    report = project.state / "report"
    report.rename(project.folder / "old")
    report.write_text("a file")
    inv("report").sentence(1, str(report), "cannot be made a folder")
    assert inv("run").code == 1
    assert report.read_text() == "a file"
    report.unlink()
    assert inv("report").code == 0


def test_a_snapshot_that_is_a_fifo_is_no_data_until_it_is_judged_anew(
    inv: Inv, place: Callable[[str, Callable[[Path], None]], Path]
) -> None:
    path = place("snapshots/stable/latest.json", fifo)
    inv("status").sentence(5, str(path), "is not a regular file", "inv judge")
    assert inv("status", "--sha").out == ""
    assert inv("judge").code == 0
    assert inv("status").code == 0


def test_a_device_is_read_no_further(tmp_path: Path) -> None:
    with pytest.raises(plainfile.UnreadableFileError, match="is not a regular file"):
        plainfile.content(Path("/dev/zero"), 10)
    assert plainfile.odd_for_sqlite(tmp_path / "shepherd.db") is None
    (tmp_path / "shepherd.db-journal").mkdir()
    assert plainfile.odd_for_sqlite(tmp_path / "shepherd.db") == tmp_path / "shepherd.db-journal"


def test_a_mailmap_of_33_mb_is_not_used_and_that_is_said(project: Project, inv: Inv, ran: None) -> None:
    """git itself takes a minute for it."""
    line = "Ann Example <ann@example.org> <x{:07}@example.org>\n"
    huge = "".join(line.format(number) for number in range(600_000))
    assert len(huge) > 29_000_000
    project.repo.commit("[bug=1] Names", files={".mailmap": huge}, author="Bob <x0000001@example.org>")
    with limited(30, DeadlineError("the mailmap is read")):
        found = inv("find")
    assert (found.code, ".mailmap is not used (it has" in found.out) == (0, True), found
    assert inv("judge").code == 0
    assert ".mailmap is not used" in inv("status").out.replace("\n  ", " ")
    assert "Bob" in inv("explain", "tip").out
    project.repo.commit("[bug=1] Fewer", files={".mailmap": huge[:900_000]})
    assert ".mailmap" not in inv("find").out
    assert inv("judge").code == 0
    assert "Ann Example" in inv("explain", "r4").out
