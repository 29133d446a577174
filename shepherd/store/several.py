"""Several processes of one run at the database at once (docs/running.md#side-by-side).

Nothing but the standard library: what starts them need not load SQLAlchemy for that.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

_handle = -1


def one_of_several(handle: int) -> None:
    """Say that this process is one of several, started by one that had the database open before.

    Args:
        handle: a file of theirs, by whose lock (that of a process, not that of a descriptor) each waits for
            its turn. The database would let them try again and again, and give up one that had no luck.
    """
    global _handle
    _handle = handle


def alone() -> bool:
    """Whether no other process of this run uses the database: this one looks for what a crash left, then."""
    return _handle < 0


@contextmanager
def turn() -> Iterator[None]:
    """Wait until no other process of this run is in a transaction; the limits of the branch end the wait."""
    if alone():
        yield
        return
    fcntl.lockf(_handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.lockf(_handle, fcntl.LOCK_UN)
