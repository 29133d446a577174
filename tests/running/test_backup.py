"""Backups: consistent next to a writer, read back, kept, and of no use to somebody who forges one
(docs/backups.md)."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import SettingsError, StoreError
from shepherd.run import Run
from shepherd.running.backup.daily import back_up_daily
from shepherd.running.backup.making import make, planned
from shepherd.running.backup.places import backups_in, name_of
from shepherd.running.backup.reading import checked, manifest_of
from shepherd.running.tasking import TaskOptions
from shepherd.settings import Settings, parse
from shepherd.store import Database
from tests.inv import ROOT, inv_here
from tests.project import START, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """r1 is live, r2 deployable, and a person said so of r2."""
    project = Project(tmp_path / "project")
    first, _ = project.land("[bug=1] one", "[bug=2] two")
    project.deploy(first)
    project.tag(1, "qa-ok")
    project.look()
    project.verdict("r2", "ok")
    project.judge()
    return project


def made(project: Project, target: Path, at: datetime = START) -> Path:
    make(project.settings, planned(project.settings), target, "ann", at)
    return target


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


def test_a_backup_dated_ahead_or_damaged_is_not_the_days(project: Project) -> None:
    folder = project.settings.backup_path
    folder.mkdir(parents=True)
    for hours in (-1, 3):
        (folder / name_of(START + timedelta(hours=hours), daily=True)).touch()
    assert day(project.settings, START) == 0
    assert (folder / name_of(START, daily=True)).stat().st_size


def test_a_journal_that_is_refused_is_not_backed_up(project: Project) -> None:
    for file in project.state.glob("shepherd.db*"):
        file.unlink()
    Database.of(project.settings).close()
    assert day(project.settings, START) == 5
    assert backups_in(project.settings.backup_path) == []


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
        make(project.settings, planned(project.settings), tmp_path / "b.zip", "ann", START)


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


# --- what somebody else put there ---------------------------------------------------------------------


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


# --- every day ----------------------------------------------------------------------------------------


def day(settings: Settings, at: datetime, lines: list[dict[str, Any]] | None = None) -> int:
    def tell(event: str, **fields: Any) -> None:
        if lines is not None:
            lines.append({"event": event, **fields})

    return back_up_daily(TaskOptions(settings, "ann"), Run("r", at, "ann", tell)).code


def test_one_a_day_and_seven_are_kept(project: Project) -> None:
    settings = project.settings
    for number in range(10):
        for hour in (1, 13):
            assert day(settings, START + timedelta(days=number, hours=hour)) == 0
    kept = backups_in(settings.backup_path)
    assert [each.at for each in kept] == [START + timedelta(days=n, hours=1) for n in range(3, 10)]
    assert settings.backup_path.stat().st_mode & 0o777 == 0o700


def test_what_a_person_made_is_not_removed(project: Project) -> None:
    settings = project.settings
    assert day(settings, START) == 0
    by_hand = settings.backup_path / name_of(START - timedelta(days=99), daily=False)
    made(project, by_hand)
    (settings.backup_path / "notes").write_text("mine")
    for number in range(1, 10):
        day(settings, START + timedelta(days=number))
    assert by_hand.exists() and (settings.backup_path / "notes").exists()


def test_backups_of_a_journal_that_was_lost_stay(project: Project, tmp_path: Path) -> None:
    """Ten days of an empty journal do not push out the last ones of the right one."""
    elsewhere = tmp_path / "backups"
    project.write_settings(top=f'backup = {{ directory = "{elsewhere}", keep = 2 }}')
    for number in range(3):
        day(project.settings, START + timedelta(days=number))
    good = backups_in(elsewhere)
    shutil.rmtree(project.state)
    project.state.mkdir()
    Database.of(project.settings).close()
    for number in range(3, 10):
        assert day(project.settings, START + timedelta(days=number)) == 0
    kept = backups_in(elsewhere)
    assert kept[:2] == good and len(kept) == 4, "two of each journal"


def test_a_stage_that_fails_says_the_same_each_time(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else cron would mail it at each tick: no time of day is in the sentence."""
    settings = project.settings
    settings.backup_path.write_text("a file in its place")
    for minute in (0, 5):
        assert day(settings, START + timedelta(minutes=minute)) == 7
    first, second = capsys.readouterr().err.splitlines()
    assert first == second and str(settings.backup_path) in first


def test_a_run_without_a_database_is_no_failure(tmp_path: Path) -> None:
    assert day(Project(tmp_path / "project").settings, START) == 0


def test_the_log_says_what_was_backed_up(project: Project) -> None:
    lines: list[dict[str, Any]] = []
    day(project.settings, START, lines)
    (line,) = lines
    assert (line["event"], line["what"], line["removed"]) == ("act", "backup", 0)


def test_a_day_that_is_done_imports_nothing(project: Project) -> None:
    settings = project.settings
    assert day(settings, START) == 0
    code = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from shepherd.running.backup.daily import back_up_daily\n"
        "from shepherd.running.tasking import TaskOptions; from shepherd.run import Run, no_telling\n"
        "from shepherd.settings import read\n"
        f"settings = read(Path({str(settings.file)!r})); before = set(sys.modules)\n"
        f"run = Run('r', datetime.fromisoformat({START.isoformat()!r}), 'ann', no_telling)\n"
        "back_up_daily(TaskOptions(settings, 'ann'), run)\n"
        "print(sorted({name.partition('.')[0] for name in set(sys.modules) - before}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stdout + done.stderr


def test_readers_of_the_report_never_see_one(project: Project) -> None:
    project.write_settings(top='backup = { directory = "var/report/backups" }')
    with pytest.raises(SettingsError, match=r"backup\.directory: expected a directory outside"):
        _ = project.settings
