"""What people type, and what the program itself does with it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from shepherd.running.tasking import ROOT
from tests.bad_input.saying import (
    Inv,
    garbage,
    good_run,
    program,
)
from tests.project import Project

# Words

WORDS = [
    ["verdict", "r2", "maybe", "--reason=x"],
    ["verdict", "r2", "\x1b[2J", "--reason=x"],
    ["verdict", "r2", "ok"],
    ["verdict", "r2", "ok", "--reason= \n\t"],
    ["verdict", "r2", "ok", f"--reason={'long ' * 300}"],
    ["verdict", "r99", "ok", "--reason=x"],
    ["verdict", "promoted", "ok", "--reason=x"],
    *(
        ["verdict", rev, "ok", "--reason=x"]
        for rev in ("r0", "r99999999999", "HEAD~1", "stable", "r1..r2", "r\u0661", "abc", "", "\x1b[2J")
    ),
    ["cover", "r3", "--by=r2", "--reason=x"],
    ["cover", "r2", "--by=HEAD", "--reason=x"],
    ["uncover", "r2", "--by=r3"],
    ["deployed", "r2", "--reason=x"],
    ["explain", "\x1b[2J"],
    ["explain", "no-such-branch"],
    ["explain", "\U0001f411" * 1000],
    ["explain", "bug:99999999999"],
    ["landings", "--of=\x1b]0;title\x07"],
    ["landings", "--state=good\u202e"],
    ["whatif", "--ok=r99"],
    ["whatif", "--rollback=--upload-pack=x"],
    ["history", "--rev=..%2f"],
    ["find", "--branch=no\x9bsuch"],
    ["status", "--branch="],
    ["find", "--accept-rewrite"],
]


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_hostile_words(inv: Inv, ran: None, words: list[str]) -> None:
    inv(*words).sentence(2)


# The program itself


@pytest.mark.real
def test_the_program_says_one_sentence(project: Project) -> None:
    program(project, "find", SHEPHERD_CONFIG="nowhere.toml").sentence(2, "SHEPHERD_CONFIG", "nowhere.toml")
    program(project, "status").sentence(5, "no answer yet")
    assert program(project, "find", "judge").code == 0
    program(project, "explain", "\x1b[2J").sentence(2, "\\x1b[2J")
    garbage(project.state / "shepherd.db")
    program(project, "find", "judge").sentence(1, "shepherd.db", "damaged")


WORD = ["verdict", "r2", "bad", "--reason", "it crashes"]


@pytest.mark.real
@pytest.mark.parametrize("args", [["status", "--sha"], ["landings", "--json"], WORD], ids=" ".join)
def test_whoever_read_it_has_gone(project: Project, inv: Inv, args: list[str]) -> None:
    """What was asked for is done all the same, and nothing is said."""
    project.land(*(f"[bug=1] More {number} {'x' * 900}" for number in range(150)))
    good_run(inv)
    receiver, sender = os.pipe()
    os.close(receiver)
    done = subprocess.run(
        [sys.executable, "-m", "invoke", *args],
        cwd=ROOT,
        env=os.environ | {"SHEPHERD_CONFIG": str(project.folder / "shepherd.toml")},
        stdout=sender,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(sender)
    assert (done.returncode, done.stderr) == (0, "")
    assert ("it crashes" in inv("explain", "r2").out) == (args == WORD)
