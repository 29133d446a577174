"""The tagger's hand in the tracker `file`: only what is missing, whole files, nothing of others lost."""

from __future__ import annotations

import fcntl
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shepherd import atomic
from shepherd.atomic import write_atomically
from shepherd.errors import TrackerError
from shepherd.trackers import file_writing
from shepherd.trackers.file_writing import FileWriter
from shepherd.trackers.words import Vocabulary
from shepherd.trackers.writing import Edit
from shepherd.words import Item

SIGN = "-- QA Shepherd, stable r7 0123456789ab"
EDIT = Edit(
    add=("qa-needstesting",), remove=("qa-ok",), status="Fix Committed", comment=f"It landed.\n\n{SIGN}"
)


@pytest.fixture
def bugs(tmp_path: Path) -> Path:
    return tmp_path / "bugs.json"


def put(path: Path, **bug: Any) -> None:
    path.write_text(json.dumps({"bugs": {"1": bug, "2": {"tags": ["qa-bad"]}}}))


def bug(path: Path, number: str = "1") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())["bugs"][number]
    return found


def write(path: Path, edit: Edit = EDIT, item: Item = "1") -> str:
    return FileWriter(path, Vocabulary({})).edit(item, edit)


def test_everything_at_once_and_then_nothing(bugs: Path) -> None:
    put(bugs, title="It fails", tags=["ui", "QA-OK"], status="New", comments=["Me too."])
    assert write(bugs) == "tags ui qa-needstesting, status Fix Committed, a comment"
    assert bug(bugs) == {
        "title": "It fails",
        "tags": ["ui", "qa-needstesting"],
        "status": "Fix Committed",
        "comments": ["Me too.", EDIT.comment],
    }
    assert bug(bugs, "2") == {"tags": ["qa-bad"]}
    before = bugs.stat()
    assert write(bugs) == ""
    assert (bugs.stat().st_ino, bugs.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("key", ["tags", "labels"])
def test_no_word_beside_bad(bugs: Path, key: str) -> None:
    put(bugs, **{key: ["ui", "broken"]})
    writer = FileWriter(bugs, Vocabulary({"bad": ["Broken"]}))
    told = "status Fix Committed, a comment, no word, since it is marked bad"
    assert writer.edit("1", EDIT) == told
    assert bug(bugs)[key] == ["ui", "broken"]
    assert bug(bugs)["comments"] == [EDIT.comment]
    assert writer.edit("1", Edit(remove=("ui",))) == f"{key} broken"


def test_a_comment_is_known_by_its_last_line(bugs: Path) -> None:
    put(bugs, comments=[f"In other words.\n{SIGN}\n", {"text": "An object.\nand its last line"}])
    assert write(bugs, Edit(comment=f"It landed.\n{SIGN}")) == ""
    assert write(bugs, Edit(comment="x\nand its last line")) == ""
    assert write(bugs, Edit(comment=f"It landed.\n{SIGN}0")) == "a comment"


def test_labels_of_a_request(bugs: Path) -> None:
    bugs.write_text('{"bugs": {}, "requests": {"12": {"labels": ["qa-ok", "x"]}}}')
    assert write(bugs, Edit(add=("qa-needstesting",), remove=("qa-ok",)), "#12") == "labels x qa-needstesting"
    assert json.loads(bugs.read_text())["requests"]["12"] == {"labels": ["x", "qa-needstesting"]}


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (None, "bug 1 is not in bugs.json"),
        ({"private": True}, "bug 1 is private"),
        ({"tags": "qa-ok"}, "bug 1 is malformed"),
    ],
)
def test_what_cannot_be_read_is_not_written(bugs: Path, entry: Any, why: str) -> None:
    bugs.write_text(json.dumps({"bugs": {} if entry is None else {"1": entry}}))
    before = bugs.read_bytes()
    with pytest.raises(TrackerError, match=why):
        write(bugs)
    assert bugs.read_bytes() == before


def test_a_folder_that_may_not_be_written(bugs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(bugs, tags=[])

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic, "_new_temporary", full)
    with pytest.raises(TrackerError, match="No space left"):
        write(bugs)
    assert bug(bugs) == {"tags": []}


def test_the_file_behind_a_link_and_its_rights(bugs: Path, tmp_path: Path) -> None:
    real = tmp_path / "shared" / "real.json"
    real.parent.mkdir()
    put(real, tags=[])
    real.chmod(0o664)
    bugs.symlink_to(real)
    write(bugs)
    assert bugs.is_symlink()
    assert bug(real)["tags"] == ["qa-needstesting"]
    assert real.stat().st_mode & 0o777 == 0o664


def test_what_somebody_writes_meanwhile_is_kept(bugs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Right before each of the first three times that the file would be replaced."""
    put(bugs, tags=[], comments=[])
    left = [3]
    last_looks = write_atomically

    def disturbed(path: Path, content: bytes, mode: int, last_look: Callable[[], None]) -> None:
        if left[0]:
            left[0] -= 1
            put(bugs, tags=["ui"], comments=[f"person {left[0]}"])
        last_looks(path, content, mode, last_look)

    monkeypatch.setattr(file_writing, "write_atomically", disturbed)
    write(bugs)
    assert bug(bugs)["tags"] == ["ui", "qa-needstesting"]
    assert bug(bugs)["comments"] == ["person 0", EDIT.comment]


def test_whoever_locks_the_file_keeps_us_out(bugs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(bugs, tags=[])
    monkeypatch.setattr(file_writing, "LOCKED_SECONDS", 0.1)
    with bugs.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(TrackerError, match="locked by somebody else"):
            write(bugs)
    assert bug(bugs) == {"tags": []}
    write(bugs)
    assert bug(bugs)["tags"] == ["qa-needstesting"]


def test_many_hands_at_once(bugs: Path) -> None:
    put(bugs, tags=[], comments=[])

    def say(hand: int) -> None:
        for number in range(10):
            write(bugs, Edit(add=(f"t-{hand}-{number}",), comment=f"c-{hand}-{number}"))

    hands = [threading.Thread(target=say, args=(hand,)) for hand in range(4)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert len(bug(bugs)["tags"]) == len(bug(bugs)["comments"]) == 40
    assert [path.name for path in bugs.parent.iterdir()] == ["bugs.json"]
