"""Which shepherd this is: its version, release and commit, and what it runs on."""

from __future__ import annotations

import sys
from functools import cache

from shepherd import __version__
from shepherd.running.tasking import ROOT


@cache
def title() -> str:
    """`0.2.0`; in a release `0.2.0 (release 0007-3f9c2ab41d07, commit 3f9c…)`."""
    from shepherd.running import releases

    if releases.site_of(ROOT) is None:
        return __version__
    commit = str(releases.read(ROOT).made.get("commit", "")) or "not known"
    return f"{__version__} (release {ROOT.name}, commit {commit})"


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
