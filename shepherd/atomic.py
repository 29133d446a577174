"""Files that are written whole or not at all, also by a process that is killed and on a disk that is full.

Nothing but the standard library: `fab` sends this module to hosts on which nothing of ours is installed.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from shepherd.errors import StoreError
from shepherd.locks import flock

TEMPORARY = r"\..+\.[a-z0-9_]{8}\.new"
"""The names of what is being written, and of what killed writers leave."""


def write_atomically(
    path: Path,
    content: bytes | Iterable[bytes],
    mode: int = 0o644,
    last_look: Callable[[], None] | None = None,
) -> None:
    """Write next to the place and rename into it, so that no reader ever sees half a file.

    Args:
        content: whole, or in pieces, which are written as they come.
        last_look: called right before the renaming; what it raises leaves everything as it was.

    Raises:
        StoreError: it could not be written; what was there before is untouched.
    """
    try:
        public_folder(path.parent)
        sweep_leftovers(path.parent)
        with _written_temporary(path, content, mode) as temporary:
            if last_look is not None:
                last_look()
            temporary.replace(path)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror or error}); what was there before is untouched"
        ) from None


def create_atomically(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Make a new file, whole.

    Raises:
        FileExistsError: something is there already; it stays as it is. OSError: it could not be written.
    """
    with _written_temporary(path, content, mode) as temporary:
        link_new(temporary, path)


def append_line(path: Path, line: bytes, *, alone: bool) -> None:
    """Add a whole line to a file, or nothing.

    Args:
        alone: nobody else writes just now; else what others may have added meanwhile is not cut off.

    Raises:
        OSError: it could not be added.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    handle = os.open(path, flags, 0o600)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("it is not a regular file")
        content = line + b"\n"
        if status.st_size and os.pread(handle, 1, status.st_size - 1) != b"\n":
            # a writer was killed amid its line: what follows must not hang on to that
            content = b"\n" + content
        if os.write(handle, content) < len(content):
            if alone:
                os.ftruncate(handle, status.st_size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(handle)


def public_folder(folder: Path) -> None:
    """Make a folder that everybody may read, whatever the umask (docs/interfaces.md#files).

    Raises:
        StoreError: it cannot be made.
    """
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o755)
    except OSError as error:
        raise StoreError(
            f"{error.filename or folder}: cannot be made a folder ({error.strerror or error}); what is"
            " there is left as it is"
        ) from None


@contextmanager
def _written_temporary(path: Path, content: bytes | Iterable[bytes], mode: int) -> Iterator[Path]:
    """A locked file next to `path` with this content, to be moved or linked there; at the end it is gone."""
    with temporary_beside(path) as (temporary, file):
        for piece in (content,) if isinstance(content, bytes) else content:
            file.write(piece)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
        yield temporary


@contextmanager
def temporary_beside(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A new, locked, private file next to `path`, open for writing; at the end its name is gone.

    Raises:
        OSError: it cannot be made.
    """
    handle, name = _new_temporary(path)
    temporary = Path(name)
    # the lock lasts until the file is where it belongs, else a sweeper takes it for a leftover
    with os.fdopen(handle, "wb") as file:
        try:
            yield temporary, file
        finally:
            temporary.unlink(missing_ok=True)


def link_new(temporary: Path, path: Path) -> None:
    """Give a finished temporary file its name.

    Raises:
        FileExistsError: something has that name already; it stays as it is. OSError.
    """
    try:
        # unlike a rename, a link never replaces what somebody else has put there meanwhile
        os.link(temporary, path)
    except PermissionError:
        # a file system without hard links
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        temporary.replace(path)


def _new_temporary(path: Path) -> tuple[int, str]:
    import tempfile

    while True:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
        # a sweeper may have been there between the two, or is just now
        if flock(handle, wait=60) and os.fstat(handle).st_nlink:
            return handle, temporary
        os.close(handle)


def sweep_leftovers(folder: Path) -> None:
    """Remove what killed writers left in a folder; what is being written is locked, and stays."""
    with os.scandir(folder) as entries:
        leftovers = [Path(entry.path) for entry in entries if re.fullmatch(TEMPORARY, entry.name)]
    for leftover in leftovers:
        try:
            handle = os.open(leftover, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            if flock(handle):
                leftover.unlink(missing_ok=True)
        finally:
            os.close(handle)
