"""A dry run of what reads and writes in turns: the same code, on a copy of the state that is thrown away."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from shepherd.git.scratch import scratch
from shepherd.settings import Settings
from shepherd.store import Database
from shepherd.store.snapshots import LATEST


@contextmanager
def rehearsal(settings: Settings) -> Iterator[Settings]:
    """Settings whose `state_dir` is a copy: the database, the last snapshots, the mirrors.

    Raises:
        StoreError: the database cannot be read. SourceError: there is no place for the copy.
    """
    with scratch(_place(settings)) as folder:
        if (settings.state_path / "shepherd.db").exists() or settings.database:
            copy, password = f"sqlite:///{folder / 'shepherd.db'}", settings.database_password
            Database.copy(settings.database_url, copy, password=password)
        for latest in (settings.state_path / "snapshots").glob(f"*/{LATEST}"):
            target = folder / "snapshots" / latest.parent.name
            target.mkdir(parents=True)
            shutil.copy2(latest, target)
        mirrors = settings.state_path / "mirrors"
        if mirrors.is_dir():
            shutil.copytree(mirrors, folder / "mirrors", copy_function=_link)
        # sentences name the backups that there are, and not a place in the copy
        backup = replace(settings.backup, directory=str(settings.backup_path))
        yield replace(settings, state_dir=str(folder), database="", backup=backup)


def _place(settings: Settings) -> str:
    """Where the copy is made. A dry run leaves state_dir as it is, down to the times of its folders, as long
    as the system has a place for temporary files; the working directory does not count as one."""
    try:
        place = tempfile.gettempdir()
    except FileNotFoundError:
        place = ""
    return "" if place and not Path(place).samefile(Path.cwd()) else str(settings.state_path / "run")


def _link(source: str, target: str) -> None:
    """git replaces what it changes and never writes into it, so a mirror's copy can share its files."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
