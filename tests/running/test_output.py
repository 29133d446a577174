"""Output that cannot be written stops no work, and is no success of who only prints
(docs/interfaces.md#commands)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.inv import ROOT
from tests.project import Project

pytestmark = pytest.mark.real

WAYS = [">/dev/full", ">/dev/full 2>&1", ">&-", ">&- 2>&-", "<&- >&- 2>&-"]


def inv(project: Project, words: str, how: str, **popen: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f"exec {sys.executable} -m invoke {words} {how}"],
        cwd=ROOT,
        env=os.environ | {"SHEPHERD_CONFIG": str(project.folder / "shepherd.toml"), "SHEPHERD_WHO": "ann"},
        text=True,
        timeout=60,
        check=False,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | popen,
    )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.deploy(project.land("[no-qa] One", "[no-qa] Two")[0])
    return project


@pytest.mark.parametrize("how", [*WAYS, "2>/dev/full"])
@pytest.mark.parametrize("words", ["run", "find judge report"])
def test_a_worker_does_its_work(project: Project, words: str, how: str) -> None:
    assert inv(project, "find judge", "").returncode == 0
    (tip,) = project.land("[no-qa] Three")
    done = inv(project, words, how)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done
    assert inv(project, "status --sha", "").stdout == f"{tip}\n"
    assert (project.state / "shepherd.db").read_bytes().startswith(b"SQLite format 3\0")


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("words", ["status", "status --sha", "lock.status", "run landings"])
def test_a_reader_that_cannot_print_its_answer_has_failed(project: Project, words: str, how: str) -> None:
    assert inv(project, "find judge", "").returncode == 0
    done = inv(project, words, how)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done
    if "2>" not in how:
        assert "the answer could not be written to standard output: " in done.stderr


@pytest.mark.parametrize("words", ["landings", "find judge"])
def test_who_has_read_enough_misses_nothing(project: Project, words: str) -> None:
    assert inv(project, "find judge", "").returncode == 0
    read, written = os.pipe()
    os.close(read)
    done = inv(project, words, "", stdout=written)
    os.close(written)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_a_child_complains_of_is_written_into_no_file_of_ours(tmp_path: Path) -> None:
    """The next file that is opened would get the number of the stream that is closed, and a child its end."""
    file = tmp_path / "precious"
    program = (
        "import shepherd.running.tasking, subprocess, sys\n"
        f"with open({str(file)!r}, 'w') as precious:\n"
        "    subprocess.run(['sh', '-c', 'echo noise; echo noise >&2'])\n"
        "    precious.write('all')\n"
    )
    subprocess.run(
        ["sh", "-c", 'exec "$0" -c "$1" <&- >&- 2>&-', sys.executable, program], cwd=ROOT, check=True
    )
    assert file.read_text() == "all"
