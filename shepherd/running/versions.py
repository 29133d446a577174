"""Which shepherd this is: its version, release and commit, and what it runs on."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

from shepherd import __version__
from shepherd.running.tasking import ROOT

_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
_UNSURE = "whether its files were changed is not known"
"""Only git could say, and no process is started for that in each run."""


@cache
def title() -> str:
    """`0.2.0 (release 0007-3f9c2ab41d07, commit 3f9c…)`; of a clone its commit, and what that does not tell;
    `0.2.0` alone where nothing names a commit."""
    from shepherd.running import releases

    if releases.site_of(ROOT) is None:
        commit = checked_out(ROOT)
        return f"{__version__} (clone, commit {commit}; {_UNSURE})" if commit else __version__
    commit = str(releases.read(ROOT).made.get("commit", "")) or "not known"
    return f"{__version__} (release {ROOT.name}, commit {commit})"


def checked_out(root: Path) -> str:
    """The commit of a clone or a worktree, read from its files; empty: it is none, or they do not tell."""
    try:
        folder = root / ".git"
        if folder.is_file():
            folder = root / folder.read_text().removeprefix("gitdir:").strip()
        head = (folder / "HEAD").read_text().strip()
        if not head.startswith("ref:"):
            return _commit(head)
        ref = head.removeprefix("ref:").strip()
        common = folder / "commondir"
        shared = folder / common.read_text().strip() if common.is_file() else folder
        if (shared / ref).is_file():
            return _commit((shared / ref).read_text().strip())
        named = (line.split(" ") for line in (shared / "packed-refs").read_text().splitlines())
        return next((_commit(line[0]) for line in named if line[1:] == [ref]), "")
    except (OSError, UnicodeDecodeError, ValueError):
        return ""


def _commit(text: str) -> str:
    return text if _COMMIT.fullmatch(text) else ""


def lines() -> list[str]:
    """The same, and the versions of what it runs on, a line each."""
    import platform
    import sqlite3
    from importlib.metadata import PackageNotFoundError, version

    packages = []
    for name in ("invoke", "jinja2", "msgspec", "psutil", "sqlalchemy"):
        try:
            packages.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            packages.append(f"{name} is missing")
    python = f"Python {platform.python_version()} ({sys.executable}), SQLite {sqlite3.sqlite_version}"
    return [f"QA Shepherd {title()}", python, ", ".join(packages)]
