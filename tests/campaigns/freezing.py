"""A process that freezes a branch: for each line that it reads, so many seconds later.

    python -m tests.campaigns.freezing FOLDER

It answers with the commit that the promoted ref named once `freeze.on` had returned.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

from shepherd.running import freeze
from shepherd.running.tasking import TaskOptions
from shepherd.settings import read
from tests.gitrepo import Repo


def quietly(body: Callable[[], object]) -> None:
    with redirect_stdout(io.StringIO()):
        body()


def main(folder: Path) -> None:
    settings = read(folder / "shepherd.toml")
    repo = Repo(folder / "project.git")
    print("ready", flush=True)
    for line in sys.stdin:
        time.sleep(float(line))
        quietly(lambda: freeze.on(TaskOptions(settings, "ann"), "new disks", None))
        print(repo.git("for-each-ref", "--format=%(objectname)", "refs/heads/released"), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
