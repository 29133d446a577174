"""A person who says `inv verdict` again and again while the machine fails, and what each time came of it."""

from __future__ import annotations

import io
import mmap
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from invoke.program import Program

import tasks
from shepherd.store.snapshots import Snapshots
from tests.campaigns.killing import undisturbed
from tests.project import Project, states

CHANGES = {
    "openat": ("ENOSPC", "EIO"),
    "write": ("ENOSPC", "EIO"),
    "pwrite64": ("ENOSPC", "EIO"),
    "fsync": ("EIO", "ENOSPC"),
    "fdatasync": ("EIO", "ENOSPC"),
    "rename": ("EIO", "ENOSPC"),
    "unlink": ("EIO",),
    "ftruncate": ("EIO",),
    "fchmod": ("EIO",),
    "fcntl": ("EIO",),
    "flock": ("EIO",),
    "mkdir": ("ENOSPC",),
}
"""What a command asks of the kernel when it changes a file, and what the kernel may answer."""


class Told(NamedTuple):
    """What a command said; the code is negative where it was killed."""

    code: int
    out: str
    err: str


class Heard(io.TextIOBase):
    """What a child says, kept in memory that its parent sees, also of one that is killed: no system call."""

    encoding = "utf-8"  # like any text stream's

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 65_536)
        self._length = 0

    def write(self, text: str) -> int:
        content = text.encode()
        self._memory[self._length : self._length + len(content)] = content
        self._length += len(content)
        return len(text)

    def text(self) -> str:
        return bytes(self._memory[:]).rstrip(b"\0").decode()


class Speaker:
    """r2 is good by a mark, whatever is said of it; words alternate, so that each one shows.

    Attributes:
        stands: reason -> word of everything that is in the journal, in order.
    """

    def __init__(self, folder: Path) -> None:
        self.project = Project(folder / "project")
        self.project.deploy(self.project.land("[no-qa] Begin", "[no-qa] One")[0])
        self._trace = folder / "trace"
        self._is_traced = False
        self._said = 0
        self.outcomes: Counter[str] = Counter()
        self.stands: dict[str, str] = {}
        for command in (["find"], ["judge"], self._next()):
            # also imports here what the forked processes need
            assert self.call(*command) == 0, command
        self.look_at_the_journal()

    def call(self, *args: str) -> int:
        """`inv ARGS` in this process; its exit code."""
        os.environ |= {"SHEPHERD_CONFIG": str(self.project.folder / "shepherd.toml"), "SHEPHERD_WHO": "ann"}
        try:
            Program(name="inv", namespace=tasks.namespace).run(["inv", *args])
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 1
        return 0

    def speak(self, disturb: Callable[[int], object]) -> Told:
        """Say the next word in a process of its own, which `disturb` is given before it begins; then see
        whether what it said is true.

        Raises:
            AssertionError: it is not, or the next run does not work.
        """
        command = self._next()
        self._out, self._err = Heard(), Heard()
        child = self._forked(command)
        disturb(child)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        told = Told(status, self._out.text(), self._err.text())
        self._check(told, reason=command[-1].removeprefix("--reason="))
        return told

    def _next(self) -> list[str]:
        self._said += 1
        word = "bad" if self._said % 2 else "ok"
        return ["verdict", "r2", word, f"--reason=word {self._said}."]

    def _forked(self, command: list[str]) -> int:
        child = os.fork()
        if child:
            return child
        code = 1
        try:
            sys.stdout, sys.stderr = self._out, self._err
            if self._is_traced:
                _wait_for_a_tracer()
            code = self.call(*command)
        except BaseException:
            self._err.write(traceback.format_exc())
        finally:
            os._exit(code)

    def _check(self, told: Told, reason: str) -> None:
        before = dict(self.stands)
        rows = self.look_at_the_journal()
        assert list(self.stands)[: len(before)] == list(before), "nothing that stood is gone"
        assert max(rows.values()) == 1, "nothing stands twice"
        there = reason in self.stands
        shown = f"ann says {'bad' if self._said % 2 else 'ok'} ({reason})" in told.out
        partly = "this is recorded" in told.err
        if told.code == 0 or shown or partly:
            assert there, f"acknowledged, and lost: {told}"
        elif told.code > 0:
            assert not there, f"refused, and recorded: {told}"
        if told.code > 0:
            assert "Traceback" not in told.err, told.err
            assert told.err.strip(), told
        self.outcomes[
            "killed" if told.code < 0 else "said" if told.code == 0 else "recorded" if there else "refused"
        ] += 1
        self.outcomes["word is there"] += there
        undisturbed(lambda: _good(self.call("find"), self.call("judge")))
        latest = Snapshots(self.project.state / "snapshots", "stable").latest()
        assert latest and states(latest)[2] == list(self.stands.values())[-1]

    def look_at_the_journal(self) -> Counter[str]:
        """How often each reason stands."""
        with closing(sqlite3.connect(self.project.state / "shepherd.db")) as connection:
            found = connection.execute(
                "SELECT why, json_extract(data, '$.word') FROM journal WHERE kind = 'verdict' ORDER BY seq"
            ).fetchall()
        self.stands = dict(found)
        return Counter(why for why, _ in found)

    # System calls

    def calls(self) -> list[tuple[str, int]]:
        """Every call of those in CHANGES that a word makes, by name and by which one of its name it is.

        Of files that are opened, only the project's own.
        """
        told = self._traced("-e", f"trace={','.join(CHANGES)}")
        assert told.code == 0, told
        found, count = [], Counter[str]()
        for name, rest in re.findall(r"^(\w+)\((.*)", self._trace.read_text(), re.MULTILINE):
            count[name] += 1
            if name != "openat" or str(self.project.folder) in rest:
                found.append((name, count[name]))
        return found

    def at_call(self, name: str, number: int, what: str) -> bool:
        """Say a word whose system call meets "signal=KILL", or "error=EIO". Whether there was such a call:
        not every word makes the same ones."""
        told = self._traced("-e", f"trace={name}", "-e", f"inject={name}:{what}:when={number}")
        return told.code < 0 if "signal" in what else "(INJECTED)" in self._trace.read_text()

    def _traced(self, *options: str) -> Told:
        trace = ["strace", "-qq", "-o", str(self._trace), *options, "-p"]
        self._is_traced = True

        def attach(child: int) -> None:
            done = subprocess.run([*trace, str(child)], capture_output=True, text=True, timeout=100)
            assert not done.stderr, done.stderr

        try:
            return self.speak(attach)
        finally:
            self._is_traced = False

    # Time

    def after(self, delay: float) -> Told:
        """Say a word and kill it so many seconds after it began."""

        def kill(child: int) -> None:
            time.sleep(delay)
            os.kill(child, signal.SIGKILL)

        return self.speak(kill)


def _good(*codes: int) -> None:
    assert not any(codes), codes


def _wait_for_a_tracer() -> None:
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        if "TracerPid:\t0" not in Path("/proc/self/status").read_text():
            return
        time.sleep(0.001)
    raise TimeoutError("nobody traces this process")
