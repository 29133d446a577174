"""Stand-ins for cron: a `crontab` program that behaves like Debian's, and what cron makes of a crontab."""

from __future__ import annotations

import re
import sys
from pathlib import Path

_PROGRAM = r"""#!{python} -S
import os, subprocess, sys, tempfile
place, calls = {place!r}, {calls!r}
what = sys.argv[1]
open(calls, "a").write(what + "\n")
def stored():
    if not os.path.exists(place):
        sys.stderr.write("no crontab for tester\n")
        sys.exit(1)
    return open(place, "rb").read()
def install(content):
    if content and not content.endswith(b"\n"):
        sys.stderr.write("new crontab file is missing newline before EOF, can't install.\n")
        sys.exit(1)
    open(place, "wb").write(content)
if what == "-l":
    sys.stdout.buffer.write(stored().replace(b"\r", b"\\r"))
elif what == "-":
    install(sys.stdin.buffer.read())
elif what == "-r":
    stored()
    os.unlink(place)
elif what == "-e":
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "crontab")
        open(copy, "wb").write(stored())
        subprocess.run(["/bin/sh", "-c", os.environ["VISUAL"] + " " + copy], check=True)
        install(open(copy, "rb").read())
"""


class Crontab:
    """A crontab in a file, and a `crontab` program in the folder `bin` that keeps it."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "cron"
        self.bin.mkdir()
        self._place = folder / "spool"
        self._calls = folder / "calls"
        program = self.bin / "crontab"
        program.write_text(
            _PROGRAM.format(python=sys.executable, place=str(self._place), calls=str(self._calls))
        )
        program.chmod(0o755)

    @property
    def content(self) -> bytes | None:
        """None: the user has none."""
        return self._place.read_bytes() if self._place.exists() else None

    @content.setter
    def content(self, content: bytes) -> None:
        self._place.write_bytes(content)

    @property
    def writes(self) -> int:
        calls = self._calls.read_text().split() if self._calls.exists() else []
        return sum(call in ("-", "-r") for call in calls)


def entries(content: bytes, login: str) -> list[tuple[dict[bytes, bytes], bytes]]:
    """Each job as cron would start it: the assignments above it, and the line.

    MAILTO is the login where nothing sets it. For assignments without quotes around their names.
    """
    environment = {b"MAILTO": login.encode()}
    found = []
    for line in content.split(b"\n"):
        if assignment := re.fullmatch(rb"\s*(\w+)\s*=\s*(.*?)\s*", line):
            environment[assignment[1]] = assignment[2].strip(b"\"'")
        elif line.strip() and not line.lstrip().startswith(b"#"):
            found.append((dict(environment), line))
    return found


def shell_command(line: bytes) -> bytes:
    """What cron hands to the shell: the sixth field up to an unescaped `%`, `\\%` unescaped."""
    command = line.split(None, 5)[5]
    return re.split(rb"(?<!\\)%", command)[0].replace(b"\\%", b"%")
