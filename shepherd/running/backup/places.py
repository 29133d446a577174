"""The names of backups, and which are there. Light to import: every run looks whether today's is there."""

from __future__ import annotations

import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from shepherd.errors import SettingsError

_END, _END_SIZE = b"PK\5\6", 22
"""What the last bytes of a ZIP file without a comment begin with, and how many they are."""
_NAME = re.compile(r"(daily|shepherd)-([0-9]{8}T[0-9]{6}Z)\.zip")


class BackupPlace(NamedTuple):
    """A file whose name is that of a backup."""

    at: datetime
    """When it was made, by its name."""
    daily: bool
    """`run` made it, and removes it again."""
    path: Path


def name_of(at: datetime, *, daily: bool) -> str:
    """What a backup is called that is made now."""
    return f"{'daily' if daily else 'shepherd'}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}.zip"


def backups_in(folder: Path) -> list[BackupPlace]:
    """The backups in a folder, the oldest first; none where there is no such folder. Raises OSError."""
    try:
        paths = list(folder.iterdir())
    except FileNotFoundError:
        return []
    places = []
    for path in paths:
        if match := _NAME.fullmatch(path.name):
            try:
                at = datetime.fromisoformat(match[2])
            except ValueError:
                continue
            places.append(BackupPlace(at, match[1] == "daily", path))
    return sorted(places)


def ends_as_a_backup(path: Path) -> bool:
    """Whether it is a file that ends as ZIP files do, so that nothing was cut off. `inv doctor` and
    `inv restore` look further; this takes no time."""
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size < _END_SIZE:
            return False
        with path.open("rb") as file:
            file.seek(-_END_SIZE, os.SEEK_END)
            return file.read(len(_END)) == _END
    except OSError:
        return False


def new_file(to: str, cwd: Path, at: datetime) -> Path:
    """The file that a person means who wants a backup in `to`: a new file, or a folder.

    Raises:
        SettingsError: it is there already, or the folder is not.
    """
    path = cwd / to
    if path.is_dir():
        return path / name_of(at, daily=False)
    if os.path.lexists(path):
        raise SettingsError(f"{path} is there already: name another file, or a folder")
    if to.endswith("/") or not path.parent.is_dir():
        raise SettingsError(f"{path.parent if not to.endswith('/') else path} is no folder: make it first")
    return path


def existing_files(name: str, cwd: Path) -> list[Path]:
    """The backups that a person names: a file, or all in a folder, the newest first.

    Raises:
        SettingsError: there is none.
    """
    path = cwd / name
    if not path.is_dir():
        return [path]
    backups = backups_in(path)
    if not backups:
        raise SettingsError(f"there is no backup in {path}: name a file")
    return [each.path for each in sorted(backups, key=lambda each: each.at, reverse=True)]
