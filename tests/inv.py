"""The command line as people call it: a process of its own, with the settings of one project."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]


class Done(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str


def inv(project: Path, *args: str, **environ: str) -> Done:
    """Run `inv` in the project's folder, with its shepherd.toml."""
    done = subprocess.run(
        [sys.executable, "-m", "invoke", "--search-root", str(ROOT), *args],
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
