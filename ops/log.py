"""The log: one event a line, key=value, whatever text is in it; it alone explains the tool (design 4.5)."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep

from ops.gate import holders
from shepherd.errors import StoreError

LARGEST = 10_000_000
KEPT = 10
PATIENCE = 5.0
"""Seconds that a writer waits for the lock; a line takes a fraction of a millisecond."""
POLL = 0.01
"""Seconds between two tries."""

# Compiled when first used: every reader starts up with this module, for the clock.
_PLAIN = r"[A-Za-z0-9_.,:;/+@#!~%()*=-]+"
_TELLING = r'[\x00-\x1f"\\\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]'


def quoted(value: object) -> str:
    """A value that stays one word on one line, and reads back by `parse`."""
    text = str(value)
    if re.fullmatch(_PLAIN, text):
        return text
    return '"' + re.sub(_TELLING, lambda found: f"\\u{ord(found[0]):04x}", text) + '"'


def line(at: datetime, **fields: object) -> str:
    """One event as it stands in the log."""
    return " ".join(
        [f"{at:%Y-%m-%dT%H:%M:%SZ}", *(f"{key}={quoted(value)}" for key, value in fields.items())]
    )


def parse(text: str) -> dict[str, str]:
    """The fields of one line of the log, with its time as `at`."""
    fields = {"at": text.split(" ", 1)[0]}
    for key, plain, within in re.findall(r' ([a-z_-]+)=(?:([^"\s]+)|"([^"]*)")', text):
        fields[key] = plain or re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), within)
    return fields


class Log:
    """Appends to one file, from several processes at once, and rotates it.

    Every writer holds a lock for the one write, so that no line is torn and two never rotate at once. One that
    does not get the lock in time appends its line all the same, does not rotate, and says so.
    """

    def __init__(self, path: Path, largest: int = LARGEST, kept: int = KEPT) -> None:
        self._path = path
        self._largest = largest
        self._kept = kept
        self._patience = PATIENCE

    def write(self, text: str) -> None:
        """Append one line.

        Raises:
            StoreError: the log cannot be written; nothing should be done that it cannot tell of.
        """
        content = text.encode("utf-8", "replace") + b"\n"
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._alone() as alone:
                if alone and self._path.exists() and self._path.stat().st_size + len(content) > self._largest:
                    self._rotate()
                handle = os.open(
                    self._path,
                    os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
                    0o600,
                )
                try:
                    _append(handle, content, alone)
                finally:
                    os.close(handle)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written ({error.strerror or error})") from None

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Hold the lock, if it is to be had in time. Yields whether it is."""
        lock = self._path.with_suffix(".lock")
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            alone = self._locked(handle)
            if not alone and self._patience:
                # once a process: a held lock shall not cost that much for each line
                self._patience = 0.0
                self._say(
                    f"{lock}: held {_by(lock)} for longer than {PATIENCE:g} seconds; written without it"
                )
            yield alone
        finally:
            os.close(handle)

    def _locked(self, handle: int) -> bool:
        give_up = monotonic() + self._patience
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if monotonic() >= give_up:
                    return False
                sleep(POLL)

    def _say(self, text: str) -> None:
        """On standard error, and in the log itself."""
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{text}\n")
        self.write(line(now(), event="log", because=text))

    def _rotate(self) -> None:
        for number in range(self._kept - 1, 0, -1):
            older = self._path.with_name(f"{self._path.name}.{number}")
            if older.exists():
                older.replace(self._path.with_name(f"{self._path.name}.{number + 1}"))
        self._path.replace(self._path.with_name(f"{self._path.name}.1"))


def _by(lock: Path) -> str:
    pids = ", ".join(map(str, holders(lock)))
    return f"by process {pids}" if pids else "by another process"


def _append(handle: int, content: bytes, alone: bool) -> None:
    """Add a whole line, or nothing.

    Args:
        alone: the lock is held; else others may write at the same time, and nothing of theirs is cut off.
    """
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is no regular file")
    if status.st_size and os.pread(handle, 1, status.st_size - 1) != b"\n":
        # a writer was killed amid its line: what follows must not hang on to that
        content = b"\n" + content
    if os.write(handle, content) < len(content):
        if alone:
            os.ftruncate(handle, status.st_size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def run_id(at: datetime) -> str:
    """The name of a run that begins now: when, and four digits that tell two of the same second apart."""
    import secrets

    return f"{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def now() -> datetime:
    """The clock, read in one place."""
    return datetime.now(UTC)
