"""`inv audit --verify` on a journal that is a file of SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import StoreError
from shepherd.store import Database, JournalEntry, open_branch
from shepherd.store.chain_reading import ChainReading, read_chain
from tests.running.test_verify import as_json, begun


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    project = begun(tmp_path)
    with closing(sqlite3.connect(project.state / "shepherd.db")) as connection, connection:
        connection.execute("UPDATE journal SET why = CAST(x'ff41' AS TEXT) WHERE seq = 2")
        connection.execute("UPDATE journal SET subject = x'ff41' WHERE seq = 4")
    found = [(each["what"], each["first"]) for each in as_json(project)["findings"]]
    assert found == [("unreadable", 2), ("unreadable", 4)]
    assert as_json(project)["unchained"] == 0, "no older release wrote them"


def test_data_that_are_no_json_are_told_to_who_reads_them(tmp_path: Path) -> None:
    project = begun(tmp_path)
    with closing(sqlite3.connect(project.state / "shepherd.db")) as connection, connection:
        connection.execute("UPDATE journal SET data = '{no' WHERE kind = 'deployed'")
    said = "inv audit --verify says where"
    with (
        pytest.raises(StoreError, match=said),
        open_branch(project.settings, "stable", read_only=True) as store,
    ):
        store.journal.entries("deployed")


def test_who_writes_meanwhile_is_not_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = begun(tmp_path)
    assert not project.state.joinpath("shepherd.db-wal").exists()
    times: list[int] = []

    def slowly(*args: Any) -> ChainReading:
        reading = read_chain(*args)
        if not times:
            # a run writes, and has ended before all is read
            times.append(1)
            with Database(f"sqlite:///{project.state / 'shepherd.db'}") as database:
                database.append("stable", [JournalEntry("tip", data={"revno": 3})], project.run("find"))
        return reading

    monkeypatch.setattr("shepherd.running.verify.read_chain", slowly)
    read = as_json(project)
    assert (read["holds"], times) == (True, [1])
    with closing(sqlite3.connect(project.state / "shepherd.db")) as connection:
        last = connection.execute("SELECT max(seq) FROM journal").fetchone()[0]
    assert read["last"] == last


def test_it_writes_nothing(tmp_path: Path) -> None:
    project = begun(tmp_path)
    before = {path: path.read_bytes() for path in project.state.rglob("*") if path.is_file()}
    assert as_json(project)["holds"]
    assert {path: path.read_bytes() for path in project.state.rglob("*") if path.is_file()} == before
