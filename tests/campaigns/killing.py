"""Killing a process amid its work, as `kill -9` does, and watching what readers see meanwhile.

The processes are forked from this one, which has imported everything: they do what `inv` would do, but fast.
A *write* is whatever changes the world: a file opened for writing, the first half of what is written into it,
all of it, its renaming, removal or change of mode, each statement of SQL, each child of git's that matters,
whatever goes to a mail server.
"""

from __future__ import annotations

import io
import json
import mmap
import os
import re
import select
import signal
import smtplib
import socket
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

Body = Callable[[], object]
_CHANGES = frozenset(
    {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.link", "os.symlink", "os.truncate"}
)
_CHANGING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_ASKED = frozenset({"update-ref", "push", "fetch", "rev-list"})
"""What a child of git's is asked to do, of those that take their time or change something."""
_RANDOM = re.compile(r"^\.|\.[a-z0-9_]{8}(\.new)?$")
_RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}")


def points(body: Body) -> list[str]:
    """Every write of a body that is let alone, in order. It really runs.

    Raises:
        AssertionError: it failed.
    """
    seen: list[str] = []
    receiver, sender = os.pipe()

    def told() -> None:
        _watch(seen.append)
        body()
        os.write(sender, json.dumps(seen).encode())

    child = forked(told)
    os.close(sender)
    with os.fdopen(receiver, "rb") as pipe:
        text = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    return list(json.loads(text))


def killed_at(body: Body, number: int) -> bool:
    """Let it kill itself right before its write `number`, from 0; False if it had no such write."""
    left = [number]

    def reach(_what: str) -> None:
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1

    def doomed() -> None:
        _watch(reach)
        body()

    return os.WIFSIGNALED(os.waitpid(forked(doomed), 0)[1])


def killed_after(steps: Iterable[tuple[str, Body]], step: str, delay: float) -> tuple[str, str]:
    """Kill it from outside, `delay` seconds after it began the step that is named.

    Returns the step in which it was then, and its last write there; ("", "") if it had come to its end.
    """
    with mmap.mmap(-1, 4096) as shared:

        def mark(step: str, what: str) -> None:
            text = f"{step}\0{what}\0".encode()[:4000]
            shared[: len(text)] = text

        def doomed() -> None:
            now = ["", ""]

            def reach(what: str) -> None:
                mark(now[0], what)

            _watch(reach)
            for now[0], body in steps:
                mark(now[0], "(nothing yet)")
                body()
            mark("", "")

        child = forked(doomed)
        begun = f"{step}\0".encode()
        give_up = time.monotonic() + 30
        while shared[: len(begun)] != begun and time.monotonic() < give_up:
            time.sleep(0.0002)
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        at, what, *_ = bytes(shared[:]).decode().split("\0")
        return at, what


def undisturbed(body: Body) -> None:
    """Run a body to its end in a process of its own.

    Raises:
        AssertionError: it failed.
    """
    assert os.waitpid(forked(body), 0)[1] == 0


def forked(body: Body) -> int:
    """A process that does this, and nothing else; its id. Who starts it waits for it."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        body()
        code = 0
    except BaseException as error:  # whatever it was, this process ends here
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def _watch(reach: Callable[[str], None]) -> None:
    """From now on `reach` is called right before every write of this process, with a word on what it is."""

    opened = [""]

    def hook(what: str, args: tuple[Any, ...]) -> None:
        if what == "open" and isinstance(args[0], (str, bytes)) and (args[2] or 0) & _CHANGING:
            opened[0] = _name(args[0])
            reach(f"open {opened[0]}")
        elif what == "subprocess.Popen" and not _ASKED.isdisjoint(args[1]):
            reach("child git " + next(word for word in args[1] if word in _ASKED))
        elif what in _CHANGES:
            path = args[1] if what == "os.rename" else args[0]
            reach(f"{what.removeprefix('os.')} {opened[0] if isinstance(path, int) else _name(path)}")

    def listen(connection: Any, _record: object) -> None:
        connection.set_trace_callback(lambda statement: reach(f"SQL {statement.split()[0].upper()}"))

    write, fdopen = os.write, os.fdopen

    def halting_write(handle: int, content: bytes) -> int:
        reach("write to the log")
        done = write(handle, content[: len(content) // 2])
        reach("half a line of the log")
        return done + write(handle, content[done:])

    class Halting(io.FileIO):
        def write(self, content: Any) -> int:
            done = super().write(content[: len(content) // 2])
            reach(f"half of {opened[0]}")
            return done + super().write(content[done:])

    def halting_fdopen(handle: int, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        return Halting(handle, mode) if mode == "wb" else fdopen(handle, mode, *args, **kwargs)

    send = smtplib.SMTP.send

    def halting_send(self: smtplib.SMTP, s: ReadableBuffer | str) -> None:
        reach("send to the mail server")
        raw = s.encode() if isinstance(s, str) else bytes(s)
        # the second half shall not wait until the server has acknowledged the first
        assert self.sock is not None
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        send(self, raw[: len(raw) // 2])
        reach("half of what goes to the mail server")
        send(self, raw[len(raw) // 2 :])

    smtplib.SMTP.send = halting_send  # type: ignore[method-assign]  # a stand-in on purpose
    os.write, os.fdopen = halting_write, halting_fdopen  # type: ignore[assignment]  # they take less
    sys.addaudithook(hook)
    event.listen(Engine, "connect", listen)


def _name(path: object) -> str:
    """A path without what differs from run to run."""
    name = Path(os.fsdecode(path) if isinstance(path, (str, bytes)) else str(path)).name
    return _RUN_ID.sub("RUN", _RANDOM.sub("", name))


@contextmanager
def reader(files: Iterable[Path]) -> Any:
    """Read files all the time, in another process. Yields a list that holds, afterwards, how many reads there
    were, and then every sort of half file that was seen."""
    wanted = list(files)
    receiver, sender = os.pipe()
    stop, stopper = os.pipe()

    def watch() -> None:
        os.close(stopper)
        seen: dict[str, int] = {}
        reads = 0
        while not select.select([stop], [], [], 0.005)[0]:
            for path in wanted:
                try:
                    content = path.read_bytes()
                except FileNotFoundError:
                    continue
                reads += 1
                if not is_whole(path, content):
                    seen[f"{path.name}: {len(content)} bytes"] = 1
        os.write(sender, json.dumps([reads, *seen]).encode())

    child = forked(watch)
    os.close(sender)
    os.close(stop)
    found: list[Any] = []
    try:
        yield found
    finally:
        os.close(stopper)
        with os.fdopen(receiver, "rb") as pipe:
            text = pipe.read()
        os.waitpid(child, 0)
        found += json.loads(text)


def is_whole(path: Path, content: bytes) -> bool:
    if path.suffix in (".html", ".atom"):
        return content.rstrip().endswith((b"</html>", b"</feed>"))
    if path.suffix == ".sha":
        return len(content) in (0, 41)
    try:
        json.loads(content)
    except ValueError:
        return False
    return True
