"""Backups of a journal on a PostgreSQL server: the same promises (docs/backups.md#on-postgresql)."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import psycopg
import pytest

from shepherd.running.backup import dumping
from shepherd.running.backup.places import backups_in
from shepherd.running.backup.reading import checked
from shepherd.running.backup.restoring import restore_from
from shepherd.running.tasking import TaskOptions
from shepherd.store import Database, JournalEntry
from tests.inv import Done, inv_here
from tests.postgres import PostgresServer
from tests.project import Project
from tests.running.test_copying import ODD, calls

TOP = 'database = "{url}"'


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.new_database()


@pytest.fixture
def project(url: str, tmp_path: Path) -> Project:
    """r1 is live, r2 good by a person's word; one run has been."""
    project = Project(tmp_path / "project", top=TOP.format(url=url))
    first, _ = project.land("[bug=1] one", "[bug=2] two")
    project.deploy(first)
    project.tag(1, "qa-ok")
    project.tag(2)
    assert inv(project, "run").code == 0
    assert inv(project, "verdict", "r2", "ok", "--reason", "tried it").code == 0
    with Database.of(project.settings) as database:
        odd = [JournalEntry("item", each[:100], {"until": each}, "Zoë", each) for each in ODD]
        database.append("stable", odd, project.run("by-hand"))
    return project


@pytest.fixture
def backup(project: Project, tmp_path: Path) -> Path:
    path = tmp_path / "backup.zip"
    done = inv(project, "backup", str(path))
    assert (done.code, done.err) == (0, "")
    return path


def inv(project: Project, *words: str) -> Done:
    return inv_here(project.folder, *words)


def rows(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT * FROM journal ORDER BY seq").fetchall()


def without_mark(url: str) -> list[tuple[Any, ...]]:
    return [row for row in rows(url) if "restored" not in row]


def tables(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return [name for (name,) in found]


def test_it_holds_every_entry_as_it_is(project: Project, url: str, backup: Path) -> None:
    with checked(backup) as held:
        assert list(held.rows().values()) == rows(url)
    with zipfile.ZipFile(backup) as archive:
        assert "journal.dump" in archive.namelist() and "journal.db" not in archive.namelist()


def test_the_run_makes_one_a_day(project: Project) -> None:
    (daily,) = backups_in(project.settings.backup_path)
    with checked(daily.path) as held:
        assert held.manifest.entries > 0
    assert "ok    backup" in inv(project, "doctor", "--offline", "--only", "backup").out


def test_what_was_lost_comes_back(project: Project, url: str, backup: Path, postgres: PostgresServer) -> None:
    """On a new database of another server; with its answers, the answer is the old one."""
    before, answer = rows(url), inv(project, "status", "--sha")
    new = postgres.new_database()
    shutil.rmtree(project.state)
    project.write_settings(top=TOP.format(url=new))
    looked = inv(project, "restore", str(backup), "--dry-run", "--despite", "x")
    assert looked.code == 0 and "has no entry, and gets them" in looked.out and tables(new) == []
    refused = inv(project, "restore", str(backup))
    assert refused.code == 8 and "what people said since 20" in refused.out
    assert inv(project, "restore", str(backup), "--despite", "the server is lost").code == 0
    assert without_mark(new) == before
    assert inv(project, "run").code == 5, "until a person has accepted it"
    assert inv(project, "find", "--accept-new-journal", "--reason", "asked them").code == 0
    assert inv(project, "run").code == 0
    assert inv(project, "status", "--sha") == answer


def test_what_is_here_and_not_in_the_backup_is_not_lost_in_silence(
    project: Project, url: str, backup: Path
) -> None:
    old = rows(url)
    assert inv(project, "verdict", "r2", "bad", "--reason", "it deletes data").code == 0
    held = rows(url)
    refused = inv(project, "restore", str(backup))
    assert refused.code == 8 and "1 verdict" in refused.out and "it deletes data" in refused.out
    assert rows(url) == held
    done = inv(project, "restore", str(backup), "--despite", "a test")
    assert done.code == 0 and "kept as the table journal_before_restore_20" in done.out
    assert rows(url) == old
    (kept,) = [name for name in tables(url) if name.startswith("journal_before_restore_")]
    with psycopg.connect(url) as connection:
        assert connection.execute(f'SELECT * FROM "{kept}" ORDER BY seq').fetchall() == held
    assert inv(project, "run").code == 5
    assert inv(project, "find", "--accept-new-journal", "--reason", "a test").code == 0
    assert inv(project, "verdict", "r2", "ok", "--reason", "once more").code == 0
    assert inv(project, "run").code == 0


def test_the_same_journal_stays(project: Project, url: str, backup: Path) -> None:
    done = inv(project, "restore", str(backup))
    assert done.code == 0 and "has the same journal, and stays" in done.out
    assert not [name for name in tables(url) if name.startswith("journal_before")]


def test_a_backup_goes_to_either_kind_of_database(
    project: Project, url: str, backup: Path, postgres: PostgresServer, tmp_path: Path
) -> None:
    before = rows(url)
    project.write_settings()
    assert inv(project, "restore", str(backup)).code == 0
    assert inv(project, "run").code == 0
    assert inv(project, "backup", str(tmp_path / "of-sqlite.zip")).code == 0
    new = postgres.new_database()
    project.write_settings(top=TOP.format(url=new))
    assert inv(project, "restore", str(tmp_path / "of-sqlite.zip")).code == 0
    assert rows(new)[: len(before)] == before
    assert inv(project, "run").code == 0


def test_a_damaged_dump_is_refused(project: Project, url: str, backup: Path, tmp_path: Path) -> None:
    """Its digest is right, so that what is in it decides."""
    import hashlib
    import json

    forged = tmp_path / "forged.zip"
    with zipfile.ZipFile(backup) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    dump = parts["journal.dump"][:-200]
    document = json.loads(parts["manifest.json"])
    document["parts"]["journal.dump"] = {"size": len(dump), "sha256": hashlib.sha256(dump).hexdigest()}
    parts |= {"journal.dump": dump, "manifest.json": json.dumps(document).encode()}
    with zipfile.ZipFile(forged, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    before = rows(url)
    done = inv(project, "restore", str(forged), "--despite", "x")
    assert done.code == 1 and "is not a sound backup" in done.err
    assert rows(url) == before


def test_a_program_that_is_missing_or_too_old_is_one_sentence(
    project: Project, url: str, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "pg_dump"
    old.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 9.6.1" && exit\n'
        "echo 'pg_dump: error: server version: 15.1; pg_dump version: 9.6.1' >&2\n"
        "echo 'pg_dump: error: aborting because of server version mismatch' >&2\nexit 1\n"
    )
    old.chmod(0o755)
    monkeypatch.setattr(dumping, "programs", lambda name: [str(old)])
    done = inv(project, "backup", str(tmp_path / "no.zip"))
    assert done.code == 1 and "server version mismatch" in done.err and "apt-get install" in done.err
    looked = inv(project, "doctor", "--only", "backup")
    assert "none can be made, since pg_dump is version 9 and the server" in looked.out
    monkeypatch.setattr(dumping, "programs", lambda name: [])
    assert "pg_dump is not there: install" in inv(project, "backup", str(tmp_path / "no.zip")).err
    assert "pg_restore is not there: install" in inv(project, "restore", str(backup)).err
    assert "none can be made" in inv(project, "doctor", "--only", "backup").out
    assert not (tmp_path / "no.zip").exists()


def test_a_newer_one_in_debians_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("9", "17", "15", "common"):
        place = tmp_path / version / "bin"
        place.mkdir(parents=True)
        (place / "pg_dump").touch()
    monkeypatch.setattr(dumping, "DEBIAN", str(tmp_path))
    monkeypatch.setenv("PATH", "/nowhere")
    assert dumping.programs("pg_dump") == [str(tmp_path / each / "bin/pg_dump") for each in ("17", "15", "9")]


def test_the_password_is_nowhere(project: Project, url: str, tmp_path: Path) -> None:
    """pg_dump gets it; it is in no argument, no variable, no file and no message."""
    secret = project.folder / "database-password"
    secret.write_text(r"hun:ter\2")
    secret.chmod(0o600)
    project.write_settings(top=f'{TOP.format(url=url)}\ndatabase_password_file = "database-password"')
    seen = tmp_path / "seen"
    with pytest.MonkeyPatch.context() as patch:
        fake = tmp_path / "pg_dump"
        fake.write_text(
            f'#!/bin/sh\n{{ echo "$@"; env; stat -Lc %a "$PGPASSFILE"; }} >{seen}\n'
            f'cat "$PGPASSFILE" >{seen}.pass\n'
            f'exec {dumping.programs("pg_dump")[0]} "$@"\n'
        )
        fake.chmod(0o755)
        patch.setattr(dumping, "programs", lambda name: [str(fake)])
        dumping.dump(project.settings, tmp_path / "dump")
    assert (tmp_path / "seen.pass").read_text() == "*:*:*:*:hun\\:ter\\\\2\n"
    assert "hun" not in seen.read_text() and seen.read_text().endswith("600\n")
    assert (tmp_path / "dump").read_bytes().startswith(b"PGDMP")


def test_a_dry_run_of_a_restore_changes_nothing(project: Project, url: str, backup: Path) -> None:
    inv(project, "verdict", "r2", "bad", "--reason", "x")
    before = rows(url), tables(url)
    inv(project, "restore", str(backup), "--dry-run", "--despite", "x")
    assert (rows(url), tables(url)) == before


# --- kill -9 ------------------------------------------------------------------------------------------


def kill_often(project: Project, url: str, backup: Path, times: int) -> None:
    """It is as it was, or restored; and then it can be restored."""
    import random

    rolled, old = random.Random(7), rows(url)[:]
    with checked(backup) as held:
        wanted = list(held.rows().values())
    assert old == wanted
    inv(project, "verdict", "r2", "bad", "--reason", "it deletes data")
    newer = rows(url)

    def body() -> None:
        assert restore_from(TaskOptions(project.settings, "ann"), [backup], "a test") == 0

    def back() -> None:
        with psycopg.connect(url) as connection:
            connection.execute("DELETE FROM journal")
            for row in newer:
                connection.execute("INSERT INTO journal VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s)", row)

    total, killed = calls(body), 0
    assert rows(url) == old and total > 1000
    for _ in range(times):
        back()
        killed += not calls(body, rolled.randrange(total))
        assert rows(url) in (newer, old), "half restored"
        body()
        assert rows(url) == old
    assert killed > times * 0.8


def run_killed(project: Project, url: str, backup: Path, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    monkeypatch.setenv("SHEPHERD_CONFIG", str(project.folder / "shepherd.toml"))
    kill_often(project, url, backup, times)


def test_killed_at_some_calls(
    project: Project, url: str, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_killed(project, url, backup, monkeypatch, 3)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_killed_at_many_calls(
    project: Project, url: str, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_killed(project, url, backup, monkeypatch, 50)
