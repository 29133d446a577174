"""What is broken about the host is told by its own check, and by no other: database, mail server, rights,
secrets, disk, clock, log."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import tempfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from shepherd.act import EVERYWHERE
from shepherd.errors import PARTLY
from shepherd.running.doctor import log
from shepherd.running.doctor.checking import CheckContext
from shepherd.running.log import line, now
from shepherd.running.runner import log_of
from shepherd.settings import read
from shepherd.store import Database, JournalEntry
from tests.project import Project
from tests.running.crontab import Crontab
from tests.running.doctor.looking import code, configure, listening, looked, said, unwell


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
    assert unwell(project, offline=False) == [("fail", "smtp"), ("warn", "stage remind")]


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


def test_a_file_of_the_report_that_another_release_left(project: Project) -> None:
    (project.state / "report" / "robots.txt").touch(0o644)
    assert unwell(project) == []
    (project.state / "report" / "stable.verdict.json").touch(0o644)
    assert unwell(project) == [("warn", "report")]
    assert "stable.verdict.json: this release does not write that" in said(project, "report")


def test_a_touched_switch_is_no_matter_of_rights(project: Project) -> None:
    (project.state / "maintenance.txt").touch(0o644)
    assert unwell(project) == [("warn", "maintenance")]


def test_a_folder_that_hides_the_report(project: Project) -> None:
    project.write_settings()
    # pytest's own folder above it hides it, too: the nearest one is named
    assert not said(project, "report").startswith(f"{project.folder} hides it")
    project.folder.chmod(0o700)
    assert said(project, "report").startswith(f"{project.folder} hides it from readers; chmod o+x ")


def test_a_secret_that_others_can_read(project: Project) -> None:
    (project.folder / "secret").write_text("s\n")
    (project.folder / "secret").chmod(0o644)
    configure(project, '[mail]\nsender = "q@example.org"\nlogin = "q"\npassword_file = "secret"\n')
    assert unwell(project) == [("fail", "secrets"), ("warn", "stage remind")]
    (project.folder / "secret").chmod(0o600)
    assert unwell(project) == [("warn", "stage remind")]


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


def test_a_log_from_the_future(project: Project) -> None:
    log_of(project.settings).write(line(now() + timedelta(hours=2), event="END"))
    assert unwell(project) == [("warn", "clock")]
    assert "the log is 1 hour ahead" in said(project, "clock")


def test_a_landing_from_the_future(project: Project) -> None:
    project.repo.commit("[bug=3] Tomorrow", date=int((now() + timedelta(days=3)).timestamp()))
    assert "the newest landing of stable is 2 days ahead" in said(project, "clock")


def test_a_journal_from_the_future(project: Project) -> None:
    before = project.now - timedelta(days=31, hours=1)
    assert "the journal is 31 days ahead" in said(project, "clock", at=before)


def test_a_log_for_syslog_without_a_daemon(project: Project, tmp_path: Path) -> None:
    configure(project, '[log]\nto = "syslog"\n')
    context = CheckContext(read(project.folder / "shepherd.toml"), now())
    [finding] = log.log(context, str(tmp_path / "gone"))
    assert finding.level == "warn"
    assert "no syslog daemon listens" in finding.what
    # the path of a socket has 107 bytes
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(f"{folder}/log")
        assert [each.level for each in log.log(context, f"{folder}/log")] == ["ok"]


def test_a_log_that_cron_would_mail(project: Project, table: Crontab) -> None:
    configure(project, '[log]\nto = "stderr"\n')
    assert "cron mails the log at each run" in said(project, "log")
    table.content = b""
    assert not [each for each in looked(project) if each.name == "log" and each.level != "ok"]


def test_the_clock_is_compared_with_a_log_of_json(project: Project) -> None:
    configure(project, '[log]\nformat = "json"\n')
    later = now() + timedelta(hours=2)
    log_of(read(project.folder / "shepherd.toml")).write(line(later, event="END"))
    assert said(project, "clock").startswith("the log is ")


def test_the_journal_of_the_mails_is_no_branch_without_a_name(project: Project) -> None:
    data = {"act": "mail", "result": "done"}
    with Database.of(project.settings) as database:
        entry = JournalEntry("done", "2026-03-01 digest ann@example.org", data)
        database.append(EVERYWHERE, [entry], project.run("remind"))
    assert [each.name for each in looked(project) if each.name.startswith("journals")] == ["journals"]
