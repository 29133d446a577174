"""Child processes (git, rsync) that cannot hang, ask at a terminal, outlive us, or learn a secret of ours.

A child gets a session of its own, and of the environment only what such programs need: the variables that the
settings name hold tokens and passwords, and a child may run hooks and helpers that others wrote.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import IO

from shepherd import holding, limits
from shepherd.errors import SourceError

_PASSED_ON = frozenset(
    {
        *(
            "PATH",
            "HOME",
            "USER",
            "LOGNAME",
            "SHELL",
            "LANG",
            "TZ",
            "TMPDIR",
            "LD_LIBRARY_PATH",
            "LD_PRELOAD",
        ),
        *(
            "XDG_CONFIG_HOME",
            "XDG_CACHE_HOME",
            "XDG_DATA_HOME",
            "XDG_RUNTIME_DIR",
            "DBUS_SESSION_BUS_ADDRESS",
        ),
        *("SSH_AUTH_SOCK", "SSH_AGENT_PID", "KRB5CCNAME", "KRB5_CONFIG", "GNUPGHOME"),
        *("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE"),
    }
)
_SUPERVISOR = Path(__file__).resolve().with_name("supervisor.py")
_ENDING = (signal.SIGALRM, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_POLL = 0.5
"""Seconds after which we look again whether a child has ended whose output another process holds open."""


def environment(extra: Mapping[str, str], keep: Iterable[str] = ()) -> dict[str, str]:
    """Return the environment of a child: what any program needs, what is named in `keep`, and `extra`."""
    kept = _PASSED_ON.union(keep)
    return {name: value for name, value in os.environ.items() if name in kept} | dict(extra)


def finish(
    command: Sequence[str],
    *,
    name: str,
    env: Mapping[str, str],
    limit: float,
    input: bytes | IO[bytes] = b"",
    into: IO[bytes] | None = None,
    umask: int = -1,
    tied: bool = False,
    lock: int | Sequence[int] = -1,
) -> tuple[int, bytes, bytes]:
    """Run a command to its end; return its exit code, its output (none if it went `into` a file), its errors.

    Args:
        name: the repository or host that it is about, for messages.
        limit: seconds after which it is killed, with all that it started.
        tied: it changes something, so it must not work on when we are killed: then it is killed, too.
        lock: the descriptor of a lock, or of several, that is held until a tied child has ended, whatever
            becomes of us; the child itself does not inherit it. -1: there is none.

    Raises:
        SourceError: it could not be started, or took too long.
    """
    program = command[0]
    handles: list[int] = []
    with contextlib.ExitStack() as held:
        if tied:
            if shutil.which(program, path=env.get("PATH")) is None:
                raise SourceError(f"{program} could not be started; is it installed?")
            pipe = held.enter_context(_open_pipe())
            locks = (lock,) if isinstance(lock, int) else lock
            held_by_us = [each for each in locks if each >= 0]
            handles = [pipe, *held_by_us, *(holding.handles() if held_by_us else ())]
            command = [sys.executable, "-I", "-S", str(_SUPERVISOR), ",".join(map(str, handles)), *command]
        child: subprocess.Popen[bytes] | None = None
        try:
            with _uninterrupted():
                child = subprocess.Popen(
                    command,
                    # No repository and no .mailmap or .gitattributes is found by accident here.
                    cwd="/",
                    env=env,
                    stdin=subprocess.PIPE if isinstance(input, bytes) else input,
                    stdout=into or subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    # A session of its own: it cannot ask at a terminal, and is killed with all its children.
                    start_new_session=True,
                    pass_fds=handles,
                    umask=umask,
                )
            with limits.waiting_for(name):
                output, errors = _output(child, input if isinstance(input, bytes) else None, limit)
        except BaseException as error:
            if child is None and isinstance(error, OSError):
                raise SourceError(
                    f"{program} could not be started ({error.strerror}); is it installed?"
                ) from None
            if child is not None:
                kill(child)
            if isinstance(error, subprocess.TimeoutExpired):
                raise SourceError(
                    f"{name}: {program} did not answer within {round(limit, 1):g} seconds and was stopped"
                ) from None
            raise
    return child.returncode, output, errors


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let the signals that we handle come after the block: a child that is started in it is known by then,
    and can be killed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []
    handled = {number: signal.getsignal(number) for number in _ENDING}
    handled = {number: handler for number, handler in handled.items() if callable(handler)}
    for number in handled:
        signal.signal(number, lambda number, _frame: arrived.append(number))
    try:
        yield
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)
        for late in arrived:
            signal.raise_signal(late)


@contextlib.contextmanager
def _open_pipe() -> Iterator[int]:
    """Yield the end of a pipe whose other end is open while this process lives and is in the block."""
    ours, others = os.pipe()
    try:
        yield ours
    finally:
        os.close(ours)
        os.close(others)


def _output(child: subprocess.Popen[bytes], input: bytes | None, limit: float) -> tuple[bytes, bytes]:
    """Return what it wrote until it ended. A process that it leaves behind may hold its output open: that
    is not waited for."""
    end = monotonic() + limit
    # a child with input leaves no process behind, and only the first call would hand the input over
    every = limit if input else _POLL
    while True:
        ended = child.poll() is not None
        try:
            output, errors = child.communicate(input, max(0.0, min(every, end - monotonic())))
        except subprocess.TimeoutExpired as waiting:
            if ended:
                _close(child)
                return waiting.output or b"", waiting.stderr or b""
            if monotonic() >= end:
                raise
        else:
            return output or b"", errors or b""


def _close(child: subprocess.Popen[bytes]) -> None:
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream:
            with contextlib.suppress(OSError):
                stream.close()


def kill(child: subprocess.Popen[bytes]) -> None:
    """End it with all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.communicate(timeout=5)
