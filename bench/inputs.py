"""What a day of runs, each five minutes, keeps of what it judged by: bytes, and what keeping costs a run.

`python -m bench.inputs [REPOSITORY]`; without one it makes up a history. Once nothing lands, once some thirty
landings and as many tags come.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

from bench.history import changes
from bench.project import SETTINGS, make_repository
from shepherd.run import Run
from shepherd.settings import Settings, read
from shepherd.snapshot import Snapshot
from shepherd.stages import judge
from shepherd.stages.find import find_branch
from shepherd.stages.judge_input import JudgeInput
from shepherd.stages.kept_inputs import keep_input, kept_inputs

RUNS = 24 * 12
SIZE, WAITING, LAND = 3_000, 80, 30
AIM = 2_000_000
"""Bytes a day."""
_BUGS = re.compile(r"\[bugs?[= ]([^\]]*)\]")


class Day:
    """A project whose newest landings are yet to come."""

    def __init__(self, folder: Path, source: Path | None) -> None:
        self.folder, self.repository = folder, folder / "project.git"
        if source is None:
            make_repository(self.repository, list(changes(SIZE)), SIZE - WAITING - LAND)
        else:
            subprocess.run(["git", "clone", "-q", "--bare", source, self.repository], check=True)
        lines = self._git("log", "--first-parent", "--format=%H %s", f"-{WAITING + LAND + 1}", "HEAD")
        self.line = [line.partition(" ")[::2] for line in reversed(lines.splitlines())]
        self.bugs: dict[str, dict[str, list[str]]] = {}
        for _, title in self.line:
            for bug in self._named(title):
                self.bugs[bug] = {"tags": ["qa-ok" if int(bug) % 5 else "qa-needstesting"]}
        self._git("update-ref", "refs/heads/production", self.line[0][0])
        (folder / "shepherd.toml").write_text(SETTINGS)
        self.settings: Settings = read(folder / "shepherd.toml")
        (folder / "var").mkdir()
        self.at = datetime(2026, 3, 4, tzinfo=UTC)
        self.runs = 0
        self.land(WAITING)

    def land(self, number: int) -> None:
        """The mainline is at landing `number` of those after D."""
        self._git("update-ref", "refs/heads/stable", self.line[number][0])
        self._speak()

    def tag(self, number: int) -> None:
        """Somebody looked at what landed."""
        for bug in self._named(self.line[number][1]):
            self.bugs[bug] = {"tags": ["qa-ok" if self.bugs[bug]["tags"] != ["qa-ok"] else "qa-untestable"]}
        self._speak()

    def run(self) -> None:
        self.at += timedelta(minutes=5)
        self.runs += 1
        run = Run(f"{self.at:%Y%m%dT%H%M%SZ}-{self.runs % 65_536:04x}", self.at, "bench", _no_log)
        find_branch(self.settings, "stable", run)
        judge.judge_branch(self.settings, "stable", run)

    def kept(self) -> int:
        """Bytes of all that is kept."""
        return sum(path.stat().st_size for path in self._inputs() if path.suffix == ".gz")

    def _inputs(self) -> Iterator[Path]:
        return (self.folder / "var" / "snapshots" / "stable" / "inputs").iterdir()

    def _speak(self) -> None:
        (self.folder / "bugs.json").write_text(json.dumps({"bugs": self.bugs}))

    def _named(self, title: str) -> list[str]:
        return [bug for names in _BUGS.findall(title) for bug in re.findall(r"\d{1,9}", names)]

    def _git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", "-C", self.repository, *words], check=True, capture_output=True, text=True
        )
        return done.stdout


def _no_log(event: str, **fields: object) -> None:
    """Nobody reads it."""


class Keeping:
    """What keeping takes, in processor seconds, in the place of `keep_input`."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, settings: Settings, given: JudgeInput, snapshot: Snapshot) -> None:
        begun = process_time()
        keep_input(settings, given, snapshot)
        self.seconds += process_time() - begun


def main(source: Path | None) -> None:
    vars(judge)[keep_input.__name__] = keeping = Keeping()
    with tempfile.TemporaryDirectory() as folder:
        day = Day(Path(folder), source)
        day.run()
        print(f"a window of {WAITING} landings: {day.kept():,} bytes for the first judgement")
        for name, landings in (("nothing lands", 0), (f"{LAND} landings and as many tags", LAND)):
            size, keeping.seconds = day.kept(), 0.0
            events = {round((each + 0.5) * RUNS / landings): each for each in range(landings)}
            for number in range(RUNS):
                if number in events:
                    day.land(WAITING + events[number] + 1)
                if number - 2 in events:
                    day.tag(WAITING + events[number - 2])
                day.run()
            size = day.kept() - size
            cost = keeping.seconds / RUNS * 1000
            print(f"{RUNS} runs, {name}: {size:,} bytes (aim: at most {AIM:,}), {cost:.1f} ms a run")
        begun = process_time()
        count = sum(1 for _ in kept_inputs(day.settings, "stable"))
        print(f"{count} judgements read again in {process_time() - begun:.2f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else None)
