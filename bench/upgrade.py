"""Seconds under the switch of an upgrade, of real releases, when the machine is idle and at load 4; next to
what `inv status` and `inv doctor --offline` take that are only started then, measured in turns.

    python -m bench.upgrade
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.timing import TIMES, claim
from tests.running.real_site import RealSite

AIMS = {0: 0.5, 4: 1.0}
"""Processes that compute meanwhile -> seconds that are aimed at."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        site = RealSite(Path(folder))
        site.release(good=True, live=True)
        site.release()
        site.inv("run")
        for others, aim in AIMS.items():
            with _busy(others):
                ours, theirs = zip(*(_one(site) for _ in range(TIMES)), strict=True)
            print(f"under the switch at load {others}: {statistics.median(ours):.2f} s (aim: below {aim:g})")
            name = f"under the switch at load {others}, against a check that starts then"
            claim(name, statistics.median(ours), statistics.median(theirs))


def _one(site: RealSite) -> tuple[float, float]:
    """Seconds under the switch, and those of the two processes."""
    site.back_to_the_first()
    code, out = site.inv("upgrade")
    if code:
        raise SystemExit(out)
    started = time.monotonic()
    both = [site.start("status"), site.start("doctor", "--offline", "--json")]
    for each in both:
        each.communicate()
    seconds = time.monotonic() - started
    return float(json.loads(site.site.history.read_text().splitlines()[-1])["under"]), seconds


@contextmanager
def _busy(number: int) -> Iterator[None]:
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(number)]
    try:
        yield
    finally:
        for each in processes:
            each.kill()
            each.wait()


if __name__ == "__main__":
    main()
