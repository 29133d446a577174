"""Read a small file that somebody else wrote: whole, bounded, never hanging, faults in plain words."""

from __future__ import annotations

import errno
import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

BYTE_ORDER_MARK = "\ufeff"
"""What editors on Windows put before a text in UTF-8; it says nothing, and nobody sees it."""

instead: dict[Path, bytes | None] = {}
"""What another host wrote and could not be written here: it is read in place of the file, None: there is none
(docs/running.md#two-hosts)."""


class UnreadableFileError(Exception):
    """A file could not be read; `problem` stands after its name: "is a directory"."""

    def __init__(self, path: Path, problem: str, missing: bool = False) -> None:
        super().__init__(f"{path} {problem}")
        self.problem = problem
        self.missing = missing


def read(path: Path, limit: int, private: bool = False) -> str:
    """Return the text of the regular file `path` (UTF-8), at most `limit` bytes, without a byte order mark.

    Args:
        private: refuse it unless its mode is 0600 or 0400 (keys that end in `_file`, docs/settings.md).

    Raises:
        UnreadableFileError: it cannot be read, or is not such a file.
    """
    try:
        return content(path, limit, private).decode().removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        raise UnreadableFileError(path, f"is not UTF-8 (byte {error.start + 1})") from None


def content(path: Path, limit: int, private: bool = False, follow: bool = True) -> bytes:
    """Return the same as bytes. A FIFO, socket, device or directory is refused without waiting, and
    so is a link if `follow` is False."""
    with opened(path, private, follow) as file:
        try:
            data = file.read(limit + 1)
        except OSError as error:
            raise UnreadableFileError(path, f"cannot be read ({_cause(error)})") from None
    if len(data) > limit:
        raise UnreadableFileError(path, f"is larger than {_size(limit)}")
    return data


@contextmanager
def opened(path: Path, private: bool = False, follow: bool = True) -> Iterator[BinaryIO]:
    """The same to be read piece by piece, which may raise OSError."""
    if path in instead:
        if (other := instead[path]) is None:
            raise UnreadableFileError(path, "is not there", missing=True)
        yield BytesIO(other)
        return
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        why = "is a link to nothing" if path.is_symlink() else "is not there"
        raise UnreadableFileError(path, why, missing=True) from None
    except (OSError, ValueError) as error:
        if not follow and isinstance(error, OSError) and error.errno == errno.ELOOP:
            raise UnreadableFileError(path, "is a link, which is not followed") from None
        raise UnreadableFileError(path, f"cannot be opened ({_cause(error)})") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            what = "a directory" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            raise UnreadableFileError(path, f"is {what}")
        if private and status.st_mode & 0o177:
            raise UnreadableFileError(path, f"is open to others; run chmod 600 {shlex.quote(str(path))}")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


def odd_for_sqlite(path: Path) -> Path | None:
    """Return what is not a regular file in the place of a database or of a file that SQLite keeps next to it:
    SQLite would wait for a FIFO forever."""
    places = [path, *(path.with_name(f"{path.name}-{each}") for each in ("wal", "shm", "journal"))]
    return next((each for each in places if each.exists() and not each.is_file()), None)


def _cause(error: OSError | ValueError) -> str:
    return error.strerror.lower() if isinstance(error, OSError) and error.strerror else str(error)


def _size(count: int) -> str:
    return f"{count // 1_000_000} MB" if count >= 1_000_000 else f"{count // 1_000} kB"
