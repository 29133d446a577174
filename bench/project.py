"""A whole project on disk: a git repository like Launchpad's, settings, and a tracker in a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from bench.history import Change, changes, words

ROOT = Path(__file__).resolve().parent.parent
INV = Path(sys.executable).with_name("inv")

_SETTINGS = """\
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
    """`size` landings, of which production runs the first `deployed`."""

    def __init__(self, folder: Path, size: int, deployed: int) -> None:
        folder.mkdir()
        self.folder = folder
        self.repository = folder / "project.git"
        self.environ = {"SHEPHERD_CONFIG": str(folder / "shepherd.toml"), "SHEPHERD_WHO": "bench"}
        history = list(changes(size))
        self._make_repository(history, deployed)
        (folder / "shepherd.toml").write_text(_SETTINGS)
        spoken = words({bug for change in history for bug in change.bugs})
        tags = {str(bug): {"tags": [f"qa-{word}" for word in said.words]} for bug, said in spoken.items()}
        (folder / "bugs.json").write_text(json.dumps({"bugs": tags}))

    def inv(self, *words: str) -> list[str | Path]:
        """The command line of these tasks."""
        return [INV, "-r", ROOT, *words]

    def run(self, *words: str) -> None:
        """Run these tasks once."""
        subprocess.run(
            self.inv(*words), cwd=self.folder, env=os.environ | self.environ, stdout=subprocess.DEVNULL, check=True
        )

    def _make_repository(self, history: Iterable[Change], deployed: int) -> None:
        subprocess.run(["git", "init", "-q", "--bare", "-b", "stable", self.repository], check=True)
        feed = b"".join(_commits(change) for change in history) + b"reset refs/heads/production\nfrom :%d\n" % (
            2 * deployed
        )
        subprocess.run(["git", "fast-import", "--quiet"], cwd=self.repository, input=feed, check=True)


def _commits(change: Change) -> bytes:
    """The landing (mark 2 N) with the one commit that it brings in (mark 2 N - 1), from the second on."""
    mark, own = 2 * change.revno, []
    before = b"from :%d\n" % (mark - 2) if change.revno > 1 else b""
    address = f"{change.person} <{change.person.lower().replace(' ', '.')}@example.org>".encode()
    file = b"M 100644 inline changes/%d\ndata %d\n%d\n" % (change.revno % 500, len(str(change.revno)), change.revno)
    if before:
        own = [b"commit refs/heads/stable\nmark :%d\n" % (mark - 1), _signed(address, change.at - 60, change.subject)]
        own += [before, file]
    merge = b"merge :%d\n" % (mark - 1) if before else b""
    queue = b"Launchpad Patch Queue Manager <launchpad@example.org>"
    landing = b"commit refs/heads/stable\nmark :%d\n" % mark + _signed(queue, change.at, change.message)
    return b"".join([*own, landing, before, merge, file])


def _signed(who: bytes, at: int, message: str) -> bytes:
    stamp = b"%s %d +0000\n" % (who, at)
    return b"author %scommitter %sdata %d\n%s\n" % (stamp, stamp, len(message), message.encode())
