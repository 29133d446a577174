"""What size costs, as a table: `python -m bench.costs [TABLE…]` (docs/size.md).

CPU is that of `inv find judge report` with all its children, memory the most that they held at one moment
(PSS: what several share counts once), "git" the processes of git. Busy: every branch has ten new landings.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import psutil

from bench.history import Change, changes
from bench.project import INV, ROOT, Project, make_repository
from bench.timing import children

SIZE, WAITING, NEW = 16_000, 80, 10
BRANCHES = (1, 20, 100)
WINDOWS = (1_000, 10_000, 100_000)
MILLION = 1_000_000
EVERY = 0.05
"""Seconds between two looks at the memory."""

_BRANCH = """\
[branches.b{number:03}]
repository = "b{number:03}.git"
ref = "stable"
deployed = {{ ref = "production" }}
"""


class Cost(NamedTuple):
    """Of one command."""

    cpu: float
    wall: float
    memory: int
    """Bytes."""
    git: int


def measured(place: Project, *tasks: str) -> Cost:
    """Run tasks of ours and see what that takes."""
    log = place.folder / "git.log"
    log.unlink(missing_ok=True)
    env = place.env | {"PATH": f"{_counting_git(place.folder, log)}:{os.environ['PATH']}"}
    before, began = children(), time.monotonic()
    process = subprocess.Popen(
        [INV, "-r", ROOT, *tasks],
        cwd=place.folder,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    peak = [0]
    watcher = threading.Thread(target=_watch, args=(process.pid, peak))
    watcher.start()
    process.wait()
    wall = time.monotonic() - began
    watcher.join()
    started = len(log.read_text().splitlines()) if log.exists() else 0
    return Cost(children() - before, wall, peak[0], started)


def _counting_git(folder: Path, log: Path) -> Path:
    own = folder / "bin" / "git"
    if not own.exists():
        own.parent.mkdir()
        own.write_text(f"#!/bin/sh\necho >>'{log}'\nexec '{shutil.which('git')}' \"$@\"\n")
        own.chmod(0o755)
    return own.parent


def _watch(process: int, peak: list[int]) -> None:
    try:
        first = psutil.Process(process)
        while first.is_running() and first.status() != psutil.STATUS_ZOMBIE:
            family = [first, *first.children(recursive=True)]
            peak[0] = max(peak[0], sum(map(_pss, family)))
            time.sleep(EVERY)
    except psutil.Error:
        return


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def shown(what: str, cost: Cost) -> None:
    print(f"| {what} | {cost.cpu:.1f} | {cost.wall:.1f} | {cost.memory / 1e6:.0f} | {cost.git} |", flush=True)


def header(what: str) -> None:
    print(f"| {what} | CPU s | wall s | memory MB | git |\n|---|---|---|---|---|", flush=True)


def many_branches(folder: Path, count: int, size: int) -> tuple[Project, list[Change]]:
    """Branches in repositories of their own, whose histories have nothing in common."""
    place, history = Project(folder, 2, 1), list(changes(size + NEW))
    shutil.rmtree(place.repository)
    tables = []
    for number in range(count):
        repository = folder / f"b{number:03}.git"
        make_repository(repository, history[:size], size - WAITING, b"Queue %d" % number)
        tables.append(_BRANCH.format(number=number))
    settings = folder / "shepherd.toml"
    settings.write_text("".join(tables) + "[tracker]" + settings.read_text().partition("[tracker]")[2])
    return place, history


def land(place: Project, history: Sequence[Change], count: int) -> None:
    """Ten new landings on each branch."""
    for number in range(count):
        repository = place.folder / f"b{number:03}.git"
        feed = [b"reset refs/heads/stable\nfrom refs/heads/stable^0\n\n"]
        for change in history[-NEW:]:
            text = change.message.encode()
            feed.append(
                b"commit refs/heads/stable\ncommitter Q <q@example.org> %d +0000\ndata %d\n%b\n"
                % (change.at, len(text), text)
            )
        subprocess.run(["git", "fast-import", "--quiet"], cwd=repository, input=b"".join(feed), check=True)


def branches(size: int = SIZE) -> None:
    header(f"branches of {size:,} landings")
    for count in BRANCHES:
        with tempfile.TemporaryDirectory() as folder:
            place, history = many_branches(Path(folder) / "project", count, size)
            shown(f"{count}, for the first time", measured(place, "find", "judge", "report"))
            shown(f"{count}, idle", measured(place, "find", "judge", "report"))
            land(place, history, count)
            shown(f"{count}, busy", measured(place, "find", "judge", "report"))


def windows() -> None:
    header("landings that are not live")
    for window in WINDOWS:
        with tempfile.TemporaryDirectory() as folder:
            place = Project(Path(folder) / "project", window + 1_000, 1_000)
            shown(f"{window:,}, for the first time", measured(place, "find", "judge", "report"))
            shown(f"{window:,}, idle", measured(place, "find", "judge", "report"))


def million() -> None:
    header("landings in all, of which 80 wait")
    with tempfile.TemporaryDirectory() as folder:
        place = Project(Path(folder) / "project", MILLION, MILLION - WAITING)
        shown(f"{MILLION:,}, for the first time", measured(place, "find", "judge", "report"))
        shown(f"{MILLION:,}, idle", measured(place, "find", "judge", "report"))


TABLES: dict[str, Callable[[], None]] = {
    "branches": branches,
    "short-branches": partial(branches, 400),
    "windows": windows,
    "million": million,
}


def main() -> None:
    for name in sys.argv[1:] or TABLES:
        TABLES[name]()


if __name__ == "__main__":
    main()
