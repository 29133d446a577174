"""Backups: consistent next to a writer, whole, readable by their owner alone (docs/backups.md)."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import SettingsError, StoreError
from shepherd.running.backup.reading import checked, manifest_of
from shepherd.settings import parse
from tests.inv import inv_here
from tests.project import Project
from tests.running.backed_up import made, with_a_verdict


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return with_a_verdict(tmp_path)


def test_included_settings_are_in_it_as_one_file(project: Project, tmp_path: Path) -> None:
    """A restore puts one file back, and the branches are all there."""
    file = project.folder / "shepherd.toml"
    more = '[branches.devel]\nrepository = "project.git"\nref = "stable"\ndeployed = { ref = "production" }\n'
    (project.folder / "devel.toml").write_text(more)
    file.write_text(f'include = "*vel.toml"\n{file.read_text()}')
    with checked(made(project, tmp_path / "b.zip")) as backup:
        restored = parse(backup.content("shepherd.toml").decode(), file)
    assert restored.included == ()
    assert restored.branches == project.settings.branches


def test_it_holds_the_journal_the_answers_and_the_settings(project: Project, tmp_path: Path) -> None:
    (project.folder / "deployments.jsonl").write_text("{}\n")
    with checked(made(project, tmp_path / "b.zip")) as backup:
        with closing(sqlite3.connect(project.state / "shepherd.db")) as database:
            assert list(backup.rows().values()) == database.execute("SELECT * FROM journal").fetchall()
        tables = {name for (name,) in backup.journal.execute("SELECT name FROM sqlite_master")}
        latest = "snapshots/stable/latest.json"
        assert backup.content(latest) == (project.state / latest).read_bytes()
        assert backup.content("shepherd.toml") == (project.folder / "shepherd.toml").read_bytes()
        assert backup.content("deployments.jsonl") == b"{}\n"
    assert tables == {"journal", "journal_by_subject", "sqlite_sequence"}, "the rest is read again"


def test_its_parts_are_compressed(project: Project, tmp_path: Path) -> None:
    with zipfile.ZipFile(made(project, tmp_path / "b.zip")) as archive:
        assert {each.compress_type for each in archive.infolist()} == {zipfile.ZIP_DEFLATED}


def test_what_sqlite_left_next_to_a_killed_copy_is_swept(project: Project, tmp_path: Path) -> None:
    left = tmp_path / ".b.zip.abcd1234.new-wal"
    left.touch()
    made(project, tmp_path / "b.zip")
    assert not left.exists()


def test_others_cannot_read_it_and_nothing_is_left_next_to_it(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    assert made(project, folder / "b.zip").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in folder.iterdir()] == ["b.zip"]


def test_secrets_are_named_and_not_in_it(project: Project, tmp_path: Path) -> None:
    secret = project.folder / "token"
    secret.write_text("hunter2")
    secret.chmod(0o600)
    project.write_settings(tracker='credentials_file = "token"')
    backup = made(project, tmp_path / "b.zip")
    assert manifest_of(backup).secrets == (f"tracker.credentials: {secret}",)
    with zipfile.ZipFile(backup) as archive:
        assert not [name for name in archive.namelist() if b"hunter2" in archive.read(name)]
    out = inv_here(project.folder, "backup", str(tmp_path)).out
    assert f"not in it, since it is a secret: tracker.credentials: {secret}" in out


def test_what_is_there_is_never_replaced(project: Project, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_text("mine")
    done = inv_here(project.folder, "backup", str(tmp_path / "b.zip"))
    assert (done.code, (tmp_path / "b.zip").read_text()) == (2, "mine")
    with pytest.raises(SettingsError):
        made(project, tmp_path / "b.zip")
    assert (tmp_path / "b.zip").read_text() == "mine"


@pytest.mark.parametrize("to", ["nowhere/b.zip", "nowhere/"])
def test_a_folder_that_is_not_there(project: Project, tmp_path: Path, to: str) -> None:
    done = inv_here(project.folder, "backup", f"{tmp_path}/{to}")
    assert done.code == 2 and f"{tmp_path}/nowhere is no folder" in done.err


def test_under_the_switch_and_next_to_a_run(project: Project, tmp_path: Path) -> None:
    from shepherd.running import gate

    (project.state / "maintenance.txt").touch()
    (project.state / "run").mkdir(exist_ok=True)
    with gate.work(project.state):
        assert inv_here(project.folder, "backup", str(tmp_path / "b.zip")).code == 0


_WRITER = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=30) as database:
    number = 0
    while True:
        number += 1
        # each transaction writes a pair
        for half in (1, 2):
            database.execute(
                "INSERT INTO journal (at, run_id, branch, kind, subject, who, why, data)"
                " VALUES ('2011-08-01T00:00:00Z', 'r', 'stable', 'landing', ?, '', '', '{}')", (str(number),))
        database.commit()
        print(number, flush=True)
"""


def test_next_to_somebody_who_writes(project: Project, tmp_path: Path) -> None:
    """Of what is written in one transaction there is all or nothing."""
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, project.state / "shepherd.db"], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    try:
        for number in range(5):
            writer.stdout.readline()
            with checked(made(project, tmp_path / f"{number}.zip")) as backup:
                subjects = [row[5] for row in backup.rows().values() if row[2] == "r"]
            assert subjects and all(subjects.count(each) == 2 for each in {*subjects})
    finally:
        writer.kill()
        writer.communicate()


def test_no_database_yet(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    done = inv_here(project.folder, "backup", str(tmp_path / "b.zip"))
    assert done.code == 5 and "nothing to back up yet" in done.err


def test_a_disk_that_is_full(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shepherd.running.backup.making.os.fsync", full)
    with pytest.raises(StoreError, match="No space left on device"):
        made(project, folder / "b.zip")
    assert [*folder.iterdir()] == []


def test_sqlite_on_a_full_disk_is_not_taken_for_a_broken_one(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says "disk I/O error" where no file can be made next to the journal."""

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    project.look()
    monkeypatch.setattr("shepherd.running.backup.making._copy_journal", full)
    with pytest.raises(StoreError, match=r"disk I/O error \(is the disk full\?\)"):
        made(project, tmp_path / "b.zip")


def test_a_disk_that_forgets_is_noticed_at_once(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def written_wrongly(file: Any) -> None:
        file.flush()
        file.seek(60)
        file.write(b"\0" * 20)
        file.flush()

    monkeypatch.setattr("shepherd.running.backup.making._to_the_disk", written_wrongly)
    with pytest.raises(StoreError, match="not a sound backup"):
        made(project, tmp_path / "b.zip")
    assert not (tmp_path / "b.zip").exists()
