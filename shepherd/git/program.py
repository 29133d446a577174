"""git as a child process that cannot hang, ask, or be talked into anything; every failure is one sentence.

The only module that starts git to read. What it answers depends on the repository alone, not on who asks:
other settings of git, replaced objects and grafts are shut out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import IO

from shepherd import children
from shepherd.errors import SourceError
from shepherd.ssh_failures import server_of, ssh_failure
from shepherd.values import clean, quoted

LIMIT = 120.0
"""Seconds that one call of git may take."""

_ALWAYS = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_PAGER": "cat", "LC_ALL": "C"}
NOTHING_RUNS = (
    *("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false"),
    *("-c", "core.alternateRefsCommand=:", "-c", "log.showSignature=false"),
)
"""Options against programs that a repository's owner names in its configuration, or lays down as hooks."""
_USERINFO = re.compile(r"(\w://)[^/\s'\"]*@")


def environment(extra: Mapping[str, str], keep: Iterable[str] = ()) -> dict[str, str]:
    """The environment of a git: what children need, the variables of git's that are set here, and `keep`."""
    return children.environment(_ALWAYS | dict(extra), keep)


def without_userinfo(text: str) -> str:
    """`text` with the user and password of every URL in it left out."""
    return _USERINFO.sub(r"\1", text)


class GitError(SourceError):
    """A git that began to work ended with an error."""

    def __init__(self, name: str, errors: bytes, code: int) -> None:
        self.what, self.remedy = why(errors, code, name)
        """What went wrong; what to do about it, empty where that is not known."""
        self.what = f"{name}: {self.what}"
        super().__init__(f"{self.what}: {self.remedy}" if self.remedy else self.what)
        self.errors = errors
        """All that it wrote about it."""


def run(
    command: Sequence[str],
    *,
    name: str,
    env: Mapping[str, str],
    input: bytes | IO[bytes] = b"",
    into: IO[bytes] | None = None,
    limit: float = LIMIT,
    tied: bool = False,
    lock: int = -1,
) -> bytes:
    """Run a command to its end and return what it wrote (nothing if it wrote `into` a file).

    Args: see `children.finish`. Raises SourceError that names `name`, a repository, and the cause.
    """
    code, output, errors = children.finish(
        command, name=name, env=env, input=input, into=into, limit=limit, tied=tied, lock=lock
    )
    if code:
        raise GitError(name, errors, code)
    return output


def cause(errors: bytes, code: int, name: str = "") -> str:
    """What git said went wrong, in one line without passwords, and the remedy.

    Args: name: the path or URL of the repository; empty: no server is asked.
    """
    return ": ".join(each for each in why(errors, code, name) if each)


def why(errors: bytes, code: int, name: str) -> tuple[str, str]:
    """What git, or ssh below it, said went wrong, and the remedy; empty: none is known."""
    server = server_of(name)
    if server and (failure := ssh_failure(errors.decode("utf-8", "replace"), server)):
        return failure
    return _complaint(errors, code), ""


def _complaint(errors: bytes, code: int) -> str:
    lines = [line.strip() for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith(("fatal:", "error:", "ERROR:", "remote:", "ssh:"))]
    complaint = "; ".join(list(dict.fromkeys(causes or lines[-1:]))[:2])
    return (
        f"git says {quoted(clean(without_userinfo(complaint), 300), 300)}"
        if complaint
        else f"git ended with {code}"
    )
