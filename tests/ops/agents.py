"""The agent as a host runs it: sent on standard input to a Python that knows nothing of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, NamedTuple

from ops.deploy.host import BOOT, modules


class Answer(NamedTuple):
    code: int
    told: list[str]
    answer: dict[str, Any]
    complaint: str


def first_line(stream: IO[bytes]) -> bytes:
    """Of what it says; before it stands an empty one, that ends whatever a shell printed."""
    return next(line for line in stream if line.strip())


class Agent:
    """A home of its own, with the site `shepherd` in it."""

    def __init__(self, home: Path, python: str = sys.executable) -> None:
        self.home = home
        self.root = home / "shepherd"
        self._python = python

    def start(self, do: str, **request: Any) -> subprocess.Popen[bytes]:
        """Standard input stays open."""
        process = subprocess.Popen(
            [self._python, "-I", "-c", BOOT],
            cwd=self.home,
            env={"HOME": str(self.home), "PATH": os.environ["PATH"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None
        for document in (modules(), {"do": do, "directory": "shepherd", **request}):
            content = json.dumps(document).encode()
            process.stdin.write(b"%d\n%s" % (len(content), content))
        process.stdin.flush()
        return process

    def ask(self, do: str, data: bytes = b"", **request: Any) -> Answer:
        process = self.start(do, **request)
        out, err = process.communicate(data, timeout=60)
        lines = out.decode().splitlines()
        answers = [json.loads(line[2:]) for line in lines if line.startswith("= ")]
        told = [line[2:] for line in lines if line.startswith("> ")]
        return Answer(process.returncode, told, answers[-1] if answers else {}, err.decode())

    def setup(self) -> None:
        assert self.ask("setup", settings="# settings\n", dry=False).code == 0
