"""Where the log goes, in which form, and how much of it: the `[log]` table of the settings (docs/log.md)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from shepherd.printable import CONTROLS, STEERING, SURROGATES, escaped
from shepherd.running.log import Log, LogLine, with_field
from shepherd.running.output import write
from shepherd.settings.model import LogLevel, LogSettings

if TYPE_CHECKING:
    import socket

DEVICE = "/dev/log"
"""The socket at which a syslog daemon, or systemd's journal, listens."""
LONGEST = 8000
"""Bytes of a message for syslog: rsyslog cuts what is longer than 8 kB."""
PATIENCE = 5.0
"""Seconds that a syslog daemon may take for a message; a stopped one would be waited for without end."""

LEVELS: tuple[LogLevel, ...] = ("info", "warning", "error")
EVENTS: Mapping[str, LogLevel] = {
    "START": "info",
    "END": "info",
    "source": "info",
    "tracker": "info",
    "checks": "info",
    "landing": "info",
    "answer": "info",
    "waits": "info",
    "check-wait": "info",
    "archive": "info",
    "act": "info",
    "journal": "info",
    "alarm": "error",
    "frozen": "info",
    "hosts": "warning",
    "refused": "warning",
    "crashed": "warning",
    "lost": "error",
    "bug": "error",
}
"""Every event, and the level that it has if nothing went wrong (docs/log.md#events)."""
RESULTS: Mapping[str, LogLevel] = {
    "failed": "error",
    "unsure": "warning",
    "refused": "warning",
    "moved": "warning",
    "overdue": "warning",
    "is over": "info",
}
"""Results that give an event another level."""
Form = Callable[[LogLine], str]

_lost: set[str] = set()
"""Targets that could not be reached: this process does not try them again, line by line."""


def level_of(fields: Mapping[str, object]) -> LogLevel:
    """How serious an event is (docs/log.md#levels)."""
    if "failure" in fields:
        return "error"
    if fields.keys() & {"unlocked", "unsent"} or fields.get("problems") or fields.get("exit"):
        return "warning"
    usual = EVENTS.get(str(fields.get("event")), "info")
    return RESULTS.get(str(fields.get("result")), usual)


def as_json(event: LogLine) -> str:
    """One JSON object on one line: `at`, `level`, and the event's fields; numbers stay numbers."""
    import json
    import re

    plain = {key: _plain(value) for key, value in event.fields.items()}
    text = json.dumps({"at": event.at, "level": level_of(event.fields), **plain}, ensure_ascii=False)
    # outside of strings there is none of these
    return re.sub(rf"[{CONTROLS}{SURROGATES}{STEERING}]", lambda match: escaped(match[0]), text)


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | None) else str(value)


class EventLog:
    """Writes events as the settings want them. A target that cannot be reached is replaced by the file, and
    that is said: what is done is recorded, or not done.

    Args:
        file: where `shepherd.log` lies; device: the socket of the syslog daemon.
    """

    def __init__(self, wanted: LogSettings, file: Path, device: str = DEVICE) -> None:
        self._least = LEVELS.index(wanted.level)
        self._form: Form = as_json if wanted.format == "json" else str
        self._file = Log(file, form=self._form)
        self._name = {"syslog": device, "stderr": "standard error"}.get(wanted.to, "")
        self._send = {"syslog": Syslog(device).send, "stderr": to_standard_error}.get(wanted.to)

    def write(self, event: LogLine) -> None:
        """Write one event, unless it is less serious than `log.level`.

        Raises:
            StoreError: it cannot be written; nothing should be done that the log cannot record.
        """
        level = level_of(event.fields) if self._least or self._send else "info"
        if LEVELS.index(level) < self._least:
            return
        if self._send is not None and self._name not in _lost:
            try:
                self._send(event, level, self._form)
                return
            except OSError as error:
                _lost.add(self._name)
                event = with_field(event, "unsent", self._complaint(error))
        self._file.write(event)

    def _complaint(self, error: OSError) -> str:
        """Why the file is written instead; said on standard error, too."""
        cause = error.strerror or str(error)
        why = f"the log cannot be sent to {self._name} ({cause}): it is written to {self._file.path} instead"
        write(sys.stderr, f"{why}\n")
        return why


def to_standard_error(event: LogLine, _level: LogLevel, form: Form) -> None:
    """Write it to the standard error that this process was started with, wherever messages go meanwhile.

    Raises:
        OSError: it is closed, or takes no more.
    """
    if sys.__stderr__ is None:
        raise OSError("it is closed")
    content = f"{form(event)}\n".encode("utf-8", "replace")
    while content:
        content = content[os.write(sys.__stderr__.fileno(), content) :]


class Syslog:
    """The syslog daemon of this machine: one datagram for each event.

    The standard library's `syslog` loses a message without a word where no daemon listens, and its
    SysLogHandler waits without end for one that is stopped.
    """

    def __init__(self, device: str) -> None:
        self._device = device

    def send(self, event: LogLine, level: LogLevel, form: Form) -> None:
        """Send it. Raises OSError: no daemon takes it."""
        import syslog

        severity = {"info": syslog.LOG_INFO, "warning": syslog.LOG_WARNING, "error": syslog.LOG_ERR}[level]
        head = f"<{syslog.LOG_DAEMON | severity}>shepherd[{os.getpid()}]: ".encode()
        # a connection for each: the daemon may have been started again meanwhile
        with self.connect() as link:
            link.send(head + _shortened(event, form, LONGEST - len(head)))

    def connect(self) -> socket.socket:
        """A connection, over which nothing was sent yet. Raises OSError: nobody listens."""
        import socket

        link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            link.settimeout(PATIENCE)
            link.connect(self._device)
        except BaseException:
            link.close()
            raise
        return link


def _shortened(event: LogLine, form: Form, room: int) -> bytes:
    """The event in at most so many bytes: what is longest in it is cut, so that it can still be parsed."""
    while len(content := form(event).encode("utf-8", "replace")) > room:
        key, value = max(event.fields.items(), key=lambda field: len(str(field[1])))
        kept = str(value)[: len(str(value)) // 2]
        event = with_field(event, key, f"{kept}…" if kept else "")
    return content
