"""Files that all hosts have, on a real server (docs/running.md#two-hosts)."""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from shepherd import plainfile
from shepherd.errors import StoreError
from shepherd.store import Database, shared_files
from shepherd.store.postgresql import Session
from shepherd.store.shared_files import AgreedFile, SharedFiles
from tests.postgres import PostgresServer

LATEST = "snapshots/stable/latest.json"


class Side:
    """One host, and what it remembers."""

    def __init__(self, state: Path, session: Session, url: str) -> None:
        self.state, self.url = state, url
        self.agreed: dict[str, AgreedFile] = {}
        self.session = session
        (state / "run").mkdir(parents=True)

    def exchange(self, *, send: bool = True, writable: bool = True, branch: str = "stable") -> None:
        files = SharedFiles(self.state, [branch], self.session, self.agreed, writable=writable, works=send)
        files.receive(kept=True)
        if send:
            files.send()

    def write(self, name: str, text: str) -> None:
        path = self.state / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def read(self, name: str) -> str | None:
        path = self.state / name
        return path.read_text() if path.exists() else None


@pytest.fixture
def sides(tmp_path: Path, postgres: PostgresServer) -> Iterator[tuple[Side, Side]]:
    url = postgres.new_database()
    Database(url).close()
    with closing(Session(url, "", "test")) as session:
        yield Side(tmp_path / "a", session, url), Side(tmp_path / "b", session, url)


def answer(seq: int, text: str = "") -> str:
    place = {"seq": seq, "sum": "0", "entries": seq, "first_run": "2026-11-30T09:00:00Z", "first_tip": 1}
    return json.dumps({"journal": place, "text": text})


def test_what_one_writes_and_removes_the_other_has_and_loses(sides: tuple[Side, Side]) -> None:
    one, other = sides
    names = [LATEST, "snapshots/stable/r1.json", "snapshots/stable/failed-reads", "run/stages.json"]
    for name in names:
        one.write(name, answer(1))
    one.write("snapshots/stable/r0.json.gz", "no json")
    one.exchange()
    other.exchange()
    assert [other.read(name) for name in names] == [answer(1)] * 4
    assert other.read("snapshots/stable/r0.json.gz") == "no json"
    (other.state / names[2]).unlink()
    other.exchange()
    one.exchange()
    assert [one.read(name) is None for name in names] == [False, False, True, False]


def test_the_order_of_those_that_are_kept_is_the_same(sides: tuple[Side, Side]) -> None:
    one, other = sides
    one.write("snapshots/stable/r1.json", answer(1))
    one.exchange()
    other.exchange()
    times = [(each.state / "snapshots/stable/r1.json").stat().st_mtime_ns for each in sides]
    assert times[0] == times[1]


def test_who_does_not_hold_the_lock_only_takes(sides: tuple[Side, Side]) -> None:
    one, other = sides
    one.write(LATEST, answer(1))
    one.exchange(send=False)
    other.exchange()
    assert other.read(LATEST) is None


def test_what_was_not_sent_is_kept_while_nobody_else_wrote(sides: tuple[Side, Side]) -> None:
    one, other = sides
    one.write(LATEST, answer(1))
    one.exchange()
    one.write(LATEST, answer(2))
    one.exchange(send=False)
    assert one.read(LATEST) == answer(2)
    one.exchange()
    other.exchange()
    assert other.read(LATEST) == answer(2)


def test_who_wrote_later_under_the_lock_is_right(sides: tuple[Side, Side]) -> None:
    one, other = sides
    one.write(LATEST, answer(1))
    one.exchange()
    other.exchange()
    one.write(LATEST, answer(2, "was never sent"))
    other.write(LATEST, answer(2, "came after it"))
    other.exchange()
    one.exchange()
    assert one.read(LATEST) == other.read(LATEST) == answer(2, "came after it")


def test_a_server_that_went_back_replaces_no_newer_answer(sides: tuple[Side, Side]) -> None:
    """Only that the answer here names an entry that the journal lacks shows what was lost."""
    one, other = sides
    one.write(LATEST, answer(3))
    one.exchange()
    other.write(LATEST, answer(2))
    other.agreed.clear()
    other.session.forget(f"file/{LATEST}")
    other.exchange()
    one.exchange(send=False)
    assert one.read(LATEST) == answer(3)


@pytest.mark.parametrize("text", ["", '{"journal": {"seq"', "\0"])
def test_what_is_damaged_is_taken_back_and_not_sent(sides: tuple[Side, Side], text: str) -> None:
    one, other = sides
    one.write(LATEST, answer(1))
    one.exchange()
    other.exchange()
    one.write(LATEST, text)
    one.exchange()
    other.exchange()
    assert one.read(LATEST) == other.read(LATEST) == answer(1)


def test_what_the_disk_lost_comes_back_and_is_not_taken_from_the_others(sides: tuple[Side, Side]) -> None:
    one, other = sides
    names = [LATEST, "snapshots/stable/r1.json", "run/stages.json"]
    for name in names:
        one.write(name, answer(1))
    one.exchange()
    shutil.rmtree(one.state / "snapshots")
    (one.state / "run/stages.json").unlink()
    one.exchange()
    other.exchange()
    assert [one.read(name) for name in names] == [other.read(name) for name in names] == [answer(1)] * 3


def test_branches_that_are_not_followed_here_stay_where_they_are(sides: tuple[Side, Side]) -> None:
    one, other = sides
    one.write(LATEST, answer(1))
    one.exchange()
    other.exchange(branch="other")
    assert other.read(LATEST) is None
    one.exchange()
    assert one.read(LATEST) == answer(1)


def test_no_name_leads_out_of_the_folder(sides: tuple[Side, Side]) -> None:
    one, _ = sides
    for name in ("../x.json", "snapshots/stable/../../x.json", "run/told.json", "/x.json"):
        one.session.tell(f"file/{name}", b"0" * 32)
    one.exchange()
    assert [path for path in one.state.rglob("*") if path.is_file()] == []


def test_who_may_not_write_reads_it_all_the_same(sides: tuple[Side, Side]) -> None:
    one, other = sides
    one.write(LATEST, answer(1))
    one.exchange()
    other.exchange(send=False, writable=False)
    assert not (other.state / LATEST).exists()
    assert plainfile.read(other.state / LATEST, 1000) == answer(1)
    other.exchange(send=False)
    assert other.read(LATEST) == answer(1)
    assert other.state / LATEST not in plainfile.instead


HUGE = b"0" * 32 + zlib.compress(b" " * 3000)


@pytest.mark.parametrize("document", [b"half", b"\xff\xfe", HUGE, HUGE[:-9]])
def test_a_document_that_cannot_be_unpacked_is_an_error_until_a_run_drops_it(
    sides: tuple[Side, Side], document: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = sides
    one.write(LATEST, answer(1))
    one.exchange()
    other.exchange()
    one.session.tell(f"file/{LATEST}", document)
    monkeypatch.setattr(shared_files, "LARGEST", 2000)
    for side in sides:
        with pytest.raises(StoreError, match=r"latest\.json in the table shared: .*cannot be read"):
            side.exchange(send=False)
    one.exchange()
    other.exchange()
    # the next judge makes it; nobody falls back on an older one
    assert [side.read(LATEST) for side in sides] == [None, None]


def test_freezes_that_cannot_be_unpacked_are_written_by_the_journal(sides: tuple[Side, Side]) -> None:
    one, _ = sides
    freezes = "snapshots/stable/freezes"
    one.write(freezes, "before")
    one.session.tell(f"file/{freezes}", b"half")
    with pytest.raises(StoreError, match="cannot be read"):
        one.exchange(send=False)
    one.exchange()
    assert one.read(freezes) == "before"
    with closing(Database(one.url)) as database, database.branch("stable") as store:
        store.journal.share_file(freezes, b"after")
    one.exchange(send=False)
    assert one.read(freezes) == "after"
