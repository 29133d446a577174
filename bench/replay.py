"""A real history judged over time, and all of it judged again: equal, and what does that take beside judging?

`python -m bench.replay REPOSITORY…`: the mainline `stable` of each, from its first landing to its last, in
300 runs. Tags and deployments are made up from a seed: bugs become good, bad, or stay as they are; production
follows, and sometimes goes back; people give verdicts.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any

from bench.project import SETTINGS
from shepherd.run import Run
from shepherd.running.replay import replay
from shepherd.running.tasking import TaskOptions
from shepherd.settings import Settings, read
from shepherd.stages.find import find_branch
from shepherd.stages.judge import judge_branch
from shepherd.stages.statements import give_verdict
from shepherd.store.snapshots import LATEST
from shepherd.values import parse_rev

RUNS = 300
BEHIND = (20, 150)
"""So many landings production is behind the tip."""
_WORDS = ("qa-ok", "qa-ok", "qa-ok", "qa-ok", "qa-untestable", "qa-needstesting", "qa-bad")
_BUGS = re.compile(r"\[bugs?[= ]([^\]]*)\]")
_SETTINGS = f'keep_inputs = "36000d"\n{SETTINGS}'


class Past:
    """A mainline as it was at one time after the other."""

    def __init__(self, folder: Path, source: Path, seed: int = 7) -> None:
        self.folder, self.chance = folder, random.Random(seed)
        self.repository = folder / "project.git"
        subprocess.run(["git", "clone", "-q", "--bare", source, self.repository], check=True)
        lines = self._git("log", "--first-parent", "--reverse", "--format=%H %ct %s", "stable").splitlines()
        self.line = [line.split(" ", 2) for line in lines]
        self.bugs: dict[str, Any] = {}
        self.judging = 0.0
        """Processor seconds that judging took."""
        (folder / "shepherd.toml").write_text(_SETTINGS)
        (folder / "var").mkdir()
        self.settings: Settings = read(folder / "shepherd.toml")

    def lived(self) -> Iterator[bytes]:
        """Each document that `latest.json` was, in order."""
        for number in range(1, RUNS + 1):
            tip = max(1, len(self.line) * number // RUNS)
            self._go_to(tip)
            at = datetime.fromtimestamp(int(self.line[tip - 1][1]), UTC) + timedelta(hours=1)
            find_branch(self.settings, "stable", self._run(number, at))
            yield self._judged(number, at)
            if self.chance.random() < 0.3:
                rev = parse_rev(f"r{self.chance.randint(max(1, tip - 20), tip)}")
                word = self.chance.choice(("ok", "bad", "withdraw"))
                run = self._run(RUNS + number, at + timedelta(minutes=1))
                begun = process_time()
                give_verdict(self.settings, "stable", rev, word, "made up", run)
                self.judging += process_time() - begun
                yield self._latest()

    def _judged(self, number: int, at: datetime) -> bytes:
        begun = process_time()
        judge_branch(self.settings, "stable", self._run(number, at))
        self.judging += process_time() - begun
        return self._latest()

    def _go_to(self, tip: int) -> None:
        self._git("update-ref", "refs/heads/stable", self.line[tip - 1][0])
        live = max(1, tip - self.chance.randint(*BEHIND))
        self._git("update-ref", "refs/heads/production", self.line[live - 1][0])
        for _, _, title in self.line[max(0, tip - 400) : tip]:
            for names in _BUGS.findall(title):
                for bug in re.findall(r"\d{1,9}", names):
                    if bug not in self.bugs or self.chance.random() < 0.1:
                        self.bugs[bug] = {"tags": [self.chance.choice(_WORDS)]}
        (self.folder / "bugs.json").write_text(json.dumps({"bugs": self.bugs}))

    def _latest(self) -> bytes:
        return (self.settings.state_path / "snapshots" / "stable" / LATEST).read_bytes()

    def _run(self, number: int, at: datetime) -> Run:
        return Run(f"{at:%Y%m%dT%H%M%SZ}-{number:04x}", at, "bench", _no_log)

    def _git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", "-C", self.repository, *words], check=True, capture_output=True, text=True
        )
        return done.stdout


def _no_log(event: str, **fields: object) -> None:
    """Nobody reads it."""


def main(repositories: list[Path]) -> None:
    for source in repositories:
        with tempfile.TemporaryDirectory() as folder:
            past = Past(Path(folder), source)
            written = list(past.lived())
            begun = process_time()
            code = replay(TaskOptions(past.settings), None)
            took = process_time() - begun
            kept = sum(file.stat().st_size for file in Path(folder).rglob("inputs/*.gz"))
            print(
                f"{source.name}: {len(past.line):,} landings, {RUNS} runs, {len(written)} answers of"
                f" {sum(map(len, written)) / len(written) / 1e6:.2f} MB, {kept / 1e6:.1f} MB kept:"
                f" {'all equal' if code == 0 else f'exit code {code}'};"
                f" judged in {past.judging:.1f} s, judged again in {took:.1f} s"
                f" ({took / past.judging:.2f} of it)",
                flush=True,
            )


if __name__ == "__main__":
    main([Path(each) for each in sys.argv[1:]])
