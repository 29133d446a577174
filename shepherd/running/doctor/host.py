"""Whether the machine has what is needed: Python, the packages, git. Needs no settings."""

from __future__ import annotations

import importlib
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

from shepherd.running.calling import PATH
from shepherd.running.doctor.checking import Finding, fail, ok, warn
from shepherd.running.tasking import CLONE, ROOT

PYTHON = (3, 11)
GIT = (2, 30)
MERGES = (2, 39)
"""The first git that merges many pairs of trees in one process."""
NEEDED = ("invoke", "jinja2", "msgspec", "psutil", "sqlalchemy", "tzdata")
"""The dependencies of pyproject.toml, by the name they are imported by; a test compares them."""
LIMIT = 10
"""Seconds that `git --version` may take."""


def python() -> Iterator[Finding]:
    if sys.version_info < PYTHON:
        wanted = ".".join(map(str, PYTHON))
        yield fail(
            "python", f"{platform.python_version()}, {wanted} is needed", "make .venv with a newer one"
        )
    else:
        yield ok("python", platform.python_version())


def dependencies() -> Iterator[Finding]:
    missing = []
    for name in NEEDED:
        try:
            importlib.import_module(name)
        except Exception as error:  # a compiled package for another machine fails with anything
            missing.append(f"{name} ({error})")
    if missing:
        yield fail(
            "dependencies",
            f"cannot be imported: {', '.join(missing)}",
            f"{ROOT}/.venv/bin/pip install --require-hashes -r requirements/base.txt"
            if CLONE
            else f"{sys.executable} -m pip install --force-reinstall qa-shepherd",
        )
    else:
        yield ok("dependencies", ", ".join(NEEDED))


def git() -> Iterator[Finding]:
    wanted = ".".join(map(str, GIT))
    try:
        answer = subprocess.run(
            ["git", "--version"], capture_output=True, text=True, errors="replace", timeout=LIMIT, check=False
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        yield fail("git", f"cannot be run ({error})", f"install git {wanted} or newer")
        return
    version = re.search(r"(\d+)\.(\d+)[\d.]*", answer)
    if not version:
        yield fail(
            "git", f"says {answer!r} when it is asked for its version", f"install git {wanted} or newer"
        )
    elif (int(version[1]), int(version[2])) < GIT:
        yield fail("git", f"{version[0]} is too old", f"install git {wanted} or newer")
    elif (int(version[1]), int(version[2])) < MERGES:
        lacks = "reverts can be proved only where nothing else has changed the files"
        yield warn("git", f"{version[0]}: {lacks}", f"install git {'.'.join(map(str, MERGES))} or newer")
    elif shutil.which("git", path=PATH) is None:
        yield warn("git", f"{shutil.which('git')} is not where cron looks ({PATH})", "link it there")
    else:
        yield ok("git", version[0])
