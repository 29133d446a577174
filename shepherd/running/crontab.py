"""The user's crontab as bytes: our marked block in it, and how it is read and replaced by `crontab`.

What is not ours is never decoded, and never changed.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from shepherd.errors import SettingsError, ShepherdError
from shepherd.values import clean

LIMIT = 30
"""Seconds that one call of `crontab` may take."""

_MARKER = re.compile(rb"[ \t]*#[# \t]*(BEGIN|END)[ \t]+QA[ \t]+Shepherd\b[ \t]*([^\s:]*)", re.IGNORECASE)
_ID = re.compile(rb"[0-9a-f]{10}")
_MAILTO = re.compile(rb"""[ \t]*(["']?)MAILTO\1[ \t]*=""")
_REMEDY = "fix these lines by hand with `crontab -e`, or remove the block, then run it again"


class CrontabError(ShepherdError):
    """The crontab could not be read or replaced; it is as it was before."""


class NoCrontabError(CrontabError):
    """There is no `crontab` program."""


class DamagedError(SettingsError):
    """The markers in the crontab are not in pairs, so that nobody knows which lines are ours."""


class CrontabParts(Struct, frozen=True):
    """A crontab taken apart: `before + block + after` are its bytes."""

    before: bytes
    block: bytes = b""
    after: bytes = b""

    @property
    def foreign(self) -> bytes:
        """All that is not ours, as it stands."""
        return self.before + self.after


def split(content: bytes, id: str) -> CrontabParts:
    """Take a crontab apart around the block with this id; without one, everything is `before`.

    Raises:
        DamagedError: a marker is alone, doubled, within another block or without id, be it of our block or of
            another shepherd's.
    """
    blocks: list[tuple[int, int, bytes]] = []
    opened: tuple[int, int, bytes] | None = None
    for number, start, end, line in _lines(content):
        if not (marker := _MARKER.match(line)):
            continue
        word, name = marker[1].upper().decode(), marker[2]
        if not _ID.fullmatch(name):
            raise DamagedError(
                f"line {number} of the crontab is a marker of QA Shepherd without its id; {_REMEDY}"
            )
        if word == "BEGIN" and opened:
            raise DamagedError(
                f"line {number} of the crontab begins a block of QA Shepherd within that of line {opened[0]};"
                f" {_REMEDY}"
            )
        if word == "END" and (not opened or opened[2] != name):
            raise DamagedError(
                f"line {number} of the crontab ends a block of QA Shepherd that did not begin; {_REMEDY}"
            )
        if word == "BEGIN":
            opened = (number, start, name)
        elif opened:
            blocks.append((opened[1], end, name))
            opened = None
    if opened:
        raise DamagedError(
            f"line {opened[0]} of the crontab begins a block of QA Shepherd without end; {_REMEDY}"
        )
    ours = [(start, end) for start, end, name in blocks if name == id.encode()]
    if len(ours) > 1:
        raise DamagedError(f"the crontab has {len(ours)} blocks of the same QA Shepherd ({id}); {_REMEDY}")
    if not ours:
        return CrontabParts(content)
    start, end = ours[0]
    return CrontabParts(content[:start], content[start:end], content[end:])


def appended(foreign: bytes, block: bytes) -> bytes:
    """Foreign lines and then the block. A last line that lacks its end gets one: `crontab` takes no other."""
    gap = b"\n" if foreign and not foreign.endswith(b"\n") else b""
    return foreign + gap + block


def mailto_line(foreign: bytes) -> bytes:
    """The assignment that decides, after all these lines, where cron's mail goes; empty if there is none."""
    assignment = b""
    for _, _, _, line in _lines(foreign):
        if _MAILTO.match(line):
            assignment = line.rstrip(b"\n")
    return assignment


def _lines(content: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Number from 1, where it begins and ends, and the line with its end."""
    place = 0
    # Not splitlines: for cron a carriage return alone ends no line.
    for number, line in enumerate(re.findall(rb"[^\n]*\n|[^\n]+", content), 1):
        yield number, place, place + len(line), line
        place += len(line)


def read() -> bytes:
    """The crontab of this user, empty if there is none.

    Raises:
        CrontabError: there is no `crontab` program, or it does not show the crontab.
    """
    code, content, complaint = _call("-l")
    if code:
        if re.search("no crontab for|can't open", complaint):
            return b""
        raise CrontabError(f"the crontab cannot be read: crontab -l says {complaint!r}")
    return _as_it_stands() if b"\\r" in content else content


def write(content: bytes) -> None:
    """Replace the crontab of this user; no content: remove it.

    Raises:
        CrontabError: it was refused, or something else than this stands there afterwards.
    """
    code, _, complaint = _call("-", input=content) if content else _call("-r")
    if code:
        raise CrontabError(f"the crontab is as it was: crontab says {complaint!r}")
    if read() != content:
        raise CrontabError(
            "the crontab was changed by somebody else at the same time; look at it: crontab -l"
        )


def _as_it_stands() -> bytes:
    """The crontab by way of an editor that copies it: Debian's `crontab -l` spells out carriage returns."""
    with tempfile.TemporaryDirectory() as folder:
        editor = f"cp -t {shlex.quote(folder)}"
        code, _, complaint = _call("-e", VISUAL=editor, EDITOR=editor)
        copies = list(Path(folder).iterdir())
        if code or len(copies) != 1:
            raise CrontabError(
                r"the crontab may hold carriage returns, which crontab -l shows as \r, and crontab -e says"
                f" {complaint!r}; remove them by hand"
            )
        return copies[0].read_bytes()


def _call(*arguments: str, input: bytes = b"", **environment: str) -> tuple[int, bytes, str]:
    """The exit code, standard output, and standard error cleaned."""
    # NOHEADER: else Debian's shows three lines of its own, and each write adds three more.
    environ = {**os.environ, "LC_ALL": "C", "CRONTAB_NOHEADER": "Y", **environment}
    try:
        done = subprocess.run(
            ["crontab", *arguments], input=input, capture_output=True, env=environ, timeout=LIMIT, check=False
        )
    except FileNotFoundError:
        raise NoCrontabError(
            "there is no crontab program here: install cron, or use a systemd timer: inv timer.install"
            " (docs/timers.md)"
        ) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CrontabError(f"crontab could not be run ({clean(str(error), 200)})") from None
    return done.returncode, done.stdout, clean(done.stderr.decode("utf-8", "replace"), 300)
