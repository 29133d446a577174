"""Running `inv` and taking what it says at its word."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from shepherd.running.tasking import ROOT
from tests.project import Project

GARBAGE = bytes(range(256)) * 64


class Said(NamedTuple):
    code: int
    out: str
    err: str

    def sentence(self, code: int, *fragments: str) -> None:
        """It ended with `code`, and said these things in one line on standard error."""
        assert "Traceback" not in self.err
        assert self.code == code, self.err
        lines = self.err.splitlines()
        assert len(lines) == 1, lines
        assert lines[0].isprintable()
        assert len(lines[0]) > 20
        for fragment in fragments:
            assert fragment in lines[0]


Inv = Callable[..., Said]


def small(folder: Path) -> Project:
    """Two landings in QA, one of them good; nothing was run yet."""
    project = Project(folder)
    project.deploy(project.land("[no-qa] Begin", "[bug=1] One", "[bug=2] Two")[0])
    project.tag(1, "qa-ok")
    project.tag(2)
    return project


def program(project: Project, *args: str, **environment: str) -> Said:
    """`inv ARGS`, the program itself."""
    done = subprocess.run(
        [sys.executable, "-m", "invoke", *args],
        cwd=ROOT,
        env=os.environ | {"SHEPHERD_CONFIG": str(project.folder / "shepherd.toml")} | environment,
        capture_output=True,
        text=True,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def good_run(inv: Inv) -> None:
    """Of a project that may never have been read: only that is said then."""
    for stage in ("find", "judge", "report"):
        said = inv(stage)
        assert said.code == 0
        assert not said.err or "this was the first run" in said.err.splitlines()[0]
        assert len(said.err.splitlines()) <= 1


def apart(body: Callable[[], Said]) -> Said:
    """What a body says in a process of its own: limits and user ids that it takes on are its own."""
    receiver, sender = os.pipe()
    child = os.fork()
    if not child:
        try:
            said = body()
        except BaseException:
            said = Said(99, "", traceback.format_exc())
        os.write(sender, json.dumps(said).encode())
        os._exit(0)
    os.close(sender)
    with os.fdopen(receiver) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return Said(*json.loads(text))


def be_nobody_special() -> None:
    """Give up the rights of root, for good, if this process has them."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(1)
        os.setuid(1)
        os.environ["HOME"] = "/"


def garbage(file: Path) -> None:
    file.write_bytes(GARBAGE)
