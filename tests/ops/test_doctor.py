"""doctor: what is well is ok, what is broken is named by its own check, and nothing is touched by looking."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import sqlite3
import stat
import threading
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ops import doctor, records
from ops.cron import install
from ops.doctor import host, schedule
from ops.doctor.checking import Finding
from ops.log import line, now
from ops.runner import log_of, prepare_state
from ops.situation import note_run
from shepherd.errors import PARTLY, WRONG_VALUE
from shepherd.settings import read
from shepherd.store import Database, Entry, Journal
from shepherd.views.terminal import width
from tests.ops.crontab import Crontab
from tests.project import Project

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crontab:
    table = Crontab(tmp_path)
    monkeypatch.setenv("PATH", f"{table.bin}:{os.environ['PATH']}")
    return table


@pytest.fixture
def project(tmp_path: Path, table: Crontab) -> Project:
    """All is well: every stage ran just now, and the block is in the crontab."""
    project = Project(tmp_path / "site")
    project.land("[bug=1] One", "[bug=2] Two")
    project.deploy(project.repo.git("rev-parse", "stable~1").strip())
    project.tag(1, "qa-ok")
    project.state.rmdir()
    before = os.umask(0o077)
    try:
        prepare_state(project.state)
        project.look()
        project.report()
        for stage in ("find", "judge", "report"):
            note_run(project.settings, stage, "")
        log_of(project.settings).write(line(now(), event="END"))
        install(project.settings, "tester")
    finally:
        os.umask(before)
    # pytest's folders are closed to others, so the report is read from elsewhere
    configure(project, '[report]\npublish = ["host:/srv/www"]\n')
    return project


def configure(project: Project, more: str) -> None:
    with (project.folder / "shepherd.toml").open("a") as file:
        file.write(more)


def looked(project: Project, *, offline: bool = True, at: datetime | None = None) -> list[Finding]:
    path = project.folder / "shepherd.toml"
    return list(doctor.examine(lambda: read(path), at or now(), offline=offline))


def unwell(project: Project, **options: Any) -> list[tuple[str, str]]:
    return [(each.level, each.name) for each in looked(project, **options) if each.level != "ok"]


def said(project: Project, name: str, **options: Any) -> str:
    (finding,) = [each for each in looked(project, **options) if each.name == name and each.level != "ok"]
    return f"{finding.what}; {finding.remedy}"


def code(project: Project) -> int:
    return doctor.exit_code(looked(project))


def test_all_is_well(project: Project) -> None:
    assert unwell(project, offline=False) == []
    assert code(project) == 0


def test_every_check_says_something(project: Project) -> None:
    told = {each.name.split()[0] for each in looked(project)}
    assert {name for name, _ in (*doctor.HOST, *doctor.CHECKS)} - {"stages"} <= told
    assert {"settings", "stage"} <= told


def test_wrong_settings_are_told_and_what_needs_none_is_looked_at(project: Project) -> None:
    configure(project, "[unknown]\n")
    assert unwell(project) == [("fail", "settings"), ("fail", "other checks")]
    assert {"python", "dependencies", "git"} <= {each.name for each in looked(project)}
    assert code(project) == WRONG_VALUE


def test_another_user_than_the_owner_ends_with_2(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    assert ("fail", "state_dir") in unwell(project)
    assert code(project) == WRONG_VALUE


def test_a_check_that_breaks_stops_no_other(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_given: Any) -> Iterator[Finding]:
        raise ZeroDivisionError("poison")

    checks = tuple((name, broken if name == "clock" else check) for name, check in doctor.CHECKS)
    monkeypatch.setattr(doctor, "CHECKS", checks)
    assert unwell(project) == [("fail", "clock")]
    assert "poison" in said(project, "clock")


def test_before_the_first_run_all_that_is_missing_is_a_warning(tmp_path: Path, table: Crontab) -> None:
    project = Project(tmp_path / "site")
    project.land("[bug=1] One")
    project.deploy("stable")
    project.state.rmdir()
    assert {level for level, _ in unwell(project)} == {"warn"}
    assert code(project) == PARTLY
    assert not project.state.exists()


# Nothing is touched


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        found[str(path)] = (status.st_mode, status.st_mtime_ns, content)
    return found


@pytest.mark.parametrize("offline", [True, False])
def test_looking_writes_nothing(offline: bool, project: Project) -> None:
    configure(project, '[mail]\nsender = "q@example.org"\nsmtp = "127.0.0.1:9"\n')
    before = tree(project.folder)
    looked(project, offline=offline)
    assert tree(project.folder) == before


def test_looking_waits_for_no_lock(project: Project) -> None:
    with contextmanager_of_locks(project.state / "run"):
        assert unwell(project) == []


@contextmanager
def contextmanager_of_locks(folder: Path) -> Iterator[None]:
    handles = []
    for name in ("gate.lock", "work.lock", "page.lock"):
        handles.append(os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600))
        fcntl.flock(handles[-1], fcntl.LOCK_EX)
    yield
    for handle in handles:
        os.close(handle)


@contextmanager
def listening(answer: bytes = b"") -> Iterator[tuple[int, list[bytes]]]:
    """A port, and what came in at it: one item a connection."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        ending = threading.Event()

        def serve() -> None:
            while not ending.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(2)
                    heard.append(b"")
                    try:
                        connection.sendall(answer)
                        while b"quit" not in heard[-1].lower() and (data := connection.recv(1000)):
                            heard[-1] += data
                            reply = b"221 bye\r\n" if b"quit" in data.lower() else b"250 fine\r\n"
                            connection.sendall(reply if answer else b"")
                            if not answer:
                                break
                    except OSError:
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1], heard
        finally:
            ending.set()
            thread.join()


@pytest.mark.parametrize("offline", [True, False])
def test_offline_makes_no_connection(offline: bool, project: Project) -> None:
    with listening() as (port, heard):
        here = f"http://127.0.0.1:{port}"
        (project.folder / "shepherd.toml").write_text(
            f'[branches.stable]\nrepository = "project.git"\nref = "stable"\n'
            f'deployed = {{ url = "{here}/r" }}\n'
            f'[branches.far]\nrepository = "{here}/p.git"\nref = "stable"\n'
            'deployed = { ref = "production" }\n'
            f'[mail]\nsender = "q@example.org"\nsmtp = "127.0.0.1:{port}"\n'
        )
        found = looked(project, offline=offline)
    told = [each.name for each in found if "--offline" in each.what]
    assert told == (["repository far", "deployed stable", "smtp"] if offline else [])
    assert len(heard) == 0 if offline else len(heard) >= 3


# What is broken is told by its own check


def test_a_ref_that_is_not_there(project: Project) -> None:
    project.repo.git("update-ref", "-d", "refs/heads/production")
    assert unwell(project) == [("fail", "deployed stable")]


def test_a_repository_that_is_not_there(project: Project) -> None:
    project.repo.path.rename(project.folder / "elsewhere")
    assert [name for _, name in unwell(project)] == ["repository stable", "deployed stable"]


def test_a_repository_behind_a_url_is_asked_and_left_alone(project: Project) -> None:
    for ref, level in (("stable", "ok"), ("missing", "fail")):
        (project.folder / "shepherd.toml").write_text(
            f'[branches.stable]\nrepository = "file://{project.repo.path}"\nref = "{ref}"\n'
            'deployed = { ref = "production" }\n'
        )
        found = {each.name: each.level for each in looked(project, offline=False)}
        assert (found["repository stable"], found["deployed stable"]) == (level, "warn")
    assert not (project.state / "mirrors").exists()


def test_what_was_recorded_is_read_from_the_journal(tmp_path: Path, table: Crontab) -> None:
    project = Project(tmp_path / "site", branch="deployed = { recorded = true }\n")
    first, _ = project.land("[bug=1] One", "[bug=2] Two")
    assert "inv deployed" in said(project, "deployed stable")
    with pytest.raises(Exception, match="never been recorded"):
        project.find()
    database = Database(project.settings.database_url)
    with database.begin() as connection:
        entry = Entry("deployed", "", {"revno": 1, "id": first, "recorded": True})
        Journal(connection, "stable").append([entry], run_id="", at=now())
    database.close()
    (finding,) = [each for each in looked(project) if each.name == "deployed stable"]
    assert finding.level == "ok" and finding.what.endswith("runs r1")


def test_a_tracker_that_cannot_be_read(project: Project) -> None:
    (project.folder / "bugs.json").write_text("{")
    assert unwell(project) == [("fail", "tracker")]


def test_a_damaged_database(project: Project) -> None:
    path = project.state / "shepherd.db"
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    path.write_bytes(content)
    assert unwell(project) == [("fail", "database")]


def test_a_database_that_makes_readers_wait(project: Project) -> None:
    with closing(sqlite3.connect(project.state / "shepherd.db")) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    assert unwell(project) == [("warn", "database")]


def test_a_database_in_use_is_read_beside_the_writer(project: Project) -> None:
    with closing(sqlite3.connect(project.state / "shepherd.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE half_done (a)")
        assert unwell(project) == []


@pytest.mark.parametrize(
    ("greeting", "more", "level"),
    [
        (b"220 hello\r\n", "", "ok"),
        (b"220 hello\r\n", "starttls = true\n", "fail"),
        (b"554 go away\r\n", "", "fail"),
        (b"no SMTP at all\r\n", "", "fail"),
    ],
)
def test_the_mail_server_is_greeted_and_nothing_more(
    greeting: bytes, more: str, level: str, project: Project
) -> None:
    with listening(greeting) as (port, heard):
        configure(project, f'[mail]\nsender = "q@example.org"\nsmtp = "127.0.0.1:{port}"\n{more}')
        (finding,) = [each for each in looked(project, offline=False) if each.name == "smtp"]
    assert finding.level == level
    assert not any(word in said for said in heard for word in (b"MAIL", b"mail", b"AUTH"))


def test_no_mail_server(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    configure(project, f'[mail]\nsender = "q@example.org"\nsmtp = "127.0.0.1:{port}"\n')
    assert unwell(project, offline=False) == [("fail", "smtp")]


@pytest.mark.parametrize(
    ("place", "mode", "expected"),
    [
        ("var", 0o777, ("fail", "state_dir")),
        ("var", 0o755, ("warn", "state_dir")),
        ("var", 0o700, ("warn", "state_dir")),
        ("var/run", 0o755, ("warn", "rights")),
        ("var/shepherd.db", 0o644, ("warn", "rights")),
        ("var/report", 0o700, ("fail", "report")),
        ("var/report/index.html", 0o600, ("fail", "report")),
        ("var/report/index.html", 0o666, ("fail", "report")),
        ("shepherd.toml", 0o666, ("fail", "secrets")),
    ],
)
def test_rights(place: str, mode: int, expected: tuple[str, str], project: Project) -> None:
    (project.folder / place).chmod(mode)
    assert unwell(project) == [expected]
    assert code(project) == PARTLY


def test_a_touched_switch_is_no_matter_of_rights(project: Project) -> None:
    (project.state / "maintenance.txt").touch(0o644)
    assert unwell(project) == [("warn", "maintenance")]


def test_a_folder_that_hides_the_report(project: Project) -> None:
    project.write_settings()
    project.folder.chmod(0o700)
    assert str(project.folder) in said(project, "report") or "hides it" in said(project, "report")


def test_a_secret_that_others_can_read(project: Project) -> None:
    (project.folder / "secret").write_text("s\n")
    (project.folder / "secret").chmod(0o644)
    configure(project, '[mail]\nsender = "q@example.org"\nlogin = "q"\npassword_file = "secret"\n')
    assert unwell(project) == [("fail", "secrets")]
    (project.folder / "secret").chmod(0o600)
    assert unwell(project) == []


@pytest.mark.parametrize(
    ("total", "free", "level"),
    [
        (10**12, 10**11, "ok"),
        (10**12, 4 * 10**10, "warn"),
        (10**9, 199_000_000, "warn"),
        (10**9, 201_000_000, "ok"),
    ],
)
def test_the_disk(
    total: int, free: int, level: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = SimpleNamespace(total=total, free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: usage)
    assert [each.level for each in looked(project) if each.name == "disk"] == [level]


# The clock, cron, stages


def test_a_log_from_the_future(project: Project) -> None:
    log_of(project.settings).write(line(now() + timedelta(hours=2), event="END"))
    assert unwell(project) == [("warn", "clock")]
    assert "the log is 1 hour ahead" in said(project, "clock")


def test_a_landing_from_the_future(project: Project) -> None:
    project.repo.commit("[bug=3] Tomorrow", date=int((now() + timedelta(days=3)).timestamp()))
    assert "the newest landing of stable is 2 days ahead" in said(project, "clock")


def test_a_journal_from_the_future(project: Project) -> None:
    before = datetime(2011, 7, 1, tzinfo=UTC)
    assert "the journal is 31 days ahead" in said(project, "clock", at=before)


def test_no_block_in_the_crontab(project: Project, table: Crontab) -> None:
    table.content = b"0 0 * * * a\n"
    assert unwell(project) == []
    later = now() + timedelta(hours=1)
    assert ("warn", "cron") in unwell(project, at=later)
    assert "inv cron.install" in said(project, "cron", at=later)


def test_a_block_that_is_not_what_it_should_be(project: Project, table: Crontab) -> None:
    table.content = (table.content or b"").replace(b"*/5", b"*/6")
    assert unwell(project) == [("warn", "cron")]


def test_a_damaged_crontab(project: Project, table: Crontab) -> None:
    table.content = (table.content or b"").replace(b"# END", b"# ")
    assert unwell(project) == [("fail", "cron")]


def test_cron_that_comes_too_seldom(project: Project) -> None:
    configure(project, '[cron]\nevery = "30m"\n')
    install(project.settings, "tester")
    assert unwell(project) == [("warn", "cron")]
    assert "expected_every" in said(project, "cron")


def test_no_cron_daemon_is_told_when_runs_are_late(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "DAEMONS", ("no such program",))
    assert unwell(project) == []
    assert "no cron daemon" in said(project, "cron", at=now() + timedelta(hours=1))


def test_a_stage_is_late_after_three_times_the_expected(project: Project) -> None:
    for minutes, late in ((44, []), (46, ["stage find", "stage judge", "stage report"])):
        found = unwell(project, at=now() + timedelta(minutes=minutes))
        assert [name for _, name in found if name.startswith("stage")] == late


def test_a_stage_that_fails(project: Project) -> None:
    note_run(project.settings, "judge", "the tracker is on fire")
    assert unwell(project) == [("warn", "stage judge")]
    assert "on fire" in said(project, "stage judge")


# Runs and the switch


def test_a_run_that_crashed(project: Project) -> None:
    gone = records.own("judge", now())
    records.publish(project.state, type(gone)(**{**as_dict(gone), "started": gone.started - 100}))
    assert unwell(project) == [("warn", "records")]


def test_a_run_that_goes_on_and_one_that_hangs(project: Project) -> None:
    record = records.own("judge", now())
    records.publish(project.state, record)
    assert unwell(project) == []
    records.publish(project.state, type(record)(**{**as_dict(record), "began": record.began - 4000}))
    assert unwell(project) == [("fail", "records")]


def as_dict(record: records.Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


def test_a_record_that_says_nothing(project: Project) -> None:
    records.path_of(project.state).write_text("{")
    assert unwell(project) == [("warn", "records")]


def test_a_switch_that_is_overdue(project: Project) -> None:
    switch = project.state / "maintenance.txt"
    switch.touch()
    assert unwell(project) == [("warn", "maintenance")]
    old = (now() - timedelta(hours=5)).timestamp()
    os.utime(switch, (old, old))
    assert unwell(project) == [("fail", "maintenance")]


# The host


def test_the_dependencies_looked_for_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = tuple(
        each.partition(">")[0].partition("[")[0].strip().lower() for each in project["dependencies"]
    )
    assert sorted(names) == sorted(host.NEEDED)


def test_a_dependency_that_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "NEEDED", ("no_such_package",))
    (finding,) = host.dependencies()
    assert finding.level == "fail" and "no_such_package" in finding.what


@pytest.mark.parametrize(
    ("version", "level"),
    [("2.29.9", "fail"), ("2.30.0", "warn"), ("2.39.5 (Apple)", "warn"), ("mystery", "fail")],
)
def test_the_version_of_git(
    version: str, level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\necho 'git version {version}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(host, "PATH", "/nowhere")
    assert [each.level for each in host.git()] == [level]


def test_no_git_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (finding,) = host.git()
    assert finding.level == "fail" and "install git" in finding.remedy


# How it reads


def told(project: Project, *, json: bool = False) -> tuple[int, list[str]]:
    lines: list[str] = []
    path = project.folder / "shepherd.toml"
    return doctor.doctor(lambda: read(path), now(), offline=True, json=json, say=lines.append), lines


def test_lines_fit_a_terminal_and_begin_with_the_level(project: Project) -> None:
    note_run(project.settings, "judge", "long words of fire \x1b[31m " * 20)
    _, lines = told(project)
    assert all(each[:6] in ("ok    ", "warn  ", "fail  ") for each in lines)
    assert all(width(row) <= 80 and "\x1b" not in row for each in lines for row in each.split("\n"))


def test_json_says_the_same(project: Project) -> None:
    (project.folder / "bugs.json").write_text("{")
    code, (text,) = told(project, json=True)
    document = json.loads(text)
    assert document["exit"] == code == PARTLY
    assert [(each["level"], each["name"]) for each in document["checks"]] == [
        (each.level, each.name) for each in looked(project)
    ]
