"""A backup that somebody forged or cut short is refused (docs/backups.md)."""

from __future__ import annotations

import json
import os
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import SettingsError, StoreError
from shepherd.running.backup.reading import checked
from tests.project import Project
from tests.running.backed_up import made, with_a_verdict


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return with_a_verdict(tmp_path)


def forged(source: Path, target: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """A backup with other parts, whose manifest is right as far as it can be."""
    with zipfile.ZipFile(source) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target


def with_manifest(**values: Any) -> Callable[[dict[str, bytes]], object]:
    def change(parts: dict[str, bytes]) -> None:
        parts["manifest.json"] = json.dumps(json.loads(parts["manifest.json"]) | values).encode()

    return change


def with_sql(statement: str) -> Callable[[dict[str, bytes]], object]:
    """Another database, with its right sum."""

    def change(parts: dict[str, bytes]) -> None:
        import hashlib

        with closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(parts["journal.db"])
            database.executescript(statement)
            parts["journal.db"] = database.serialize()
        document = json.loads(parts["manifest.json"])
        content = parts["journal.db"]
        document["parts"]["journal.db"] = {
            "size": len(content), "sha256": hashlib.sha256(content).hexdigest()
        }  # fmt: skip
        parts["manifest.json"] = json.dumps(document).encode()

    return change


FORGERIES: dict[str, tuple[Callable[[dict[str, bytes]], object], str]] = {
    "out of the folder": (lambda parts: parts.update({"../../etc/cron.d/x": b""}), "which no backup holds"),
    "absolute": (lambda parts: parts.update({"/etc/passwd": b""}), "which no backup holds"),
    "out of the branch": (
        lambda parts: parts.update({"snapshots/stable/../../maintenance.txt": b""}),
        "which no backup holds",
    ),
    "hidden": (lambda parts: parts.update({"snapshots/stable/.x": b""}), "which no backup holds"),
    "one more": (lambda parts: parts.update({"deployments.jsonl": b""}), "not those that its manifest names"),
    "one less": (lambda parts: parts.pop("shepherd.toml"), "not those that its manifest names"),
    "no journal": (lambda parts: parts.pop("journal.db"), "not those that its manifest names"),
    "no manifest": (lambda parts: parts.pop("manifest.json"), "manifest.json"),
    "another answer": (
        lambda parts: parts.update({"snapshots/stable/latest.json": b"{}"}),
        "latest.json is not what it was",
    ),
    "another journal": (
        lambda parts: parts.update({"journal.db": parts["journal.db"] + b"x"}),
        "journal.db is not what it was",
    ),
    "a newer format": (
        with_manifest(format=2, parts="of another kind"),
        "made by a newer shepherd (format 2",
    ),
    "no format": (with_manifest(format="x"), "format"),
    "an entry less": (with_sql("DELETE FROM journal WHERE kind = 'verdict'"), "ends elsewhere"),
    "another verdict": (
        with_sql("UPDATE journal SET data = '{' WHERE kind = 'verdict'"),
        "of its journal cannot be read",
    ),
    "another time": (
        with_sql("UPDATE journal SET at = 'yesterday' WHERE kind = 'verdict'"),
        "of its journal cannot be read",
    ),
    "a trigger": (
        with_sql("CREATE TRIGGER x AFTER INSERT ON journal BEGIN DELETE FROM journal; END"),
        "not that of a journal",
    ),
    "a table": (with_sql("CREATE TABLE landings (id)"), "not that of a journal"),
    "a column": (with_sql("ALTER TABLE journal ADD COLUMN more"), "columns that this release does not know"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_backup_is_refused(project: Project, tmp_path: Path, name: str) -> None:
    change, why = FORGERIES[name]
    backup = forged(made(project, tmp_path / "b.zip"), tmp_path / "forged.zip", change)
    with pytest.raises(StoreError) as refused, checked(backup):
        pass
    assert why in str(refused.value)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_backup_that_was_cut_short(project: Project, tmp_path: Path, share: float) -> None:
    backup = made(project, tmp_path / "b.zip")
    os.truncate(backup, int(backup.stat().st_size * share))
    with pytest.raises(StoreError, match="not a sound backup"), checked(backup):
        pass


def test_a_part_that_unpacks_to_more_than_it_says(project: Project, tmp_path: Path) -> None:
    """It is not unpacked beyond its limit, whatever it says of its size."""
    backup = forged(made(project, tmp_path / "b.zip"), tmp_path / "bomb.zip", lambda parts: None)
    with zipfile.ZipFile(backup, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deployments.jsonl", b"0" * 210_000_000)
    with pytest.raises(StoreError, match=r"deployments\.jsonl is too large"), checked(backup):
        pass


@pytest.mark.parametrize("what", ["fifo", "folder", "nothing", "text"])
def test_what_is_no_file_of_ours(tmp_path: Path, what: str) -> None:
    path = tmp_path / "b.zip"
    if what == "fifo":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    elif what == "text":
        path.write_text("PK")
    with pytest.raises((SettingsError, StoreError)), checked(path):
        pass
