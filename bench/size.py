"""Windows of 1,000, 10,000 and 100,000 landings, and the day on which all of them went live: what judge,
report and status take of processor and memory, and how large the JSON is.

`python -m bench.size [LANDINGS…]`; not one of `python -m bench`, it takes minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from msgspec import Struct

from bench.project import INV, ROOT, Project

SIZES = (1_000, 10_000, 100_000)
_MEGA = 1_000_000


class Used(Struct, frozen=True, gc=False):
    """What one command took."""

    seconds: float
    """Of processor, with what it ran."""
    peak: int
    """Bytes of memory."""


def used(project: Project, *tasks: str) -> Used:
    """Run tasks in a process of their own, so that its peak is theirs."""
    words = [str(INV), "-r", str(ROOT), *tasks]
    with subprocess.Popen(
        words, cwd=project.folder, env=project.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode < 0 or b"Traceback" in said:
        raise SystemExit(f"{words} ended with {process.returncode}: {said.decode()}")
    return Used(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def rounds(project: Project, size: int) -> dict[str, int]:
    """Each command, and what it took; the bytes of the files that it left."""
    for name, taken in {
        "judge": used(project, "judge"),
        "judge again": used(project, "judge"),
        "report": used(project, "report"),
        "status": used(project, "status"),
        "status --json": used(project, "status", "--json"),
    }.items():
        print(f"{size:>9,}  {name:<14} {taken.seconds:8.2f} s {taken.peak / _MEGA:8.0f} MB", flush=True)
    files = _files(project.folder / "var")
    for name, weight in files.items():
        print(f"{size:>9,}  {name:<28} {weight / _MEGA:8.2f} MB", flush=True)
    return files


def _files(state: Path) -> dict[str, int]:
    snapshots = state / "snapshots" / "stable"
    kept = list(snapshots.glob("*.json.gz"))
    return {
        "latest.json": (snapshots / "latest.json").stat().st_size,
        "the newest that is kept": max(kept, key=lambda path: path.stat().st_mtime).stat().st_size,
        "stable.json": (state / "report" / "stable.json").stat().st_size,
        "stable.html": (state / "report" / "stable.html").stat().st_size,
    }


def main(sizes: list[int]) -> None:
    for size in sizes:
        with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
            project = Project(Path(folder) / "project", size + 1, 1)
            used(project, "find")
            print(f"{size:,} landings in the window")
            rounds(project, size)
            subprocess.run(
                ["git", "update-ref", "refs/heads/production", "refs/heads/stable"],
                cwd=project.repository,
                check=True,
            )
            used(project, "find")
            print(f"{size:,} landings that just went live")
            rounds(project, size)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or list(SIZES))
