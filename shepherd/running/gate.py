"""The kernel's locks: `flock` decides who may work, and nothing else does
(docs/running.md#one-copy-at-a-time).

Lock files are made once, and never removed or written: if one is unlinked, two processes can hold it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from time import monotonic

from shepherd.errors import StoreError
from shepherd.locks import flock, open_lock

GRACE = 0.1
"""Seconds that even one who does not wait tries to get a lock: `held` holds it for an instant."""


class TakenError(Exception):
    """Somebody else holds the lock."""


@contextmanager
def gate(state: Path, *, exclusive: bool = False, wait: float = 0.0) -> Iterator[int]:
    """Hold `run/gate.lock`: shared by whatever writes, exclusive for the upgrade. Yields its descriptor.

    Raises:
        TakenError: not to be had within `wait` seconds.
        StoreError: the lock file cannot be used.
    """
    gate_lock = partial(open_lock, state / "run" / "gate.lock")
    with _held(gate_lock, monotonic() + wait, shared=not exclusive) as handle:
        yield handle


@contextmanager
def work(state: Path, *, wait: float = 0.0) -> Iterator[int]:
    """Hold the work lock. Yields its descriptor, by which it is held until a child that changes the world has
    ended, also one that ends because we were killed.

    The state folder itself is locked in addition to `run/work.lock`: if somebody removes `run/` under a
    run, the next one would make and lock another file.

    Raises:
        TakenError: somebody else works, also after `wait` seconds.
        StoreError: the lock file cannot be used.
    """
    end = monotonic() + max(wait, GRACE)
    with (
        _held(partial(open_lock, state / "run" / "work.lock"), end) as handle,
        _held(lambda: os.open(state, os.O_RDONLY | os.O_CLOEXEC), end, needed=False),
    ):
        yield handle


@contextmanager
def page(state: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Hold `run/page.lock`: what refused runs write. Raises TakenError after `wait` seconds, StoreError."""
    with _held(partial(open_lock, state / "run" / "page.lock"), monotonic() + wait):
        yield


@contextmanager
def upgrading(state: Path) -> Iterator[None]:
    """Hold `run/upgrade.lock`: one upgrade at a time. Raises TakenError at once, StoreError."""
    with _held(partial(open_lock, upgrade_lock(state)), monotonic() + GRACE):
        yield


def work_locks(state: Path) -> tuple[Path, Path]:
    """What `work` locks."""
    return state / "run" / "work.lock", state


def upgrade_lock(state: Path) -> Path:
    """What `upgrading` locks."""
    return state / "run" / "upgrade.lock"


def held(*locks: Path) -> bool | None:
    """Whether somebody holds one of these just now, also in another container, whose processes the kernel
    does not list here: that is tried. None if it cannot be.
    """
    known = False
    for lock in locks:
        try:
            handle = os.open(lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            known = True
            continue
        except OSError:
            continue
        try:
            if not flock(handle, shared=True):
                return True
            known = True
        except OSError:
            continue
        finally:
            os.close(handle)
    return False if known else None


def holders(lock: Path) -> list[int]:
    """The processes that hold a lock file just now, as the kernel lists them; it names none of another
    container, and on some file systems none at all."""
    try:
        wanted = lock.stat()
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return []
    place = f"{os.major(wanted.st_dev):02x}:{os.minor(wanted.st_dev):02x}:{wanted.st_ino}"
    locks = (line.split() for line in lines)
    # 1: FLOCK ADVISORY WRITE 17540 fe:00:2162712 0 EOF; one who waits has "->" behind the number
    return [int(words[4]) for words in locks if words[1] == "FLOCK" and words[5] == place and words[4] != "0"]


def upgraded(root: Path) -> bool:
    """Whether `current` has been pointed to another release than this code's
    (docs/running.md#one-copy-at-a-time, docs/operator-every-day.md#what-a-deploy-does)."""
    current = root.parent.parent / "current"
    return root.parent.name == "releases" and current.is_symlink() and Path(os.path.realpath(current)) != root


@contextmanager
def _held(
    open_it: Callable[[], int], end: float, *, shared: bool = False, needed: bool = True
) -> Iterator[int]:
    handle = _open_and_lock(open_it, end, shared, needed)
    try:
        yield handle
    finally:
        os.close(handle)


def _open_and_lock(open_it: Callable[[], int], end: float, shared: bool, needed: bool) -> int:
    while True:
        handle = -1
        try:
            handle = open_it()
            _lock(handle, end, shared, needed)
            if _still_there(handle, open_it):
                return handle
        except OSError as error:
            _close(handle)
            raise StoreError(
                f"{error.filename or 'run/'}: cannot be locked ({error.strerror}): check what is in its"
                " place, and that the disk can be written to"
            ) from None
        except BaseException:
            _close(handle)
            raise
        _close(handle)


def _lock(handle: int, end: float, shared: bool, needed: bool) -> None:
    try:
        if not flock(handle, shared=shared, wait=end - monotonic()):
            raise TakenError
    except OSError:
        # a folder on a network file system may know no flock: then the file's alone must do
        if needed:
            raise


def _still_there(handle: int, open_it: Callable[[], int]) -> bool:
    """Whether the lock that was got is the one that the next comer will try."""
    other = open_it()
    try:
        return os.path.sameopenfile(handle, other)
    finally:
        os.close(other)


def _close(handle: int) -> None:
    with suppress(OSError):
        os.close(handle)
