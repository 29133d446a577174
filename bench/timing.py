"""Medians of five in processor seconds, taken in turns: what else the machine does spoils no ratio."""

from __future__ import annotations

import gc
import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

TIMES = 5

Body = Callable[[], object]
Clock = Callable[[], float]
CPU: Clock = time.process_time
"""Processor seconds of this process: for what runs in it."""


def children() -> float:
    """Processor seconds of the commands that were run, and of all that they ran."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def medians(bodies: Mapping[str, Body], clock: Clock, *, each: int = 1) -> dict[str, float]:
    """Seconds that each body takes: one round of all to warm up, then five that count.

    Args:
        each: how often a body runs in one measurement; the seconds are those of one time.
    """
    taken: dict[str, list[float]] = {name: [] for name in bodies}
    for number in range(TIMES + 1):
        for name, body in bodies.items():
            gc.collect()
            before = clock()
            for _ in range(each):
                body()
            if number:
                taken[name].append((clock() - before) / each)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def command(*words: str | Path, cwd: Path, env: Mapping[str, str] = os.environ) -> Body:
    """A body that runs a command to its end, its output thrown away; one that crashes ends the bench."""

    def run() -> None:
        done = subprocess.run(words, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if done.returncode < 0 or b"Traceback" in done.stderr:
            raise SystemExit(f"{words} ended with {done.returncode}: {done.stderr.decode()}")

    return run


def claim(name: str, ours: float, theirs: float, aim: float | None = None) -> None:
    """Print one claim on one line."""
    wanted = f" (aim: at most {aim:g})" if aim is not None else ""
    print(f"{name}: {ours:.3f} s against {theirs:.3f} s: ratio {ours / theirs:.2f}{wanted}", flush=True)
