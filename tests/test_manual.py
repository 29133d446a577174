"""What people ask the program about itself: its version, the manual page, completion at a prompt."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tasks
from shepherd import __version__
from shepherd.cli.manual import escaped, page
from tests.inv import ROOT


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """A folder with the command `shepherd`, as pip makes it."""
    program = tmp_path / "bin" / "shepherd"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m shepherd "$@"\n')
    program.chmod(0o755)
    return program.parent


def test_every_task_and_flag_is_in_the_manual_with_its_help() -> None:
    text = page(tasks.namespace)
    for name in tasks.namespace.task_names:
        task = tasks.namespace[name]
        assert f".SS {escaped(name)}" in text and escaped((task.__doc__ or "").strip()) in text
        helps = task.body.__dict__["help_of_flags"]
        assert [each.name for each in task.get_arguments() if not helps.get(str(each.name))] == []
        assert [each for each in helps.values() if escaped(each) not in text] == []


@pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")
def test_man_shows_it_without_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "shepherd.1"
    file.write_text(page(tasks.namespace))
    done = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", str(file)],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "MANWIDTH": "80", "LANG": "C.UTF-8"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    shown = re.sub(".\b", "", done.stdout).replace("\u2212", "-")
    assert "shepherd - tells which revision" in shown and "--despite" in shown


@pytest.mark.parametrize(
    ("text", "roff"),
    [
        (".de evil", r"\&.de evil"),
        ("'so /etc/passwd", r"\(aqso /etc/passwd"),
        (r"\n[.x]", r"\en[.x]"),
        ("two\n.sh lines", "two .sh lines"),
        ("--dry-run", r"\-\-dry\-run"),
    ],
)
def test_no_text_is_a_command_of_roff(text: str, roff: str) -> None:
    assert escaped(text).removeprefix(r"\&") == roff.removeprefix(r"\&")
    assert not escaped(text).startswith((".", "'"))


@pytest.mark.real
def test_the_version_is_our_own_also_in_a_release(bin_folder: Path, tmp_path: Path) -> None:
    def first_line(*words: str) -> str:
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
        return done.stdout.splitlines()[0]

    program = str(bin_folder / "shepherd")
    assert first_line(program, "--version") == first_line(program, "version")
    assert first_line(program, "version").startswith(f"QA Shepherd {__version__}")
    release = tmp_path / "releases" / "0007-3f9c2ab41d07"
    shutil.copytree(ROOT / "shepherd", release / "shepherd")

    def of_the_copy() -> str:
        words = [sys.executable, "-m", "shepherd", "--version"]
        return subprocess.run(words, cwd=release, capture_output=True, text=True).stdout

    (release / "release.json").write_text('{"commit": "3f9c2ab41d07aaaa"}')
    assert of_the_copy() == f"QA Shepherd {__version__} (release {release.name}, commit 3f9c2ab41d07aaaa)\n"


@pytest.mark.real
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("shepherd maint", {"maintenance.on", "maintenance.off", "maintenance.status"}),
        ("shepherd restore --de", {"--despite"}),
        ("shepherd explain --", {"--branch", "--json"}),
    ],
)
def test_bash_completes_tasks_and_their_flags(bin_folder: Path, words: str, expected: set[str]) -> None:
    script = (
        "source <(shepherd --print-completion-script bash) && complete -p shepherd >&2\n"
        f"COMP_WORDS=({words})\n_complete_shepherd shepherd {words.split()[-1]}\n"
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", script],
        env={"PATH": f"{bin_folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert expected <= {*done.stdout.split()}, done.stderr
    assert "-F _complete_shepherd" in done.stderr
