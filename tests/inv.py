"""The command line with the settings of one project, in a process of its own or in this one."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from invoke.program import Program

import tasks
from shepherd.running.turns import EachInTurn

ROOT = Path(__file__).resolve().parents[1]


class Done(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str


def inv(project: Path, *args: str, inside: Sequence[str] = (), **environ: str) -> Done:
    """Run `inv` in the project's folder, with its shepherd.toml; `inside`: what runs it elsewhere."""
    done = subprocess.run(
        [*inside, sys.executable, "-m", "invoke", "--search-root", str(ROOT), *args],
        cwd=project,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(project),
            "LANG": "C.UTF-8",
            "SHEPHERD_CONFIG": str(project / "shepherd.toml"),
            "SHEPHERD_WHO": "tester",
            **environ,
        },
        capture_output=True,
        text=True,
        timeout=100,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def inv_here(project: Path, *args: str, **environ: str) -> Done:
    """The same in this process, which spares starting one."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    environ = {"SHEPHERD_CONFIG": str(project / "shepherd.toml"), "SHEPHERD_WHO": "tester", **environ}
    program = Program(namespace=tasks.namespace, name="inv", binary="inv", executor_class=EachInTurn)
    with patch.dict(os.environ, environ), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            program.run(["inv", *args])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Done(code, out.getvalue(), err.getvalue())
