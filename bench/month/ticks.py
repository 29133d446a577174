"""A tick: what cron would do on a host, with what cron would have mailed, and what the host then says."""

from __future__ import annotations

import json
import re
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from bench.month.hosts import Machine
from shepherd.running.log import parse
from tests.waiting import is_over, until

SHARED = "shepherd/shared"
_FIELDS = re.compile(r"^(?:\S+ ){5}(?P<command>.*\brun --cron)$", re.MULTILINE)


class Tick(NamedTuple):
    """One call by cron."""

    code: int
    output: str
    """What cron mails."""
    runs: list[str]
    """The runs that the log saw begin since the tick before, and be refused."""
    seconds: float


class Cron:
    """Plays cron for one host: reads the crontab, and runs its line with what cron gives."""

    def __init__(self, host: Machine) -> None:
        self.host = host
        self.ticks: list[Tick] = []
        self._log = LogReader(self.state / "log" / "shepherd.log")

    @property
    def home(self) -> Path:
        return self.host.root / "home" / self.host.account

    @property
    def state(self) -> Path:
        return self.home / SHARED / "var"

    def command(self) -> str:
        """The command of the block in the crontab; empty: there is none."""
        match = _FIELDS.search(self.host.run("crontab", "-l").out)
        return match["command"].replace("\\%", "%") if match else ""

    def begin(self) -> RunningTick:
        """Start the tick, as cron would now; it ends with 127 if the crontab has no block."""
        command = self.command() or "exit 127"
        self.new_runs()  # what others did since is no part of it
        return RunningTick(self, self.host.by_account("/bin/sh", "-c", command))

    def tick(self) -> Tick:
        return self.begin().end()

    def new_runs(self) -> list[str]:
        return self._log.new_runs()

    def status(self) -> dict[str, Any]:
        """`inv status --json`: what people are told now; without an answer: what it said instead."""
        done = self.host.inv("status", "--json")
        try:
            document: dict[str, Any] = json.loads(done.out)
        except ValueError:
            return {"answer": "none", "problems": [done.text.strip()[-500:]], "code": done.code}
        return document | {"code": done.code}


class RunningTick:
    """A tick at work."""

    def __init__(self, cron: Cron, command: list[str]) -> None:
        self._cron, self._began = cron, time.monotonic()
        self._process = subprocess.Popen(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    def end(self, limit: float = 200) -> Tick:
        """Wait for its end."""
        out, _ = self._process.communicate(timeout=limit)
        seconds = time.monotonic() - self._began
        tick = Tick(self._process.returncode, out, self._cron.new_runs(), seconds)
        self._cron.ticks.append(tick)
        return tick

    def at_work(self, *stages: str) -> psutil.Process | None:
        """Its process, once its record says that it is at one of these stages; None: it has ended."""
        record = self._cron.state / "run" / "record.json"

        def works() -> bool:
            with suppress(OSError, ValueError, KeyError):
                if json.loads(record.read_text())["stage"] in stages:
                    return True
            return self._process.poll() is not None

        until(works, what=f"one of the stages {stages} of a tick")
        if self._process.poll() is not None:
            return None
        children = psutil.Process(self._process.pid).children(recursive=True)
        return next((each for each in children if "invoke" in each.cmdline()), None)


class LogReader:
    """What is new in a log since the last look, through rotations."""

    def __init__(self, path: Path) -> None:
        self._path, self._place, self._inode = path, 0, 0
        self.lines: list[dict[str, str]] = []

    def new_runs(self) -> list[str]:
        """The runs of the stages that began, by their ids, once each."""
        try:
            status = self._path.stat()
            if status.st_ino != self._inode or status.st_size < self._place:
                self._inode, self._place = status.st_ino, 0
            with self._path.open("rb") as file:
                file.seek(self._place)
                content = file.read()
        except OSError:
            return []
        whole = content[: content.rfind(b"\n") + 1]
        self._place += len(whole)
        fresh = [parse(line) for line in whole.decode("utf-8", "replace").splitlines()]
        self.lines += fresh
        begun = [each.get("run", "") for each in fresh if each.get("stage") and each.get("event") == "START"]
        return list(dict.fromkeys(begun))


def kill(process: psutil.Process) -> None:
    """`kill -9`, and wait until it is gone."""
    process.kill()
    until(lambda: is_over(process.pid), what="the end of a killed process")
