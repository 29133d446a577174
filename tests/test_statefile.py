"""Small files that one process leaves for the next: whole or not at all, and never waited for."""

from __future__ import annotations

import os
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from shepherd.atomic import append_line, create_atomically, write_atomically
from shepherd.errors import StoreError
from shepherd.locks import flock, locked, open_lock
from shepherd.plainfile import UnreadableFileError
from shepherd.statefile import LARGEST, StateFile

Counts = dict[str, int]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def file(tmp_path: Path) -> StateFile[Counts]:
    return StateFile(tmp_path / "run" / "counts.json", Counts)


def test_what_was_written_is_read_by_the_next(file: StateFile[Counts]) -> None:
    assert (file.read(), file.read_or({"a": 0})) == (None, {"a": 0})
    file.write({"a": 1})
    assert (file.read(), file.read_or({})) == ({"a": 1}, {"a": 1})
    assert file.path.stat().st_mode & 0o777 == 0o600
    file.remove()
    file.remove()
    assert file.read() is None


ODD: dict[str, tuple[Callable[[Path], Any], str]] = {
    "half-written": (lambda path: path.write_text('{"a": '), "is damaged"),
    "of another kind": (lambda path: path.write_text('{"a": "b"}'), "is damaged"),
    "nested": (lambda path: path.write_text("[" * 100_000), "is damaged"),
    "not UTF-8 in a string": (lambda path: path.write_bytes(b'{"\xff": 1}'), "is damaged"),
    "huge": (lambda path: path.write_bytes(b" " * (LARGEST + 1)), "is larger than"),
    "a folder": (Path.mkdir, "is a directory"),
    "a FIFO": (os.mkfifo, "is no"),
    "a link to a file": (lambda path: path.symlink_to("/etc/hostname"), "is a link"),
    "a link to nothing": (lambda path: path.symlink_to("nowhere"), "is a link"),
}


@pytest.mark.parametrize("what", ODD)
def test_what_says_nothing_is_said_so_at_once(file: StateFile[Counts], what: str) -> None:
    file.path.parent.mkdir()
    make, why = ODD[what]
    make(file.path)
    with pytest.raises(UnreadableFileError, match=why):
        file.read()
    assert file.read_or({"a": 0}) == {"a": 0}


def test_a_full_disk_leaves_what_was_there(file: StateFile[Counts], monkeypatch: pytest.MonkeyPatch) -> None:
    file.write({"a": 1})

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"No space left on device.*untouched"):
        file.write({"a": 2})
    assert file.read() == {"a": 1}
    assert names_in(file.path.parent) == ["counts.json"]


def test_what_a_killed_writer_left_is_swept_and_what_is_being_written_is_not(tmp_path: Path) -> None:
    left, writing = tmp_path / ".a.abcdefgh.new", tmp_path / ".b.abcdefgh.new"
    left.touch()
    with writing.open("w") as held:
        assert flock(held.fileno())
        write_atomically(tmp_path / "c", b"")
    assert names_in(tmp_path) == [writing.name, "c"]


def test_a_new_file_replaces_none(tmp_path: Path) -> None:
    create_atomically(tmp_path / "a", b"one")
    with pytest.raises(FileExistsError):
        create_atomically(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"one"
    assert names_in(tmp_path) == ["a"]


def test_a_line_does_not_hang_on_to_a_torn_one(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"one\ntw")
    append_line(path, b"three", alone=True)
    assert path.read_bytes() == b"one\ntw\nthree\n"
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OSError, match="not a regular file"):
        append_line(tmp_path / "fifo", b"one", alone=True)


def test_one_at_a_time_holds_a_lock_and_a_link_is_none(tmp_path: Path) -> None:
    with locked(tmp_path / "lock") as first, locked(tmp_path / "lock", wait=0.01) as second:
        assert (first >= 0, second) == (True, -1)
    (tmp_path / "link").symlink_to("lock")
    with pytest.raises(OSError, match="symbolic"):
        open_lock(tmp_path / "link")


def _count(path: Path, rounds: int) -> None:
    for _ in range(rounds):
        with locked(path.with_suffix(".lock"), wait=60, poll=0.001) as lock:
            assert lock >= 0
            file = StateFile(path, Counts)
            file.write({"a": file.read_or({"a": 0})["a"] + 1})


def test_several_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "counts.json"
    processes = [get_context("spawn").Process(target=_count, args=(path, 20)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert StateFile(path, Counts).read() == {"a": 60}
