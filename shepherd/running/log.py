"""The log: one event a line, key=value, whatever text is in it; it alone explains the tool
(docs/interfaces.md#log)."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from shepherd.atomic import append_line
from shepherd.errors import StoreError
from shepherd.locks import locked
from shepherd.printable import CONTROLS, STEERING, SURROGATES, escaped
from shepherd.running.gate import holders

LARGEST = 10_000_000
KEPT = 10
PATIENCE = 5.0
"""Seconds that a writer waits for the lock; a line takes a fraction of a millisecond."""
POLL = 0.01
"""Seconds between two tries."""

_held: set[Path] = set()
"""Locks that were not to be had in time: this process does not wait for them again, line by line."""

# Compiled when first used: every reader starts up with this module, for the clock.
_PLAIN = r"[A-Za-z0-9_.,:;/+@#!~%()*=-]+"
_ESCAPED = rf'["\\{CONTROLS}{SURROGATES}{STEERING}]'


def quoted(value: object) -> str:
    """A value that stays one word on one line, and reads back by `parse`."""
    text = str(value)
    if re.fullmatch(_PLAIN, text):
        return text
    return '"' + re.sub(_ESCAPED, lambda match: escaped(match[0]), text) + '"'


def line(at: datetime, **fields: object) -> str:
    """One event as it stands in the log."""
    return " ".join(
        [f"{at:%Y-%m-%dT%H:%M:%SZ}", *(f"{key}={quoted(value)}" for key, value in fields.items())]
    )


def parse(text: str) -> dict[str, str]:
    """The fields of one line of the log, with its time as `at`."""
    fields = {"at": text.split(" ", 1)[0]}
    for key, plain, within in re.findall(r' ([a-z_-]+)=(?:([^"\s]+)|"([^"]*)")', text):
        fields[key] = plain or re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), within)
    return fields


class Log:
    """Appends to one file, from several processes at once, and rotates it.

    Every writer holds a lock for the one write, so that no line is torn and two never rotate at once. One
    that does not get the lock in time appends its line all the same, does not rotate, and says so.
    """

    def __init__(self, path: Path, largest: int = LARGEST, kept: int = KEPT) -> None:
        self._path = path
        self._lock = path.with_suffix(".lock")
        self._largest = largest
        self._kept = kept

    def write(self, text: str) -> None:
        """Append one line.

        Raises:
            StoreError: the log cannot be written; nothing should be done that it cannot record.
        """
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            wait = 0.0 if self._lock in _held else PATIENCE
            with locked(self._lock, wait=wait, poll=POLL) as lock:
                alone = lock >= 0
                if not alone and self._lock not in _held:
                    _held.add(self._lock)
                    text += f" unlocked={quoted(self._complaint())}"
                content = text.encode("utf-8", "replace")
                if (
                    alone
                    and self._path.exists()
                    and self._path.stat().st_size + len(content) >= self._largest
                ):
                    self._rotate()
                append_line(self._path, content, alone=alone)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written ({error.strerror or error})") from None

    def _complaint(self) -> str:
        """Why it is written without the lock; said on standard error, too."""
        pids = ", ".join(map(str, holders(self._lock)))
        by = f"process {pids}" if pids else "another process"
        why = f"{self._lock} was held by {by} for {PATIENCE:g} seconds, so that the log is written without it"
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{why}\n")
        return why

    def _rotate(self) -> None:
        for number in range(self._kept - 1, 0, -1):
            older = self._path.with_name(f"{self._path.name}.{number}")
            if older.exists():
                older.replace(self._path.with_name(f"{self._path.name}.{number + 1}"))
        self._path.replace(self._path.with_name(f"{self._path.name}.1"))


def run_id(at: datetime) -> str:
    """The name of a run that begins now: when, and four digits that tell two of the same second apart."""
    import secrets

    return f"{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def now() -> datetime:
    """The clock, read in one place."""
    return datetime.now(UTC)
