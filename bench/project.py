"""A whole project on disk: a git repository like Launchpad's, settings, and a tracker in a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from bench.history import Change, changes, words
from bench.timing import Body, command

ROOT = Path(__file__).resolve().parent.parent
PYTHON = Path(sys.executable)
INV = PYTHON.with_name("inv")

SETTINGS = """\
[branches.stable]
repository = "project.git"
ref = "stable"
deployed = { ref = "production" }

[tracker]
type = "file"
path = "bugs.json"
bug_url = "https://bugs.example.org/{bug}"
"""


class Project:
    """`size` landings in a new folder, of which production runs the first `deployed`."""

    def __init__(self, folder: Path, size: int, deployed: int) -> None:
        folder.mkdir()
        self.folder = folder
        self.repository = folder / "project.git"
        # As installed: compiled once, whatever the shell of the bench says; and nothing is left behind.
        self.env = {
            **os.environ,
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(folder / "pycache"),
            "SHEPHERD_CONFIG": str(folder / "shepherd.toml"),
        }
        history = list(changes(size))
        make_repository(self.repository, history, deployed)
        (folder / "shepherd.toml").write_text(SETTINGS)
        spoken = words({bug for change in history for bug in change.bugs})
        tags = {bug: {"tags": [f"qa-{word}" for word in said.words]} for bug, said in spoken.items()}
        (folder / "bugs.json").write_text(json.dumps({"bugs": tags}))

    def inv(self, *tasks: str) -> Body:
        """Our tasks, in one process."""
        return self.command(INV, "-r", ROOT, *tasks)

    def command(self, *words: str | Path) -> Body:
        """Any command, in the same surroundings."""
        return command(*words, cwd=self.folder, env=self.env)


def make_repository(
    place: Path, history: list[Change], deployed: int, lands: bytes = b"Launchpad Patch Queue Manager"
) -> None:
    """A repository with this history, landed by somebody: another name makes another history of it."""
    queue = lands + b" <launchpad@example.org>"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "stable", place], check=True)
    feed = [_commits(change, queue) for change in history]
    feed.append(b"reset refs/heads/production\nfrom :%d\n" % (2 * deployed))
    subprocess.run(["git", "fast-import", "--quiet"], cwd=place, input=b"".join(feed), check=True)


def _commits(change: Change, queue: bytes) -> bytes:
    """The landing (mark 2 N), and from the second on the one commit that it brings in (mark 2 N - 1)."""
    landed = 2 * change.revno
    text = b"%d" % change.revno
    file = b"M 100644 inline changes/%d\ndata %d\n%b\n" % (change.revno % 500, len(text), text)
    if change.revno == 1:
        return _commit(landed, queue, change.at, change.message, b"", file)
    author = f"{change.person} <{change.person.lower().replace(' ', '.')}@example.org>".encode()
    parent = b"from :%d\n" % (landed - 2)
    merge = b"merge :%d\n" % (landed - 1)
    own = _commit(landed - 1, author, change.at - 60, change.subject, parent, file)
    return own + _commit(landed, queue, change.at, change.message, parent + merge, file)


def _commit(mark: int, who: bytes, at: int, message: str, parents: bytes, file: bytes) -> bytes:
    stamp = b"%b %d +0000\n" % (who, at)
    text = message.encode()
    return b"commit refs/heads/stable\nmark :%d\nauthor %bcommitter %bdata %d\n%b\n%b%b" % (
        *(mark, stamp, stamp, len(text), text),
        *(parents, file),
    )
