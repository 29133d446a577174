"""Folders for what is thrown away again: under state_dir, never in /tmp or the working directory.

A killed process leaves its folder behind; the next one to make a folder removes it. The kernel's lock on the
folder shows which process still lives, since no clock and no process number can be relied on.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from shepherd.errors import SourceError
from shepherd.locks import flock

_PREFIX = "scratch-"


@contextmanager
def scratch(within: str) -> Iterator[Path]:
    """A new empty folder in the folder `within`, removed at the end with all that it holds.

    `within` empty: where the system keeps such, for callers without a state_dir. Folders that had to be made
    for it are removed as well: a dry run leaves nothing behind. Raises SourceError if there can be none.
    """
    with ExitStack() as leaving:
        try:
            place = _made(Path(within or tempfile.gettempdir()), leaving)
            if within:
                _clear(place)
            while True:
                folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
                leaving.callback(shutil.rmtree, folder, ignore_errors=True)
                if _lock_for_good(folder, leaving):
                    break
        except OSError as error:
            raise SourceError(
                f"{within or 'the folder for temporary files'} cannot hold temporary files"
                f" ({error.strerror or error}): free some space there, or make it writable"
            ) from None
        yield folder


def _made(place: Path, leaving: ExitStack) -> Path:
    """The folder, made if it is not there; what was made is removed on leaving, if nobody else uses it."""
    missing = []
    while not place.is_dir():
        missing.append(place)
        place = place.parent
    for each in reversed(missing):
        with suppress(FileExistsError):
            each.mkdir(0o711 if each is not missing[0] else 0o700)
        leaving.callback(_remove_empty, each)
    return missing[0] if missing else place


def _lock_for_good(folder: Path, leaving: ExitStack) -> bool:
    """Lock the folder until exit; False if a cleaner removed it between making and locking."""
    with suppress(FileNotFoundError):
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        leaving.callback(os.close, lock)
        return flock(lock) and folder.is_dir()
    return False


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _clear(place: Path) -> None:
    """Remove the folders of processes that are gone."""
    for left in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            lock = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if flock(lock):
                    shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(lock)
