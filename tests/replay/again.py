"""`python -m tests.replay.again FOLDER…`: what follows, in a process of its own, from all that was kept.

A line for each judgement: folder, branch, run, and the SHA-256 of the document. Another process has another
order of sets, and may have another time zone, locale and directory.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from shepherd.settings import read
from tests.inv import ROOT
from tests.replay.watching import judged_again

ELSEWHERE = {
    "PYTHONHASHSEED": "4711",
    "TZ": "Pacific/Chatham",
    "LC_ALL": "C",
    "LANG": "tr_TR.UTF-8",
    "PYTHONUTF8": "0",
}


def sums_elsewhere(folders: Iterable[Path], **environment: str) -> list[str]:
    """The lines that such a process prints."""
    command = [sys.executable, "-m", "tests.replay.again", *map(str, folders)]
    # the folder that it is started in must not matter either
    place = {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        command, env=os.environ | ELSEWHERE | place | environment, cwd="/", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def main() -> None:
    for folder in map(Path, sys.argv[1:]):
        for inputs in sorted((folder / "var" / "snapshots").glob("*/inputs")):
            branch = inputs.parent.name
            for each in judged_again(read(folder / "shepherd.toml"), branch):
                print(folder, each.branch, each.run_id, each.sum)


if __name__ == "__main__":
    main()
