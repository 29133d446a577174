"""What cron has to say: the same words once a day, and again after a good run (docs/running.md#cron).

Settings that cannot be read name no `state_dir`, and a full disk takes no file. So what was said is kept in a
file that a good run makes at its full length; it is written over in place, which takes no more room. Where
that cannot be done either, it is kept in the user's home, else the same is said once an hour.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from shepherd.locks import flock
from shepherd.running.log import now

NAME = "cron-said"
SIZE = 1000
"""Bytes of the file: a day, and the digests of what was said on it."""
_DIGITS = 16
_MOST = (SIZE - len("2026-11-30\n")) // (_DIGITS + 1)
_DURATION = re.compile(r"\b\d+(?:\.\d+)? (second|minute|hour|day)s?\b")
"""How long something took, or was waited for, differs from call to call: that is no news."""
PATIENCE = 1.0
"""Seconds that another run may hold the file; it takes a fraction of a millisecond."""


class CronMemory:
    """Remembers what cron was told today.

    Args:
        places: files that it can be kept in; the first that can be written is used. The folder of the first
            one is not made: it belongs to runs that work.
    """

    def __init__(self, places: Sequence[Path]) -> None:
        self._places = places

    def is_news(self, text: str) -> bool:
        """Whether it was not said today; from now on it was."""
        day, digest = f"{now():%Y-%m-%d}", _digest_of_words(text)
        for place in self._places:
            with suppress(OSError), _opened(place) as handle:
                said_today = _digests(handle, day)
                if digest in said_today:
                    return False
                _write(handle, day, [*said_today, digest][-_MOST:])
                return True
        # cron.every divides the hour, or is a number of hours: cron always calls in this minute
        return now().minute == 0

    def forget(self, but: str = "") -> None:
        """A run was good: all is news again, except what it said itself."""
        day = f"{now():%Y-%m-%d}"
        kept = [_digest_of_words(but)] if but else []
        for place in self._places:
            if place is not self._places[0] and not place.exists():
                continue
            with suppress(OSError), _opened(place) as handle:
                if _digests(handle, day) != kept or os.fstat(handle).st_size != SIZE:
                    _write(handle, day, kept)


def memory_of(state: Path, file: Path) -> CronMemory:
    """What cron was told of the shepherd with this `state_dir` and this settings file."""
    return CronMemory([state / "run" / NAME, *_at_home(file)])


def _at_home(file: Path) -> Iterator[Path]:
    if (home := os.environ.get("HOME", "")).startswith("/"):
        yield Path(home, ".local", "state", "qa-shepherd", f"{NAME}-{_digest(str(file))}")


@contextmanager
def _opened(place: Path) -> Iterator[int]:
    """Open and lock the file, which is made if it is not there. Raises OSError."""
    if place.name != NAME:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if place.parent.stat().st_uid != os.geteuid():
        raise OSError("its folder belongs to somebody else")
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    handle = os.open(place, flags, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode) or not flock(handle, wait=PATIENCE):
            raise OSError("it cannot be used")
        yield handle
    finally:
        os.close(handle)


def _digests(handle: int, day: str) -> list[str]:
    """Of what was said on that day, the oldest first; nothing where something else is in the file."""
    first, *digests = os.pread(handle, SIZE, 0).decode("ascii", "replace").split() or [""]
    return digests if first == day else []


def _write(handle: int, day: str, digests: Sequence[str]) -> None:
    content = " ".join([day, *digests]).ljust(SIZE - 1).encode() + b"\n"
    if os.pwrite(handle, content, 0) < len(content):
        raise OSError("there is no room")


def _digest_of_words(text: str) -> str:
    return _digest(_DURATION.sub(r"some \1s", text))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:_DIGITS]
