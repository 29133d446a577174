"""What a command prints. What cannot be written stops no work: a full disk, a closed terminal or pipe."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from shepherd.commands import as_called
from shepherd.printable import STEERING, escaped

_complaints: set[str] | None = None
"""What the tasks before this one complained of; None: everything is said."""
_silenced: tuple[TextIO | None, str] | None = None
"""The standard output that took no more, and why."""


def say(text: str) -> None:
    """Print to standard output, in whatever encoding the terminal has."""
    write(sys.stdout, f"{text}\n")


def json_for_terminals(document: bytes) -> str:
    """JSON that a terminal can show: what it might take for a command or a change of direction is escaped."""
    return re.sub(f"[{STEERING}]", lambda match: escaped(match[0]), document.decode())


def complain(text: str) -> None:
    """Print to standard error, on one line, without anything that a terminal could take for a command."""
    from shepherd.views.terminal import plain

    sentence = plain(text, 2000)
    if _complaints is not None:
        if sentence in _complaints:
            return
        _complaints.add(sentence)
    write(sys.stderr, f"{sentence}\n")


@contextmanager
def without_repetition() -> Iterator[None]:
    """Say once what several tasks complain of in the same words, such as settings that are wrong."""
    global _complaints
    _complaints = set()
    try:
        yield
    finally:
        _complaints = None


def write(stream: TextIO | None, text: str) -> None:
    """Write and flush; from the first failure on, nowhere: what a command does, it does to its end.

    Args:
        stream: None where it was closed when this process began.
    """
    global _silenced
    if stream is None:
        if sys.stdout is None:
            _silenced = None, "it is closed"
        return
    try:
        encoding, text = stream.encoding or "utf-8", as_called(text)
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except (OSError, ValueError) as error:
        # a reader who has seen enough, as `head` has, misses nothing
        if stream is sys.stdout and not isinstance(error, BrokenPipeError):
            _silenced = stream, getattr(error, "strerror", None) or str(error)
        _divert(stream)


def unwritten() -> str:
    """Why standard output did not take all that was said; empty: it did."""
    return _silenced[1] if _silenced and _silenced[0] is sys.stdout else ""


def occupy_standard_streams() -> None:
    """Open /dev/null where a standard stream is closed: else the next file opened gets its number,
    and what a child complains of would be written into that file."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # the lowest number that is free is this one; children shall have it, too
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def _divert(stream: TextIO) -> None:
    """Send to /dev/null what the stream still holds: it is written when the interpreter ends."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
