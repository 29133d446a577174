"""A dry run of what reads and writes in turns: the same code, on a copy of the state that is thrown away."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from shepherd.settings import Settings
from shepherd.store import Database
from shepherd.store.snapshots import LATEST


@contextmanager
def rehearsal(settings: Settings) -> Iterator[Settings]:
    """Settings whose `state_dir` is a copy: the database, the last snapshots, the mirrors.

    Raises:
        StoreError: the database cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="shepherd-") as folder:
        scratch = Path(folder)
        if (settings.state_path / "shepherd.db").exists() or settings.database:
            Database.copy(settings.database_url, f"sqlite:///{scratch / 'shepherd.db'}")
        for latest in (settings.state_path / "snapshots").glob(f"*/{LATEST}"):
            there = scratch / "snapshots" / latest.parent.name
            there.mkdir(parents=True)
            shutil.copy2(latest, there)
        mirrors = settings.state_path / "mirrors"
        if mirrors.is_dir():
            shutil.copytree(mirrors, scratch / "mirrors", copy_function=_link)
        yield replace(settings, state_dir=folder, database="")


def _link(source: str, target: str) -> None:
    """git replaces what it changes and never writes into it, so a mirror's copy can share its files."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
