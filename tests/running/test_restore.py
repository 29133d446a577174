"""Restoring: nothing is lost in silence, nothing is half restored, and the answer is the old one
(docs/backups.md#restoring)."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shepherd.running.backup.restoring import restore_from
from shepherd.running.tasking import TaskOptions
from shepherd.settings import read
from shepherd.store.wholeness import loss
from tests.campaigns.killing import killed_at, points, undisturbed
from tests.inv import Done, inv_here
from tests.project import Project
from tests.running.doctor.looking import tree


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """r1 is live, r2 good by a person's word; one run has been."""
    project = Project(tmp_path / "project")
    first, _ = project.land("[bug=1] one", "[bug=2] two")
    project.deploy(first)
    project.tag(1, "qa-ok")
    project.tag(2)
    assert inv(project, "run").code == 0
    assert inv(project, "verdict", "r2", "ok", "--reason", "tried it").code == 0
    return project


@pytest.fixture
def backup(project: Project, tmp_path: Path) -> Path:
    path = tmp_path / "backup.zip"
    assert inv(project, "backup", str(path)).code == 0
    return path


def inv(project: Project, *words: str) -> Done:
    return inv_here(project.folder, *words)


def answer(project: Project) -> str:
    done = inv(project, "status", "--sha")
    return done.out if done.code == 0 else f"{done.code}"


def rows(project: Project) -> list[Any]:
    with closing(sqlite3.connect(f"file:{project.state}/shepherd.db?mode=ro", uri=True)) as database:
        return database.execute("SELECT * FROM journal").fetchall()


def without_mark(project: Project) -> list[Any]:
    """What people said and what was done, without what a restore adds."""
    return [row for row in rows(project) if "restored" not in row]


def test_a_lost_disk(project: Project, backup: Path) -> None:
    before, journal = answer(project), rows(project)
    shutil.rmtree(project.state)
    (project.folder / "shepherd.toml").rename(project.folder / "lost.toml")
    refused = inv(project, "restore", str(backup))
    assert refused.code == 8 and "nothing was changed" in refused.err
    assert "stable: what people said since 20" in refused.out
    assert not (project.state / "shepherd.db").exists()
    done = inv(project, "restore", str(backup), "--despite", "the disk is lost")
    assert (done.code, done.err) == (0, "")
    assert "shepherd.toml comes from the backup" in done.out
    assert without_mark(project) == journal
    assert (project.folder / "shepherd.toml").read_text() == (project.folder / "lost.toml").read_text()
    assert (project.folder / "shepherd.toml").stat().st_mode & 0o777 == 0o600
    for _ in range(2):
        refused = inv(project, "run")
        assert refused.code == 5 and "what people said after that is not known" in refused.err
        assert answer(project) == "5" and inv(project, "promote").code == 5
    accepted = inv(project, "find", "--accept-new-journal", "--reason", "asked them all")
    assert accepted.code == 0 and "say again what people said" in accepted.out
    done = inv(project, "run")
    assert (done.code, done.err) == (0, ""), "no first run"
    assert answer(project) == before != ""
    assert "restored from the backup of" in inv(project, "history").out
    assert "tried it" in inv(project, "history", "--rev", "r2").out


def test_a_verdict_after_the_backup_is_not_dropped_in_silence(project: Project, backup: Path) -> None:
    """Until a person says that it may be, there is no answer, whatever is restored or killed meanwhile."""
    assert inv(project, "verdict", "r2", "bad", "--reason", "it deletes data").code == 0
    shutil.rmtree(project.state)
    for _ in range(2):
        assert inv(project, "restore", str(backup), "--despite", "the disk is lost").code == 0
        assert inv(project, "run").code == 5
        assert answer(project) == "5"
    assert inv(project, "verdict", "r2", "bad", "--reason", "x").code == 5, "accept it first"
    assert inv(project, "find", "--accept-new-journal", "--reason", "asked them all").code == 0
    assert inv(project, "verdict", "r2", "bad", "--reason", "it deletes data").code == 0
    assert inv(project, "run").code == 0
    # a backup of the journal that was accepted is one like any other
    newer = backup.with_name("newer.zip")
    assert inv(project, "backup", str(newer)).code == 0
    for file in project.state.glob("shepherd.db*"):
        file.unlink()
    assert inv(project, "restore", str(newer)).code == 0
    assert inv(project, "run").code == 0


def test_pages_elsewhere_do_not_know_what_was_said_after_the_last_run(
    project: Project, tmp_path: Path
) -> None:
    project.write_settings(top='report.directory = "www"')
    assert inv(project, "run").code == 0
    path = tmp_path / "b.zip"
    assert inv(project, "backup", str(path)).code == 0
    assert inv(project, "verdict", "r2", "bad", "--reason", "it deletes data").code == 0
    shutil.rmtree(project.state)
    assert inv(project, "restore", str(path)).code == 8
    assert inv(project, "restore", str(path), "--despite", "x").code == 0
    assert inv(project, "run").code == 5


def test_a_damaged_database(project: Project, backup: Path) -> None:
    """What it held since the backup is not known: that has to be said, and it is kept."""
    before = answer(project)
    database = project.state / "shepherd.db"
    os.truncate(database, 5000)
    damaged = database.read_bytes()
    refused = inv(project, "restore", str(backup))
    assert refused.code == 8 and "it is not known what the backup lacks" in refused.out
    assert database.read_bytes() == damaged
    assert inv(project, "restore", str(backup), "--despite", "the disk was damaged").code == 0
    (kept,) = project.state.glob("shepherd.db.before-restore-*Z")
    assert kept.read_bytes() == damaged
    assert inv(project, "run").code == 0
    assert answer(project) == before


def test_a_log_that_belongs_to_another_database_goes_with_it(project: Project, backup: Path) -> None:
    """Left where it is, its pages would be mixed into the restored one."""
    log = project.state / "shepherd.db-wal"
    log.write_bytes(b"of another database" * 100)
    os.truncate(project.state / "shepherd.db", 5000)
    assert inv(project, "restore", str(backup), "--despite", "x").code == 0
    assert not log.exists()
    assert [*project.state.glob("shepherd.db.before-restore-*-wal")]


def test_what_the_backup_lacks_is_shown_and_not_lost_in_silence(project: Project, backup: Path) -> None:
    assert inv(project, "verdict", "r2", "bad", "--reason", "it deletes data").code == 0
    before = tree(project.state)
    refused = inv(project, "restore", str(backup))
    assert refused.code == 8 and "nothing was changed" in refused.err
    assert "1 verdict" in refused.out and "by tester: it deletes data" in refused.out
    after = tree(project.state)
    assert {name for name in before if before[name] != after.get(name)} <= {
        str(project.state / name) for name in ("log", "log/shepherd.log", "run")
    }
    done = inv(project, "restore", str(backup), "--despite", "a test")
    assert done.code == 0 and 'next: inv find --accept-new-journal --reason "…"' in done.out
    # the answer that is here knows more: a person has to say that it is lost, as after every other loss
    assert inv(project, "run").code == 5
    accepted = inv(project, "find", "--accept-new-journal", "--reason", "a test")
    assert "the last answer called bad: r2" in accepted.out
    assert inv(project, "run").code == 0


def test_a_newer_backup_loses_nothing(project: Project, backup: Path, tmp_path: Path) -> None:
    assert inv(project, "verdict", "r2", "bad", "--reason", "it deletes data").code == 0
    newer = tmp_path / "newer.zip"
    assert inv(project, "backup", str(newer)).code == 0
    assert inv(project, "restore", str(backup), "--despite", "a mistake").code == 0
    assert inv(project, "restore", str(newer)).code == 0
    assert inv(project, "run").code == 0
    assert "it deletes data" in inv(project, "status").out


def test_the_same_journal_stays(project: Project, backup: Path) -> None:
    inode = (project.state / "shepherd.db").stat().st_ino
    done = inv(project, "restore", str(backup))
    assert done.code == 0 and "has the same journal, and stays" in done.out
    assert (project.state / "shepherd.db").stat().st_ino == inode


def test_settings_that_are_here_stay(project: Project, backup: Path) -> None:
    project.write_settings(top='keep = "30d"')
    here = (project.folder / "shepherd.toml").read_text()
    done = inv(project, "restore", str(backup))
    assert done.code == 0 and '+keep = "30d"' in done.out
    assert (project.folder / "shepherd.toml").read_text() == here


def test_a_secret_that_has_to_be_brought(project: Project, tmp_path: Path) -> None:
    token = project.folder / "token"
    token.write_text("hunter2")
    token.chmod(0o600)
    project.write_settings(tracker='credentials_file = "token"')
    path = tmp_path / "b.zip"
    assert inv(project, "backup", str(path)).code == 0
    token.unlink()
    done = inv(project, "restore", str(path))
    assert "still to be brought by hand" in done.out and str(token) in done.out


def test_under_the_switch_and_not_next_to_a_run(project: Project, backup: Path) -> None:
    from shepherd.running import gate

    (project.state / "maintenance.txt").touch()
    assert inv(project, "restore", str(backup)).code == 0
    with gate.work(project.state):
        assert inv(project, "restore", str(backup)).code == 3
        (project.state / "maintenance.txt").unlink()
        assert inv(project, "restore", str(backup)).code == 4


def test_next_to_a_reader(project: Project, backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shepherd.running.backup.restoring.BUSY_SECONDS", 0.1)
    inv(project, "verdict", "r2", "bad", "--reason", "x")
    journal = rows(project)
    with closing(sqlite3.connect(project.state / "shepherd.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM journal").fetchone()
        done = inv(project, "restore", str(backup), "--despite", "x")
        assert done.code == 1 and "nothing was changed, try again" in done.err
    assert rows(project) == journal


def test_the_newest_in_a_folder(project: Project) -> None:
    done = inv(project, "restore", str(project.state / "backups"), "--dry-run")
    assert "daily-" in done.out


def test_a_disk_that_is_full(project: Project, backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    os.truncate(project.state / "shepherd.db", 5000)
    before = (project.state / "shepherd.db").read_bytes()
    monkeypatch.setattr("shepherd.running.backup.restoring._sync", full)
    done = inv(project, "restore", str(backup), "--despite", "x")
    assert done.code == 1 and "No space left on device" in done.err
    assert (project.state / "shepherd.db").read_bytes() == before
    assert not [*project.state.glob("shepherd.db.*")], "nothing half restored is left"


# --- kill -9 ------------------------------------------------------------------------------------------


def nothing(project: Project) -> None:
    shutil.rmtree(project.state)
    (project.folder / "shepherd.toml").unlink()


def no_state(project: Project) -> None:
    shutil.rmtree(project.state)


def damaged(project: Project) -> None:
    os.truncate(project.state / "shepherd.db", 5000)
    (project.state / "shepherd.db-wal").write_bytes(b"of another database" * 100)


def older(project: Project) -> None:
    """A copy of yesterday's database was put back by hand: its journal ends earlier."""
    with closing(sqlite3.connect(project.state / "shepherd.db")) as database, database:
        last = database.execute("SELECT max(seq) FROM journal").fetchone()[0]
        database.execute("DELETE FROM journal WHERE seq = ?", (last,))


@pytest.fixture
def saved(project: Project, tmp_path: Path) -> Callable[[Callable[[Project], None]], None]:
    """Sets everything back to how it was, and damages it."""
    shutil.copytree(project.folder, tmp_path / "saved")

    def set_back(damage: Callable[[Project], None]) -> None:
        shutil.rmtree(project.folder)
        shutil.copytree(tmp_path / "saved", project.folder)
        damage(project)

    return set_back


Saved = Callable[[Callable[[Project], None]], None]
DAMAGES = [nothing, no_state, damaged, older]


@pytest.mark.real
@pytest.mark.parametrize("damage", DAMAGES)
def test_killed_at_some_steps(
    project: Project,
    backup: Path,
    saved: Saved,
    damage: Callable[[Project], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHEPHERD_CONFIG", str(project.folder / "shepherd.toml"))
    kill_at_every(project, backup, saved, damage, each=7)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("damage", DAMAGES)
def test_killed_at_every_step(
    project: Project,
    backup: Path,
    saved: Saved,
    damage: Callable[[Project], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHEPHERD_CONFIG", str(project.folder / "shepherd.toml"))
    kill_at_every(project, backup, saved, damage)


def kill_at_every(
    project: Project, backup: Path, saved: Saved, damage: Callable[[Project], None], each: int = 1
) -> None:
    """It is as it was, or restored, or says itself that the journal is lost; and then it can be restored."""
    journal, before = rows(project), answer(project)

    def body() -> None:
        assert restore_from(TaskOptions(who="ann"), [backup], "a test") == 0

    saved(damage)
    steps = points(body)
    assert without_mark(project) == journal and len(steps) > 10
    for number in range(0, len(steps), each):
        saved(damage)
        assert killed_at(body, number)
        assert stands(project, damage, journal), f"killed at {number}: {steps[number]}"
        undisturbed(body)
        assert without_mark(project) == journal, f"killed at {number}: {steps[number]}"
    if damage in (nothing, no_state):
        assert inv(project, "run").code == 5
        assert inv(project, "find", "--accept-new-journal", "--reason", "asked them all").code == 0
    assert inv(project, "run").code == 0
    assert answer(project) == before
    print(f"{damage.__name__}: killed at {len(range(0, len(steps), each))} of {len(steps)} steps")


def stands(project: Project, damage: Callable[[Project], None], journal: list[Any]) -> bool:
    """Whether nobody can take what is there for something else than it is."""
    if not (project.folder / "shepherd.toml").exists():
        return damage is nothing
    settings = read(project.folder / "shepherd.toml")
    try:
        there = rows(project)
    except sqlite3.Error:
        there = []
    if there == journal or (damage is damaged and not there):
        return True
    if damage is older and there == journal[:-1]:
        return True
    if not (project.state / "snapshots" / "stable").exists():
        return damage is no_state and len(there) in (0, len(journal) + 1)
    if damage in (nothing, no_state) and there:
        return there[:-1] == journal and "restored" in there[-1]
    return not there and loss(None, settings, "stable") is not None
