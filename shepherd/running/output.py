"""Words to who called us. What cannot be told stops no work: a full disk, a closed terminal, a pipe left."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from shepherd.commands import as_called

_told: set[str] | None = None
"""The complaints of the tasks before this one; None: each is told."""
_silenced: tuple[TextIO | None, str] | None = None
"""The standard output that took no more, and why."""


def say(text: str) -> None:
    """To standard output, in whatever encoding the terminal has."""
    write(sys.stdout, f"{text}\n")


def complain(text: str) -> None:
    """To standard error, on one line, without anything that a terminal could take for a command."""
    from shepherd.views.terminal import plain

    sentence = plain(text, 2000)
    if _told is not None:
        if sentence in _told:
            return
        _told.add(sentence)
    write(sys.stderr, f"{sentence}\n")


@contextmanager
def without_repetition() -> Iterator[None]:
    """What several tasks complain of in the same words, as of settings that are wrong, is told once."""
    global _told
    _told = set()
    try:
        yield
    finally:
        _told = None


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
        # a reader who has seen enough, as `head` has, is none who misses something
        if stream is sys.stdout and not isinstance(error, BrokenPipeError):
            _silenced = stream, getattr(error, "strerror", None) or str(error)
        _divert(stream)


def unwritten() -> str:
    """Why standard output did not take all that was said; empty: it did."""
    return _silenced[1] if _silenced and _silenced[0] is sys.stdout else ""


def occupy_standard_streams() -> None:
    """Where a standard stream is closed, its number goes to /dev/null: else the next file opened gets it,
    and what a child complains of would be written into that file."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # the lowest number that is free is this one; children shall have it, too
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def _divert(stream: TextIO) -> None:
    """To /dev/null, with what the stream still holds: it is written when the interpreter ends."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
