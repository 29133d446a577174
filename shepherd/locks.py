"""The kernel's lock on a file (flock), tried until a moment: waiting in the kernel would not end on time
(docs/decisions/01-flock-not-pid-files.md).

Nothing but the standard library: `fab` sends this module to hosts on which nothing of ours is installed.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

POLL = 0.05
"""Seconds between two tries."""


def flock(handle: int, *, shared: bool = False, wait: float = 0.0, poll: float = POLL) -> bool:
    """Lock an open file until its descriptor is closed; whether that could be done within `wait` seconds.

    Raises:
        OSError: its file system has no such locks.
    """
    give_up = monotonic() + wait
    while True:
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            left = give_up - monotonic()
            if left <= 0:
                return False
            sleep(min(poll, left))


def open_lock(path: Path) -> int:
    """The descriptor of a lock file, which is made if it is not there, and never removed: two could hold it.

    Raises:
        OSError: it cannot be opened; a link in its place is not followed.
    """
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)


@contextmanager
def locked(path: Path, *, wait: float = 0.0, poll: float = POLL) -> Iterator[int]:
    """Hold the lock of a lock file. Yields its descriptor, -1 if somebody else holds it for all of `wait`.

    Raises:
        OSError: it cannot be opened or locked.
    """
    handle = open_lock(path)
    try:
        yield handle if flock(handle, wait=wait, poll=poll) else -1
    finally:
        os.close(handle)
