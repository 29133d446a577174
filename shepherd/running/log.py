"""The log: one event a line, key=value, whatever text is in it; it alone explains the tool
(docs/interfaces.md#log)."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from shepherd.atomic import append_line
from shepherd.errors import StoreError
from shepherd.locks import locked
from shepherd.printable import CONTROLS, STEERING, SURROGATES, escaped
from shepherd.running.gate import holders
from shepherd.running.output import write

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


class LogLine(str):
    """One event: the line that it is in a log of text, and its parts for every other form."""

    at: str
    """When: ISO 8601, UTC."""
    fields: dict[str, object]


def line(at: datetime, **fields: object) -> LogLine:
    """One event as it stands in the log."""
    return _line(f"{at:%Y-%m-%dT%H:%M:%SZ}", fields)


def _line(at: str, fields: dict[str, object]) -> LogLine:
    made = LogLine(" ".join([at, *(f"{key}={quoted(value)}" for key, value in fields.items())]))
    made.at, made.fields = at, fields
    return made


def with_field(event: LogLine, key: str, value: object) -> LogLine:
    """The same event with one field more, or with another value of it."""
    return _line(event.at, {**event.fields, key: value})


def parse(text: str) -> dict[str, str]:
    """The fields of one line of the log in either form, each as text, with its time as `at`."""
    if text.startswith("{"):
        from json import loads

        with suppress(ValueError, RecursionError):
            return {key: str(value) for key, value in loads(text).items()}
    fields = {"at": text.split(" ", 1)[0]}
    for key, plain, within in re.findall(r' ([a-z_-]+)=(?:([^"\s]+)|"([^"]*)")', text):
        fields[key] = plain or re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), within)
    return fields


class Log:
    """Appends to one file, from several processes at once, and rotates it.

    Every writer holds a lock for the one write, so that no line is torn and two never rotate at once. One
    that does not get the lock in time appends its line all the same, does not rotate, and says so.
    """

    def __init__(
        self,
        path: Path,
        largest: int = LARGEST,
        kept: int = KEPT,
        form: Callable[[LogLine], str] = str,
    ) -> None:
        self._form = form
        self.path = path
        self._lock = path.with_suffix(".lock")
        self._largest = largest
        self._kept = kept

    def write(self, text: str) -> None:
        """Append one line.

        Raises:
            StoreError: the log cannot be written; nothing should be done that it cannot record.
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            wait = 0.0 if self._lock in _held else PATIENCE
            with locked(self._lock, wait=wait, poll=POLL) as lock:
                alone = lock >= 0
                if not alone and self._lock not in _held:
                    _held.add(self._lock)
                    text = _unlocked(text, self._complaint())
                content = (self._form(text) if isinstance(text, LogLine) else text).encode("utf-8", "replace")
                if alone and self.path.exists() and self.path.stat().st_size + len(content) >= self._largest:
                    self._rotate()
                append_line(self.path, content, alone=alone)
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be written ({error.strerror or error})") from None

    def _complaint(self) -> str:
        """Why it is written without the lock; said on standard error, too."""
        pids = ", ".join(map(str, holders(self._lock)))
        by = f"process {pids}" if pids else "another process"
        why = f"{self._lock} was held by {by} for {PATIENCE:g} seconds, so that the log is written without it"
        write(sys.stderr, f"{why}\n")
        return why

    def _rotate(self) -> None:
        for number in range(self._kept - 1, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            if older.exists():
                older.replace(self.path.with_name(f"{self.path.name}.{number + 1}"))
        self.path.replace(self.path.with_name(f"{self.path.name}.1"))


def _unlocked(text: str, why: str) -> str:
    if isinstance(text, LogLine):
        return with_field(text, "unlocked", why)
    return f"{text} unlocked={quoted(why)}"


def run_id(at: datetime) -> str:
    """The name of a run that begins now: when, and four digits that tell two of the same second apart."""
    import secrets

    return f"{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def now() -> datetime:
    """The clock, read in one place."""
    return datetime.now(UTC)
