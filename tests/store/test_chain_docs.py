"""What docs/audit.md#by-a-program-of-your-own says is enough to verify a journal: its program is run here."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shepherd.run import Run, no_telling
from shepherd.store import Database, JournalEntry, chain
from tests.inv import ROOT

RUN = Run("r1", datetime(2026, 11, 29, tzinfo=UTC), "Zoë Žižek", no_telling)
HARD = ["", "plain", 'a "quoted" \\ word / and <&>', "\b\f\n\r\t\x00\x01\x1f\x7f", "\u2028 é 漢 \U0001f411"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A journal with all that JSON may write in several ways, and with entries of an older release."""
    path = tmp_path / "shepherd.db"
    with Database(f"sqlite:///{path}") as database:
        for text in HARD:
            entry = JournalEntry("item", text, {"text": text, text: [1, 2.5, None, {"a": True}]}, text, text)
            database.append("stable", [entry, entry], RUN)
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute(
                    "INSERT INTO journal (at, run_id, branch, kind, subject, who, why, data)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    ("2026-11-29T09:00:00Z", "r", "b", "tip", text, text, text, '{"a": "\\u00e9 é"}'),
                )
    return path


def said_of(path: Path) -> list[str]:
    page = (ROOT / "docs" / "audit.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.splitlines()


def test_it_comes_to_the_same_head(file: Path) -> None:
    with Database(f"sqlite:///{file}", read_only=True) as database, database.begin() as connection:
        assert said_of(file) == [chain.head_name(connection)]


def test_it_finds_what_was_changed(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE journal SET why = why || ' ' WHERE seq = 4")
        connection.execute("DELETE FROM journal WHERE seq = 10")
    assert said_of(file)[:-1] == [
        f"entry {number} does not follow from the one before it" for number in (5, 11)
    ]
