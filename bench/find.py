"""The first `find` of 16,000 landings, all in QA, against `git log` of the same fields merely split."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from bench.project import PYTHON, Project
from bench.timing import children, claim, medians

SIZE = 16_000

_SPLIT = """\
import subprocess, sys
fields = "%H%x00%P%x00%aN%x00%aE%x00%ct%x00%B"
command = ["git", "-C", sys.argv[1], "log", "-z", "--format=" + fields, "stable"]
parts = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.split(b"\\0")
assert len(list(zip(*[iter(parts)] * 6))) == int(sys.argv[2])
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder) / "project", SIZE, 1)
        find = project.inv("find")

        def first_find() -> None:
            shutil.rmtree(project.folder / "var", ignore_errors=True)
            find()

        bare = project.command(PYTHON, "-c", _SPLIT, project.repository, str(2 * SIZE - 1))
        took = medians({"find": first_find, "log": bare}, children)
    claim(
        f"inv find, {SIZE:,} landings for the first time, against git log and a split",
        took["find"],
        took["log"],
        3,
    )


if __name__ == "__main__":
    main()
