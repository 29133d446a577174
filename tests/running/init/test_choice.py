"""Who chooses what production runs: a person on a terminal, else the safest is taken; and what stands then in
the settings (docs/settings.md#deployed)."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shepherd.landing import Revision
from shepherd.running.init.choice import LARGE, narrowing, settings_lines
from shepherd.running.init.plan import plan
from shepherd.running.init.production import ProductionCandidate
from shepherd.settings import parse, read
from tests.gitrepo import Repo
from tests.inv import ROOT, inv
from tests.running.init.repos import first_parents

QUESTION = "Which one, 1 to 3? [1] "
PATIENCE = 60


@pytest.fixture
def choices(repo: Repo) -> Repo:
    """Ten landings; production by a branch at r5, a release at r8."""
    repo.set_ref("production", first_parents(repo)[4])
    repo.set_ref("refs/tags/v1.0", first_parents(repo)[7])
    return repo


class Terminal:
    """`inv init` with a terminal of its own."""

    def __init__(self, folder: Path, repo: Repo, *words: str) -> None:
        self.shown = ""
        self._main, other = pty.openpty()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "invoke", "--search-root", str(ROOT)),
                *("init", "--repository", str(repo.path), *words),
            ],
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "LANG": "C.UTF-8",
                "SHEPHERD_CONFIG": str(folder / "shepherd.toml"),
                "SHEPHERD_WHO": "tester",
            },
            stdin=other,
            stdout=other,
            stderr=other,
            preexec_fn=_own_terminal,
        )
        os.close(other)

    def answer(self, text: bytes) -> None:
        """Wait for the question, and type."""
        asked = self.shown.count(QUESTION)
        self._read(lambda: self.shown.count(QUESTION) > asked)
        os.write(self._main, text)

    def end(self) -> int:
        """Its exit code, after all that it shows was read."""
        self._read(lambda: False)
        os.close(self._main)
        return self._process.wait(PATIENCE)

    def _read(self, until: object) -> None:
        assert callable(until)
        end = time.monotonic() + PATIENCE
        while not until():
            ready, _, _ = select.select([self._main], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"it shows nothing more after {self.shown!r}"
            try:
                data = os.read(self._main, 65_536)
            except OSError:  # what Linux says once the other side is closed
                return
            self.shown += data.decode()


def _own_terminal() -> None:
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.mark.real
@pytest.mark.parametrize(
    ("typed", "pointer"),
    [([b"\n"], "production"), ([b"2\n"], "v*"), ([b"4\n", b"x\n", b"\xc2\xb2\n", b"3\n"], "recorded")],
)
def test_a_person_chooses_by_number(tmp_path: Path, choices: Repo, typed: list[bytes], pointer: str) -> None:
    terminal = Terminal(tmp_path, choices)
    for each in typed:
        terminal.answer(each)
    assert terminal.end() == 0, terminal.shown
    assert "  2. release v1.0, the newest of the tags v* (r8): 2 landings in QA\r\n" in terminal.shown
    deployed = read(tmp_path / "shepherd.toml").branches["stable"].deployed
    assert (deployed.ref or deployed.tags or "recorded") == pointer
    done = inv(tmp_path, "find", "judge")
    assert done.code == 0, done.err


@pytest.mark.real
@pytest.mark.parametrize(
    ("typed", "code", "says"),
    [(b"\x03", 1, "stopped by the keyboard"), (b"\x04", 2, "nothing was chosen, so nothing was written")],
)
def test_without_an_answer_nothing_is_written(
    tmp_path: Path, choices: Repo, typed: bytes, code: int, says: str
) -> None:
    terminal = Terminal(tmp_path, choices)
    terminal.answer(typed)
    ended = terminal.end()
    assert ended in (code, 128 + signal.SIGINT, -signal.SIGINT), terminal.shown
    assert says in terminal.shown
    assert sorted(path.name for path in tmp_path.iterdir()) == ["project.git"]


@pytest.mark.real
@pytest.mark.parametrize("words", [("--dry-run",), ("--deployed", "r9")])
def test_nobody_is_asked_where_nothing_is_to_be_chosen(
    tmp_path: Path, choices: Repo, words: tuple[str, ...]
) -> None:
    terminal = Terminal(tmp_path, choices, *words)
    assert terminal.end() == 0
    assert "Which one" not in terminal.shown


@pytest.mark.real
def test_without_a_terminal_the_safest_is_taken_and_the_others_are_one_paste_away(
    tmp_path: Path, choices: Repo
) -> None:
    done = inv(tmp_path, "init", "--repository", str(choices.path))
    assert done.code == 0, done.err
    assert "  1. the branch production (r5): 5 landings in QA\n" in done.out
    assert "Taken is 1" in done.out
    file = tmp_path / "shepherd.toml"
    text = file.read_text()
    assert read(file).branches["stable"].deployed.ref == "production"
    lines = text.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("deployed = "))
    assert (
        lines[begin + 2]
        == '# deployed = { tags = "v*" }     # release v1.0, the newest of the tags v* (r8): 2 landings in QA'
    )
    assert lines[begin + 3].endswith('0 landings in QA; then: inv deployed r10 --reason "it is live"')
    for number in (begin + 2, begin + 3):
        pasted = "\n".join([*lines[:begin], lines[number].removeprefix("# "), *lines[begin + 1 :]])
        deployed = parse(pasted, file).branches["stable"].deployed
        assert deployed.tags == "v*" or deployed.recorded


@pytest.mark.real
def test_where_there_is_no_choice_none_is_shown(tmp_path: Path, repo: Repo) -> None:
    done = inv(tmp_path, "init", "--repository", str(repo.path))
    assert done.code == 0 and "can be taken from" not in done.out
    assert "# Or, in place" not in (tmp_path / "shepherd.toml").read_text()


def test_the_choice_is_what_is_written_and_recorded(tmp_path: Path, choices: Repo) -> None:
    planned = plan(choices.path, tmp_path / "shepherd.toml", choose=lambda offered: offered[-1])
    assert planned.record == Revision(10, choices.tip())
    assert "deployed = { recorded = true }\n# Or," in planned.text
    assert planned.findings[1].startswith("Production: everything up to today (r10) counts as live;")


def many(window: int, *, record: bool) -> ProductionCandidate:
    return ProductionCandidate('{ ref = "live" }', "the branch live", Revision(3, "a" * 40), window, record)


def test_a_large_window_is_said_with_what_makes_it_smaller() -> None:
    file = Path("/etc/qa/shepherd.toml")
    assert narrowing(many(LARGE, record=False), file) == []
    (said,) = narrowing(many(LARGE + 1, record=False), file)
    assert "1,001 landings in QA" in said
    assert "write `deployed = { recorded = true }` in /etc/qa/shepherd.toml" in said
    assert "inv deployed REV --reason" in said
    (said,) = narrowing(many(LARGE + 1, record=True), file)
    assert "write" not in said and "inv deployed REV --reason" in said


@pytest.mark.real
def test_what_a_large_window_advises_makes_it_smaller(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "project.git")
    for number in range(LARGE + 2):
        repo.commit(f"Change {number}", {"file": str(number)})
    repo.set_ref("production", first_parents(repo)[0])
    done = inv(tmp_path, "init", "--repository", str(repo.path))
    assert "1,001 landings in QA are many for a first day" in done.out
    file = tmp_path / "shepherd.toml"
    file.write_text(
        file.read_text().replace('deployed = { ref = "production" }', "deployed = { recorded = true }")
    )
    done = inv(tmp_path, "deployed", "r1000", "--reason", "it is live")
    assert done.code == 0, done.err
    assert inv(tmp_path, "find", "judge").code == 0
    assert json.loads(inv(tmp_path, "status", "--json").out)["deployed"]["revno"] == 1000


def test_a_single_reading_stands_alone_in_the_settings() -> None:
    only = many(0, record=False)
    assert settings_lines(only, [only]) == 'deployed = { ref = "live" }'
