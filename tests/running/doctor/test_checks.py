"""What is broken is told by its own check, and by no other."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from shepherd.act import EVERYWHERE
from shepherd.errors import PARTLY
from shepherd.health import troubles
from shepherd.running import calls, records
from shepherd.running.cron import install
from shepherd.running.doctor import log, schedule
from shepherd.running.doctor.checking import CheckContext
from shepherd.running.log import line, now
from shepherd.running.runner import log_of
from shepherd.running.situation import note_run, situation
from shepherd.settings import read
from shepherd.store import Database, Journal, JournalEntry
from shepherd.values import iso
from tests.gitrepo import ISOLATED
from tests.project import Project
from tests.running.crontab import Crontab
from tests.running.doctor.looking import at_work, code, configure, listening, looked, said, unwell
from tests.trackers.faulty import at_work as serve
from tests.trackers.forge_kit import Kit
from tests.trackers.github_server import GitHub
from tests.trackers.gitlab_server import GitLab
from tests.trackers.launchpad_server import Server, credentials, serving


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


def test_notes_that_are_not_there(project: Project) -> None:
    project.write_settings('verdict_notes = "refs/notes/qa"\n')
    configure(project, '[report]\npublish = ["host:/srv/www"]\n')
    assert f"git -C {project.repo.path} fetch origin refs/notes/qa:refs/notes/qa" in said(
        project, "notes stable"
    )
    project.repo.note(project.repo.tip(), "QA: ok")
    assert "notes stable" in [each.name for each in looked(project) if each.level == "ok"]
    assert "notes stable" not in [name for _, name in unwell(project)]


def test_notes_of_a_repository_that_is_not_there_or_not_fetched_yet(project: Project) -> None:
    project.write_settings('verdict_notes = "refs/notes/qa"\n')
    project.repo.path.rename(project.folder / "elsewhere")
    assert "notes stable" not in [name for _, name in unwell(project)]
    (project.folder / "shepherd.toml").write_text(
        f'[branches.stable]\nrepository = "file://{project.folder}/elsewhere"\nref = "stable"\n'
        'deployed = { ref = "production" }\nverdict_notes = "refs/notes/qa"\n'
    )
    assert "inv find fetches it" in said(project, "notes stable")
    project.find()
    assert "git push origin refs/notes/qa" in said(project, "notes stable")


def test_a_partial_clone_that_lacks_something(project: Project) -> None:
    origin = project.repo.path.rename(project.folder / "origin.git")
    git = partial(subprocess.run, env=os.environ | ISOLATED, check=True)
    git(["git", "-C", origin, "config", "uploadpack.allowFilter", "true"])
    place = str(project.repo.path)
    git(["git", "clone", "-q", "--mirror", "--filter=blob:none", f"file://{origin}", place])
    assert unwell(project) == [("warn", "repository stable")]
    assert "is a partial clone and lacks" in said(project, "repository stable")
    assert "git fetch --refetch --no-filter" in said(project, "repository stable")
    git(["git", "-C", place, "fetch", "-q", "--refetch", "--no-filter"])
    assert unwell(project) == []


def test_what_was_recorded_is_read_from_the_journal(tmp_path: Path, table: Crontab) -> None:
    project = Project(tmp_path / "site", branch="deployed = { recorded = true }\n")
    first, _ = project.land("[bug=1] One", "[bug=2] Two")
    assert "inv deployed" in said(project, "deployed stable")
    with pytest.raises(Exception, match="never been recorded"):
        project.find()
    database = Database.of(project.settings)
    with database.begin() as connection:
        entry = JournalEntry("deployed", "", {"revno": 1, "id": first, "recorded": True})
        Journal(connection, "stable").append([entry], run_id="", at=now())
    database.close()
    (finding,) = [each for each in looked(project) if each.name == "deployed stable"]
    assert finding.level == "ok" and finding.what.endswith("runs r1")


def test_the_newest_release_is_what_production_runs(tmp_path: Path, table: Crontab) -> None:
    project = Project(tmp_path / "site", branch='deployed = { tags = "v*" }\n')
    first, _ = project.land("[bug=1] One", "[bug=2] Two")
    assert "no tag of" in said(project, "deployed stable")
    assert "tag a release, or change the pattern" in said(project, "deployed stable")
    project.repo.tag("v1.0", first)
    (finding,) = [each for each in looked(project) if each.name == "deployed stable"]
    assert (finding.level, finding.what) == ("ok", "production (tags v*) runs r1")


def test_a_tracker_that_cannot_be_read(project: Project) -> None:
    (project.folder / "bugs.json").write_text("{")
    assert unwell(project) == [("fail", "tracker")]


@pytest.fixture
def lp() -> Iterator[Server]:
    with serving() as server:
        yield server


def test_launchpad(project: Project, lp: Server, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(credentials())
    token.chmod(0o600)
    for who, what in (("", "anonymously"), (f'credentials_file = "{token}"\n', "as ~shepherd")):
        project.write_settings(
            tracker=f'type = "launchpad"\nproject = "launchpad"\nservice_root = "{lp.root}"\n{who}'
        )
        (finding,) = [each for each in looked(project, offline=False) if each.name == "tracker"]
        assert finding.level == "ok"
        assert finding.what == f"launchpad launchpad at {lp.root[7:-1]}, {what} can be read"
        assert not (project.state / "cache").exists()
    assert not lp.count("ws.size=300")
    asked = lp.count()
    assert ("ok", "launchpad: not asked (--offline)") in [(f.level, f.what) for f in looked(project)]
    assert lp.count() == asked
    lp.fail(401, times=99)
    assert ("fail", "tracker") in unwell(project, offline=False)


def test_words_and_statuses_that_launchpad_does_not_have(
    project: Project, lp: Server, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text(credentials())
    token.chmod(0o600)
    given = f'type = "launchpad"\nproject = "launchpad"\nservice_root = "{lp.root}"\n'
    wrong = (
        'status = { landed = "Fixed", rolled_back = "In Progress" }\n'
        'words = { ok = ["verified", "QA Verified", "OK.1"] }\n'
    )
    project.write_settings(tracker=f'{given}credentials_file = "{token}"\n{wrong}')
    found = [each for each in looked(project, offline=False) if each.name == "words"]
    assert [(each.level, each.what) for each in found] == [
        ("warn", "tracker.words.ok names 'QA Verified', which cannot be a tag on Launchpad"),
        ("fail", "tracker.status names 'Fixed', and Launchpad has no such status"),
    ]
    assert "'Fix Committed', " in found[1].remedy
    # who only reads sets no status, and writes no tag
    project.write_settings(tracker=given + wrong.replace('"verified"', '"QA Pass"'))
    assert [(each.level, each.what) for each in looked(project, offline=False) if each.name == "words"] == [
        ("warn", f"tracker.words.ok names {text!r}, which cannot be a tag on Launchpad")
        for text in ("QA Pass", "QA Verified")
    ]


@pytest.mark.real
@pytest.mark.parametrize("kind", [GitHub, GitLab])
def test_words_that_no_label_of_the_forge_matches(
    project: Project, tmp_path: Path, kind: type[GitHub | GitLab]
) -> None:
    with serve(kind()) as forge:
        kit = Kit(forge, tmp_path)
        forge.labels.update(dict.fromkeys((":white_check_mark: QA passed", "qa-bad"), ("123456", "")))
        words = '[tracker.words]\nok = ["✅ qa passed", "QA Pased"]\nbad = ["broken"]\n'
        project.write_settings(tracker=kit.lines(words))
        found = [each for each in looked(project, offline=False) if each.name == "words"]
        assert [(each.level, each.what) for each in found] == [
            ("warn", f"tracker.words.{word} names {text!r}, and no label of {forge.project} is called that")
            for word, text in (("ok", "QA Pased"), ("bad", "broken"))
        ]
        forge.labels.update(dict.fromkeys(("qa pased", "Broken"), ("123456", "")))
        told = f"each text of tracker.words is a label of {forge.project}"
        assert [
            (each.level, each.what) for each in looked(project, offline=False) if each.name == "words"
        ] == [("ok", told)]
        forge.fail(403, on="labels", times=9)
        assert ("warn", "words") in unwell(project, offline=False)
        asked = forge.count()
        assert "words" not in [each.name for each in looked(project)]
        project.write_settings(tracker=kit.lines())
        looked(project)
        assert forge.count() == asked


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
    project.folder.chmod(0o700)
    assert str(project.folder) in said(project, "report") or "hides it" in said(project, "report")


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
    every = [f"stage {name}" for name in ("find", "tag", "judge", "report", "publish", "archive")]
    for minutes, late in ((44, []), (46, every)):
        found = unwell(project, at=now() + timedelta(minutes=minutes))
        assert [name for _, name in found if name.startswith("stage")] == late


def test_a_stage_that_fails(project: Project) -> None:
    note_run(project.settings, "judge", "the tracker is on fire")
    assert unwell(project) == [("warn", "stage judge")]
    assert "on fire" in said(project, "stage judge")


def test_a_run_that_crashed(project: Project) -> None:
    record = at_work()
    records.publish(project.state, replace(record, started=record.started - 100))
    assert unwell(project) == [("warn", "records")]


def test_a_run_that_goes_on_and_one_that_hangs(project: Project) -> None:
    record = at_work()
    records.publish(project.state, record)
    assert unwell(project) == []
    records.publish(project.state, replace(record, began=record.began - 4000))
    assert unwell(project) == [("fail", "records")]


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


def test_a_clone_that_mirrors_another_repository(project: Project) -> None:
    origin = project.repo.path.rename(project.folder / "origin.git")
    place, url = project.repo.path, f"file://{origin}"
    subprocess.run(["git", "clone", "-q", "--mirror", url, str(place)], env=os.environ | ISOLATED, check=True)
    (fresh,) = [each for each in looked(project) if each.name == "repository stable"]
    assert fresh.level == "ok" and f"mirrors {url}, and was last updated on" in fresh.what
    forgotten = said(project, "repository stable", at=now() + timedelta(days=3))
    assert "UTC: what landed since then is missing" in forgotten
    # as it says, pasted: then the shepherd fetches by itself
    assert f'`repository = "{url}"`' in forgotten
    command = forgotten.partition("or run `")[2].partition("`")[0]
    subprocess.run(command, shell=True, env=os.environ | ISOLATED, check=True, capture_output=True)


def test_a_promotion_into_a_clone_that_mirrors_another_repository(project: Project) -> None:
    project.write_settings('promote = { ref = "production" }\n')
    configure(project, '[report]\npublish = ["host:/srv/www"]\n')
    project.repo.git("config", "remote.origin.fetch", "+refs/*:refs/*")
    project.repo.git("config", "remote.origin.url", "https://git.example.org/shop.git")
    assert "would be overwritten" in said(project, "promoted stable")


def test_an_archive_that_no_run_has_begun_is_no_fault(project: Project) -> None:
    for file in (project.state / "run").rglob("*"):
        if file.is_file() and b'"archive"' in file.read_bytes():
            file.write_bytes(file.read_bytes().replace(b'"archive"', b'"an_older_one"'))
    (finding,) = [each for each in looked(project) if each.name == "stage archive"]
    assert (finding.level, finding.what) == ("ok", "has not run yet: the next inv run does it")
    note_run(project.settings, "archive", "the disk is full")
    assert "has never run well" in said(project, "stage archive")


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


def test_a_run_that_is_overdue_is_warned_of_as_on_the_page(project: Project) -> None:
    long_ago = now() - timedelta(minutes=40)
    calls.note(project.settings, "cron", long_ago, long_ago, 0)
    stages = project.state / "run" / "stages.json"
    stages.write_text(re.sub(r'"last_good":"[^"]*"', f'"last_good":"{iso(long_ago)}"', stages.read_text()))
    found = {each.name: each for each in looked(project)}["system"]
    assert found.level == "warn"
    assert found.what == troubles(situation(project.settings))[0].sentence
    assert found.what.startswith("the newest run is overdue by 3")


def test_a_run_that_crashed_before_its_first_stage(project: Project) -> None:
    calls.note(project.settings, "cron", now())
    found = {each.name: each for each in looked(project)}["system"]
    assert (found.level, "the run of cron crashed" in found.what) == ("warn", True)


def test_the_journal_of_the_mails_is_no_branch_without_a_name(project: Project) -> None:
    with Database.of(project.settings) as database:
        database.append(
            EVERYWHERE, [JournalEntry("done", "2026-03-01 digest ann@example.org")], project.run("remind")
        )
    assert [each.name for each in looked(project) if each.name.startswith("journals")] == ["journals"]


def test_what_the_tagger_could_not_write_is_told_until_it_is_written(project: Project) -> None:
    project.land("[bug=99] Three")
    project.full_run()
    ((level, name, what),) = [
        (each.level, each.name, each.what) for each in looked(project) if each.name.startswith("tagged")
    ]
    assert (level, name) == ("warn", "tagged stable")
    assert re.fullmatch(
        r"not written: .*; bug 99 for r3, since 20.* UTC: it could not be read: bug 99 is not in bugs.json",
        what,
    ), what
    project.tag(2)
    project.tag(99)
    project.full_run()
    assert [each.level for each in looked(project) if each.name.startswith("tagged")] == ["ok"]
