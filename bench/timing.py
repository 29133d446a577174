"""Medians of five."""

from __future__ import annotations

import gc
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

TIMES = 5


def cpu_median(body: Callable[[], object]) -> float:
    """Processor seconds of this process: what other work on the machine does not change much."""
    return _median(body, time.process_time)


def wall_median(body: Callable[[], object]) -> float:
    """Seconds of wall time."""
    return _median(body, time.perf_counter)


def command_median(command: Sequence[str], cwd: Path, env: dict[str, str]) -> float:
    """Seconds of wall time of a whole command; it must succeed."""

    def run() -> None:
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, check=False)
        if done.returncode not in (0, 5):
            raise SystemExit(f"{command} failed: {done.stderr.decode()}")

    run()
    return wall_median(run)


def _median(body: Callable[[], object], clock: Callable[[], float]) -> float:
    times = []
    for _ in range(TIMES):
        gc.collect()
        before = clock()
        body()
        times.append(clock() - before)
    return statistics.median(times)
