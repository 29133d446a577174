"""Looking at a project as doctor does, and what it may not disturb."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from shepherd.running import doctor, records
from shepherd.running.doctor.checking import Finding
from shepherd.running.log import now
from shepherd.settings import read
from tests.project import Project


def configure(project: Project, more: str) -> None:
    with (project.folder / "shepherd.toml").open("a") as file:
        file.write(more)


def looked(project: Project, *, offline: bool = True, at: datetime | None = None) -> list[Finding]:
    path = project.folder / "shepherd.toml"
    return list(doctor.examine(lambda: read(path), at or now(), offline=offline))


def unwell(project: Project, **options: Any) -> list[tuple[str, str]]:
    return [(each.level, each.name) for each in looked(project, **options) if each.level != "ok"]


def said(project: Project, name: str, **options: Any) -> str:
    (finding,) = [each for each in looked(project, **options) if each.name == name and each.level != "ok"]
    return f"{finding.what}; {finding.remedy}"


def code(project: Project) -> int:
    return doctor.exit_code(looked(project))


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        found[str(path)] = (status.st_mode, status.st_mtime_ns, content)
    return found


@contextmanager
def all_locks_held(folder: Path) -> Iterator[None]:
    handles = []
    for name in ("gate.lock", "work.lock", "page.lock"):
        handles.append(os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600))
        fcntl.flock(handles[-1], fcntl.LOCK_EX)
    yield
    for handle in handles:
        os.close(handle)


@contextmanager
def listening(answer: bytes = b"") -> Iterator[tuple[int, list[bytes]]]:
    """A port, and what came in at it: one item a connection."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        ending = threading.Event()

        def serve() -> None:
            while not ending.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(2)
                    heard.append(b"")
                    try:
                        connection.sendall(answer)
                        while b"quit" not in heard[-1].lower() and (data := connection.recv(1000)):
                            heard[-1] += data
                            reply = b"221 bye\r\n" if b"quit" in data.lower() else b"250 fine\r\n"
                            connection.sendall(reply if answer else b"")
                            if not answer:
                                break
                    except OSError:
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1], heard
        finally:
            ending.set()
            thread.join()


def at_work() -> records.Record:
    """The record of this process, as if it worked since just now."""
    return records.own("judge", now(), records.uptime())


def told(project: Project, *, json: bool = False) -> tuple[int, list[str]]:
    lines: list[str] = []
    path = project.folder / "shepherd.toml"
    return doctor.doctor(lambda: read(path), now(), offline=True, json=json, say=lines.append), lines
