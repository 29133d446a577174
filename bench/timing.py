"""Medians of five, taken in turns: what else the machine does then falls on both sides of a ratio."""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

TIMES = 5

Clock = Callable[[], float]
CPU: Clock = time.process_time
"""Processor seconds of this process."""
WALL: Clock = time.perf_counter


def medians(bodies: Mapping[str, Callable[[], object]], clock: Clock, times: int = TIMES) -> dict[str, float]:
    """Seconds that each body takes: one round of all to warm up, then `times` rounds that count."""
    taken: dict[str, list[float]] = {name: [] for name in bodies}
    for number in range(times + 1):
        for name, body in bodies.items():
            gc.collect()
            before = clock()
            body()
            if number:
                taken[name].append(clock() - before)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def command(*words: str | Path, cwd: Path, allowed: Sequence[int] = (0,), **environ: str) -> Callable[[], None]:
    """A body that runs a command to its end, its output thrown away."""
    env = os.environ | environ

    def run() -> None:
        done = subprocess.run(words, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if done.returncode not in allowed:
            raise SystemExit(f"{words} ended with {done.returncode}: {done.stderr.decode()}")

    return run


def ratio(claim: str, ours: float, theirs: float, aim: float | None = None) -> None:
    """Print one claim on one line."""
    wanted = f" (aim: at most {aim:g})" if aim is not None else ""
    print(f"{claim}: {ours:.3f} s against {theirs:.3f} s: ratio {ours / theirs:.2f}{wanted}")
