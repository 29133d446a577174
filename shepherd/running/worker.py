"""The process that reads or judges branches for the one that holds the work lock
(docs/running.md#side-by-side).

It is forked, so that it has all that was imported. What it prints, and how a branch went, it tells its maker.
"""

from __future__ import annotations

import gc
import io
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from math import isinf
from typing import NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from shepherd.errors import UNEXPECTED, ShepherdError
from shepherd.limits import DeadlineError, Interruption, limited, said_of
from shepherd.run import Run
from shepherd.store import several
from shepherd.values import age

Body = Callable[[str, Run], int | bytes | None]
"""body(branch, run): what is done with one branch; its exit code, None for 0, or a document for the maker."""

_LENGTH = 8
"""Bytes before each message: how long it is."""


class Task(Struct, frozen=True):
    """A branch to be read or judged."""

    branch: str
    seconds: float
    """How long it may take."""


class Outcome(Struct, frozen=True):
    """How a branch went."""

    code: int = 0
    failure: str = ""
    """A sentence, or what Python says of a bug."""
    bug: str = ""
    """Its traceback."""
    said: list[tuple[str, str]] = []
    """What it printed, in this order, and to which stream: out, error, loudly."""
    document: bytes = b""
    """What the body returned, if that was one."""
    failed: list[tuple[str, str]] = []
    """Stage and sentence of each attempt to read it that failed."""


class Pipes(NamedTuple):
    """What a worker and its maker say to each other, as the worker sees it."""

    tasks: int
    outcomes: int
    alive: int
    """Ends when the maker has ended, however that happened."""
    turns: int
    """A file whose lock says whose turn at the database it is."""


class _Heard(io.StringIO):
    """A stream that keeps what is written to it, and where."""

    def __init__(self, stream: str, said: list[tuple[str, str]]) -> None:
        super().__init__()
        self._stream = stream
        self._said = said

    def write(self, text: str) -> int:
        self._said.append((self._stream, text))
        return len(text)


def message(content: Struct) -> bytes:
    encoded = msgspec.msgpack.encode(content)
    return len(encoded).to_bytes(_LENGTH, "big") + encoded


def whole(buffer: bytes) -> bytes | None:
    """The first message in a buffer, None while it is not all there."""
    length = int.from_bytes(buffer[:_LENGTH], "big")
    end = _LENGTH + length
    return buffer[_LENGTH:end] if len(buffer) >= max(end, _LENGTH) else None


def work(pipes: Pipes, body: Body, run: Run) -> None:
    """Do tasks until there are no more of them, and end the process. Never returns."""
    code = 1
    with suppress(BaseException):
        # what was there before is not looked through again, so that its memory stays shared
        gc.freeze()
        # the terminal sends it to all; the maker says what that means
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        several.one_of_several(pipes.turns)
        threading.Thread(target=_end_with_maker, args=(pipes.alive,), daemon=True).start()
        for task in _tasks(pipes.tasks):
            _send(pipes.outcomes, message(_done(task, body, run)))
        code = 0
    # past everything that the maker does at its end
    os._exit(code)


def _tasks(pipe: int) -> Iterator[Task]:
    buffer = b""
    while part := os.read(pipe, 65536):
        buffer += part
        while (content := whole(buffer)) is not None:
            buffer = buffer[_LENGTH + len(content) :]
            yield msgspec.msgpack.decode(content, type=Task)


def _send(pipe: int, content: bytes) -> None:
    while content:
        content = content[os.write(pipe, content) :]


def _done(task: Task, body: Body, run: Run) -> Outcome:
    said: list[tuple[str, str]] = []
    failed: list[tuple[str, str]] = []

    def note(stage: str, branch: str, failure: BaseException | None) -> None:
        run.note(stage, branch, failure)
        if failure is not None:
            failed.append((stage, said_of(failure)))

    own = replace(run, note=note, loudly=lambda text: said.append(("loudly", text)))
    after = "" if isinf(task.seconds) else age(round(task.seconds))
    late = DeadlineError(
        f"{task.branch}: ended after {after} (its share of the time that was left; the rest is for the other"
        " branches, and what comes after them)"
    )
    code, failure, bug = 0, "", ""
    returned: int | bytes | None = None
    try:
        with (
            redirect_stdout(_Heard("out", said)),
            redirect_stderr(_Heard("error", said)),
            limited(task.seconds, late),
        ):
            returned = body(task.branch, own)
            code = returned if isinstance(returned, int) else 0
    except ShepherdError as error:
        code, failure = error.code, str(error)
    except Interruption as interruption:
        code, failure = interruption.error.code, f"{task.branch}: {interruption.error}"
    except BaseException as error:
        code, failure, bug = UNEXPECTED, repr(error), traceback.format_exc()
    document = returned if isinstance(returned, bytes) else b""
    return Outcome(code, failure, bug, said, document, failed)


def _end_with_maker(alive: int) -> None:
    """Wait for the end of the maker, and end at once then, with all that this process started: the next
    holder of the lock must not meet it."""
    while True:
        with suppress(OSError):
            if not os.read(alive, 1):
                end_family(os.getpid())


def end_family(pid: int) -> None:
    """Kill a process with all that it started; nothing, if it is gone."""
    import psutil

    with suppress(psutil.Error, OSError):
        process = psutil.Process(pid)
        for each in [*process.children(recursive=True), process]:
            with suppress(psutil.Error, OSError):
                each.kill()
