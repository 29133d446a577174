"""`inv test`: the tests, as people, README and CI run them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

MEMORY = Path("/dev/shm")  # only tests write there, each run in a folder of its own
ROOM = 2_000_000_000
"""Bytes that must be free in memory before the tests' files are put there."""

NEEDED_FOR_REAL = ("graphql", "jira820", "lazr.restful")
"""Modules that the group `trackers` of pyproject.toml brings."""

NONE_CHOSEN = 5
"""pytest's exit code where `only` left nothing."""


def run(root: Path, *, real: bool = False, long: bool = False, only: str = "") -> int:
    """Run the tests with this interpreter; the exit code is pytest's.

    Args:
        real: those that start a server, a browser or the program itself; long: the campaigns. Neither: all
            others, in a few minutes.
    """
    chosen = ["-k", only] if only else []
    shared = ["-n", str(1 + (os.cpu_count() or 1))]  # one more, since many wait for a process
    alone = ["--timeout", "1800"]  # sshd, cron, browser and campaigns want the machine for themselves
    if real and (why := missing_for_real()):
        print(f"The real tests cannot run: {why}.", file=sys.stderr)
        return os.EX_UNAVAILABLE
    if long:
        return _pytest(root, "-m", "long or real" if real else "long", *alone, *chosen)
    if not real:
        return _pytest(root, "-m", "not real and not long", *shared, *chosen, environ=_in_memory())
    marked = ["-m", "real and not long", *chosen]
    first = _pytest(root, *marked, "--ignore", "tests/real", *shared)
    if first not in (0, NONE_CHOSEN):
        return first
    second = _pytest(root, *marked, "tests/real", *alone)
    return first if second == NONE_CHOSEN else second


def missing_for_real() -> str:
    """What the test trackers lack, and how it comes here; fetches what GitHub and Atlassian publish of
    themselves. Empty: nothing."""
    from tests.trackers.published import DOCUMENTS, DocumentMissing

    try:
        if not all(map(find_spec, NEEDED_FOR_REAL)):
            raise ModuleNotFoundError
        for document in DOCUMENTS:
            document.read()
    except ModuleNotFoundError:
        command = ".venv/bin/pip install --require-hashes -r requirements/trackers.txt"
        return f"{command} installs what the test trackers need"
    except DocumentMissing as missing:
        return str(missing)
    return ""


def _pytest(root: Path, *arguments: str, environ: dict[str, str] | None = None) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=root, env=environ, check=False).returncode


def _in_memory() -> dict[str, str]:
    """Thousands of small files that nobody keeps need no disk, where the system has memory to spare."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return dict(os.environ)
    return os.environ | {"TMPDIR": str(MEMORY)}
