"""Two hosts, one database: what one wrote or said, the other shows (docs/running.md#two-hosts)."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest

from shepherd.run import no_telling
from shepherd.running import hosts, told
from shepherd.running.refusals import BusyError, attend, is_first
from shepherd.settings import Settings
from shepherd.situation import Hang
from shepherd.store.postgresql import SAYING, Session
from tests.inv import ROOT
from tests.postgres import PostgresServer, running_server
from tests.running.smtp import Server, serving
from tests.running.two_hosts import TwoHosts


@pytest.fixture
def two(tmp_path: Path, postgres: PostgresServer) -> TwoHosts:
    return TwoHosts(tmp_path, postgres.new_database())


def test_an_answer_of_one_host_is_shown_and_rendered_by_the_other(two: TwoHosts) -> None:
    two.inv("qa1", "run")
    assert two.sha("qa2") == two.second
    assert "r3" in two.inv("qa2", "explain", "r3").out
    two.inv("qa2", "report")
    assert "deploy r2" in two.page("qa2")
    assert two.page("qa2", "stable.sha").strip() == two.second


def test_the_host_that_worked_later_is_right_whatever_its_clock_says(two: TwoHosts) -> None:
    two.inv("qa1", "run")
    before = (two.snapshots("qa1") / "latest.json").stat().st_mtime
    two.project.tag(3, "qa-ok")
    two.inv("qa2", "run")
    # as if the clock of qa2 were behind
    os.utime(two.snapshots("qa2") / "latest.json", (before - 9999, before - 9999))
    assert two.sha("qa1") == two.third
    two.project.tag(3)
    two.inv("qa1", "run")
    assert two.sha("qa2") == two.second


def test_what_a_killed_run_could_not_send_is_sent_by_the_next(two: TwoHosts) -> None:
    two.inv("qa1", "run")
    two.project.tag(3, "qa-ok")
    with patch.object(told, "tell"):
        two.inv("qa1", "judge")
    assert two.sha("qa2") == two.second
    two.inv("qa1", "report")
    assert two.sha("qa2") == two.third


def test_what_a_killed_run_could_not_send_does_not_replace_what_another_host_wrote_since(
    two: TwoHosts,
) -> None:
    two.inv("qa1", "run")
    two.project.tag(3, "qa-ok")
    with patch.object(told, "tell"):
        two.inv("qa1", "judge")
    two.project.tag(3)
    two.project.tag(2)
    two.inv("qa2", "run")
    assert two.sha("qa1") == two.sha("qa2") == "exit 8"
    two.inv("qa1", "report")
    kept = [{path.name for path in two.snapshots(host).glob("2*.json*")} for host in ("qa1", "qa2")]
    two.inv("qa2", "report")
    assert kept[0] == {path.name for path in two.snapshots("qa2").glob("2*.json*")} > kept[1]


def test_a_branch_that_one_host_could_not_read_is_no_data_on_the_other(two: TwoHosts) -> None:
    two.inv("qa1", "run")
    two.project.repo.path.rename(two.folder / "away.git")
    assert two.inv("qa2", "run").code != 0
    assert two.sha("qa1") == "exit 5"
    (two.folder / "away.git").rename(two.project.repo.path)
    two.inv("qa2", "run")
    assert two.sha("qa1") == two.second


def test_stages_that_ran_on_one_host_are_not_overdue_on_the_other(two: TwoHosts) -> None:
    two.inv("qa1", "run", "--cron")
    shown = two.inv("qa2", "status").out
    assert "cron last called it at" in shown
    assert "was due" not in shown


def test_a_freeze_on_one_host_is_known_on_the_other_at_once(two: TwoHosts) -> None:
    two.inv("qa1", "run")
    assert two.sha("qa2") == two.second
    two.inv("qa1", "freeze.on", "--reason", "a fair")
    assert two.sha("qa2") == "exit 8"
    assert "by ann: a fair" in two.inv("qa2", "freeze.status").out
    two.inv("qa2", "freeze.off")
    assert two.sha("qa1") == two.second


def test_a_copy_of_freezes_that_was_changed_by_hand_is_made_again(two: TwoHosts) -> None:
    two.inv("qa1", "run")
    two.inv("qa1", "freeze.on", "--reason", "a fair")
    (two.snapshots("qa1") / "freezes").write_text("[]")
    assert two.sha("qa1") == "exit 8"


@contextmanager
def unreachable(server: PostgresServer) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    with running_server() as server:
        yield server


@pytest.mark.real
def test_a_server_that_cannot_be_reached_makes_no_data(tmp_path: Path, own_server: PostgresServer) -> None:
    two = TwoHosts(tmp_path, own_server.new_database())
    two.inv("qa1", "run")
    with unreachable(own_server):
        done = two.inv("qa1", "status", "--sha")
        assert (done.code, done.out) == (5, "")
        assert "asking the other hosts failed" in done.err
        assert two.inv("qa1", "status").code == two.inv("qa1", "explain", "r2").code == 5
        assert two.inv("qa1", "landings").code == two.inv("qa1", "freeze.status").code == 5
        assert two.inv("qa1", "maintenance.status").code == 5
        done = two.inv("qa1", "run")
        assert (done.code, len(done.err.splitlines())) == (1, 1)
        assert two.page("qa1", "stable.sha") == ""
        assert "asking the other hosts failed" in two.page("qa1")
        done = two.inv("qa1", "maintenance.on", "--reason", "new disk")
        assert (done.code, "on this host alone" in done.err) == (7, True)
    assert "on this host" not in two.inv("qa1", "maintenance.status").out
    assert two.inv("qa2", "run").code == 3
    two.inv("qa2", "maintenance.off")
    assert two.sha("qa1") == two.second


def test_a_server_that_does_not_answer_is_waited_for_once(two: TwoHosts) -> None:
    two.inv("qa1", "run")
    with socket.create_server(("127.0.0.1", 0)) as mute, patch.object(told, "CONNECT_SECONDS", 2):
        file = two.folder / "qa1" / "shepherd.toml"
        file.write_text(re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{mute.getsockname()[1]}", file.read_text()))
        done = two.inv("qa1", "status")
        assert (done.code, "deploy r2" in done.out) == (5, True)
        mute.setblocking(False)
        mute.accept()[0].close()
        with pytest.raises(BlockingIOError):
            mute.accept()


def test_who_may_not_reach_the_database_is_told_so(two: TwoHosts) -> None:
    two.inv("qa1", "run")
    two.write_settings("qa1", 'database_password_file = "secret"\n')
    assert two.sha("qa1") == "exit 5"
    (two.folder / "qa1" / "secret").write_text("x")
    (two.folder / "qa1" / "secret").chmod(0o600)
    assert two.sha("qa1") == two.second


def test_who_may_not_see_what_hosts_tell_each_other_is_told_so(two: TwoHosts) -> None:
    two.inv("qa1", "run")
    with closing(Session(two.url, "", "test")) as session:
        session.ask("ALTER TABLE shared RENAME TO hidden")
        done = two.inv("qa1", "status", "--sha")
        assert (done.code, "not for this user to see" in done.err) == (5, True)
        session.ask("ALTER TABLE hidden RENAME TO shared")
    assert two.sha("qa1") == two.second


def test_before_the_first_run_nobody_has_said_anything(two: TwoHosts) -> None:
    done = two.inv("qa1", "status")
    assert (done.code, "no answer yet: inv run" in done.err) == (5, True)
    assert two.inv("qa1", "maintenance.status").code == 0


def test_who_may_not_write_the_files_reads_what_the_server_has(two: TwoHosts) -> None:
    two.inv("qa1", "run")
    two.inv("qa2", "report")
    two.project.tag(3, "qa-ok")
    two.inv("qa1", "run")
    two.inv("qa1", "maintenance.on", "--reason", "new disk")
    before = {path: path.stat().st_mtime_ns for path in two.state("qa2").rglob("*")}
    with patch.object(os, "geteuid", lambda: 12345):
        done = two.inv("qa2", "status")
        assert "deploy r3" in done.out
        assert "by ann on qa1: new disk" in done.out.replace("\n  ", " ")
    assert {path: path.stat().st_mtime_ns for path in two.state("qa2").rglob("*")} == before


def test_a_reader_that_asks_the_server_does_not_wait_for_sqlalchemy(two: TwoHosts) -> None:
    two.inv("qa1", "run")
    code = (
        "import sys; from invoke.main import program; program.run(['inv', 'status', '--sha'], exit=False); "
        "print(*sorted({'psycopg', 'sqlalchemy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"SHEPHERD_CONFIG": str(two.folder / "qa1" / "shepherd.toml")},
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == [two.second, "psycopg"], done.stderr


def test_pages_follow_while_another_host_is_at_work(two: TwoHosts) -> None:
    two.inv("qa1", "run")
    two.inv("qa2", "report")
    two.project.tag(3, "qa-ok")
    two.inv("qa1", "run")
    assert "deploy r2" in two.page("qa2")
    with at_work(two.settings("qa1")):
        assert two.inv("qa2", "run").code == 4
    assert "deploy r3" in two.page("qa2")


@contextmanager
def at_work(settings: Settings) -> Iterator[None]:
    """A process on that host holds the lock."""
    with hosts.work(settings):
        yield


def test_what_is_said_once_is_said_by_one_host(two: TwoHosts) -> None:
    two.inv("qa1", "run")
    two.inv("qa2", "report")
    one, other = two.settings("qa1"), two.settings("qa2")
    assert is_first(one, "overdue", "today")
    assert not is_first(other, "overdue", "today")
    assert is_first(other, "overdue", "tomorrow")
    assert not is_first(one, "overdue", "tomorrow")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def test_one_mail_goes_about_one_hang(tmp_path: Path, postgres: PostgresServer, server: Server) -> None:
    who = f"sender = 'qa@example.org', smtp = '{server.place}', operators = ['ops@example.org']"
    two = TwoHosts(tmp_path, postgres.new_database(), f"mail = {{ {who} }}\n")
    two.inv("qa1", "run")
    two.inv("qa2", "report")
    hang = Hang("find", 4711, datetime(2011, 8, 24, tzinfo=UTC), "qa1")
    one, other = two.settings("qa1"), two.settings("qa2")
    with closing(Session(two.url, "", "test")) as session:
        # another host is just about to send it
        session.take(SAYING)
        attend(one, BusyError("suspected hang", hang), no_telling)
        assert server.messages == []
        session.free(SAYING)
    for settings in (one, other, one):
        attend(settings, BusyError("suspected hang", hang), no_telling)
    assert len(server.mails_to("ops@example.org")) == 1
    attend(other, BusyError("suspected hang", Hang("find", 4712)), no_telling)
    assert len(server.mails_to("ops@example.org")) == 2


def test_other_settings_of_another_host_are_said_loudly(two: TwoHosts) -> None:
    two.inv("qa1", "run")
    two.inv("qa2", "run")
    assert "hosts: qa1, last at work" in two.inv("qa2", "doctor", "--only", "hosts").out
    two.write_settings("qa2", 'freeze = [{ days = "Sat - Sun", reason = "weekend" }]\n')
    done = two.inv("qa2", "doctor", "--only", "hosts")
    assert (done.code, "other settings than this host in freeze" in done.out.replace("\n      ", " ")) == (
        7,
        True,
    )
    assert "qa1, which uses the same database, has other settings" in two.inv("qa2", "run").err
    assert "other settings" not in two.inv("qa2", "run").err
    log = (two.state("qa2") / "log" / "shepherd.log").read_text()
    assert log.count("event=hosts") == 1


@pytest.mark.parametrize("word", [b"{not json", b"\xff"])
def test_a_host_whose_word_cannot_be_read_stops_nobody(two: TwoHosts, word: bytes) -> None:
    two.inv("qa1", "run")
    with closing(Session(two.url, "", "test")) as session:
        session.tell("host/qa1", word)
    assert two.inv("qa2", "run").code == 0
    assert two.inv("qa2", "doctor", "--only", "hosts").code == 0


def test_a_first_run_names_the_database_of_the_server(two: TwoHosts) -> None:
    said = two.inv("qa1", "run").err
    assert f"first, database {two.url} has lost its contents" in said
    assert "shepherd.db" not in said


def test_explain_says_that_the_other_hosts_could_not_be_asked(two: TwoHosts) -> None:
    two.inv("qa1", "run")
    assert two.inv("qa1", "explain", "r3").err == ""
    with closing(Session(two.url, "", "test")) as session:
        session.ask("ALTER TABLE shared RENAME TO hidden")
    done = two.inv("qa1", "explain", "r3")
    assert (done.code, "asking the other hosts failed" in done.err, "r3" in done.out) == (5, True, True)


def test_what_may_differ_between_hosts_is_no_difference(two: TwoHosts) -> None:
    two.inv("qa1", "run")
    text = (two.folder / "qa2" / "shepherd.toml").read_text()
    (two.folder / "qa2" / "shepherd.toml").write_text(text.replace('"project.git"', '"./project.git"'))
    assert "other settings" not in two.inv("qa2", "doctor", "--only", "hosts").out


def test_with_sqlite_there_are_no_other_hosts(tmp_path: Path, two: TwoHosts) -> None:
    (two.folder / "qa1" / "shepherd.toml").write_text(
        (two.folder / "qa1" / "shepherd.toml").read_text().replace(f'database = "{two.url}"', "")
    )
    with patch.object(socket.socket, "connect", side_effect=AssertionError):
        two.inv("qa1", "run")
        assert two.sha("qa1") == two.second
    assert not (two.state("qa1") / "run" / "told.json").exists()
    assert "hosts" not in two.inv("qa1", "doctor", "--offline").out
