"""What holds around a freeze: the copy for readers, promotions at work, pages begun before, kills
(docs/running.md#freeze)."""

from __future__ import annotations

import json
import stat
import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shepherd.running import gate
from shepherd.running.pages import write_current
from shepherd.settings import Settings
from shepherd.situation import Situation
from shepherd.stages import freezes, report
from shepherd.stages.freezes import freeze_lock
from shepherd.store import Database, JournalEntry
from tests.project import Project
from tests.promoting import entries, ready
from tests.running.freezing import frozen_by, said, with_answer
from tests.running.host import Host


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return with_answer(tmp_path)


def test_who_may_read_the_answer_knows_of_it_without_the_database(project: Project) -> None:
    said(project, "freeze.on", "--reason", "new disks")
    copy = project.state / "snapshots" / "stable" / "freezes"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o644
    assert stat.S_IMODE(copy.parent.stat().st_mode) & 0o055 == 0o055
    (project.state / "shepherd.db").rename(project.folder / "away")
    assert said(project, "status", "--sha").code == 8
    assert frozen_by(project) == ["ann"]


def test_a_copy_that_is_damaged_is_no_data_until_the_next_judgement(project: Project) -> None:
    said(project, "freeze.on", "--reason", "new disks")
    copy = project.state / "snapshots" / "stable" / "freezes"
    copy.write_text("[")
    status = said(project, "freeze.status")
    assert status.code == 5
    assert "whether a person froze it cannot be read" in status.out
    assert json.loads(said(project, "freeze.status", "--json").out)[0]["frozen"] is None
    assert said(project, "status", "--sha").code == 5
    project.now = datetime.now(UTC)
    project.judge()
    assert frozen_by(project) == ["ann"]
    assert said(project, "status", "--sha").code == 8


def test_what_readers_cannot_be_told_is_recorded_and_said(project: Project) -> None:
    copy = project.state / "snapshots" / "stable" / "freezes"
    copy.mkdir()
    done = said(project, "freeze.on", "--reason", "new disks")
    assert done.code == 7
    assert "this is recorded, and promotions go by it, but page and status cannot know of it yet" in done.err
    assert [each.why for each in entries(project, "freeze")] == ["new disks"]
    assert said(project, "freeze.off", "--dry-run").code == 5


def test_a_branch_that_cannot_be_frozen_leaves_none_of_the_others_open(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    text = (tmp_path / "shepherd.toml").read_text()
    more = '[branches.devel]\nrepository = "project.git"\nref = "devel"\ndeployed = { ref = "production" }\n'
    (tmp_path / "shepherd.toml").write_text(f"{more}{text}")
    copy = project.state / "snapshots" / "devel" / "freezes"
    copy.mkdir(parents=True)
    done = said(project, "freeze.on", "--reason", "new disks")
    assert done.code == 7
    assert "devel: this is recorded" in done.err
    assert frozen_by(project) == ["ann"], "stable"
    done = said(project, "freeze.off")
    assert done.code == 7
    assert frozen_by(project) == []


@pytest.mark.parametrize("command", [("freeze.on", "--reason", "a fair"), ("freeze.off",)])
def test_a_kill_never_leaves_readers_with_less_than_the_journal_says(
    project: Project, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    if command[0] == "freeze.off":
        said(project, "freeze.on", "--reason", "new disks")
    make, at = freezes.make_copy, datetime.now(UTC)

    def killed(*args: Any) -> None:
        if command[0] == "freeze.on":
            make(*args)
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(freezes, "make_copy", killed)
        with pytest.raises(MemoryError):
            said(project, *command)
    with Database.of(project.settings) as database, database.branch("stable") as store:
        holds = {word.id for word in freezes.in_effect(freezes.words_in(store.journal), at)}
    assert {word.id for word in freezes.copied_words(project.settings, "stable")} > holds
    project.judge()
    assert frozen_by(project) == [], "neither is in the journal"


def test_what_is_over_leaves_the_copy(project: Project) -> None:
    said(project, "freeze.on", "--reason", "a fair", "--until", "2h")
    project.now = datetime.now(UTC) + timedelta(hours=3)
    project.judge()
    assert freezes.copied_words(project.settings, "stable") == ()
    project.now = datetime.now(UTC)
    project.judge()
    assert frozen_by(project) == ["ann"], "the clock was wrong"


def test_a_promotion_that_was_killed_and_that_nobody_looked_for_is_said(project: Project) -> None:
    with Database.of(project.settings) as database:
        data = {"act": "promote", "ref": "released", "from": "a", "from_revno": 1, "to": "b", "to_revno": 3}
        database.append("stable", [JournalEntry("meant", "b", data)], project.run("promote"))
    done = said(project, "freeze.on", "--reason", "new disks")
    assert done.code == 7
    assert "the promotion of r3" in done.err
    assert "it may still move: inv find looks" in done.err
    assert frozen_by(project) == ["ann"]


@pytest.mark.parametrize("how", ["removed", "of another journal", "closed"])
def test_a_copy_that_is_not_the_journal_s_is_made_again(project: Project, how: str) -> None:
    said(project, "freeze.on", "--reason", "new disks")
    copy = project.state / "snapshots" / "stable" / "freezes"
    if how == "removed":
        copy.unlink()
    elif how == "closed":
        copy.chmod(0o600)
    else:
        copy.write_bytes(b"[]")
    assert frozen_by(project) == (["ann"] if how == "closed" else [])
    project.judge()
    assert frozen_by(project) == ["ann"]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o644


def test_in_maintenance_nobody_s_word_is_taken(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.inv("maintenance.on", "--reason", "new database")
    code, _, err = host.inv("freeze.on", "--reason", "a fair")
    assert code == 3
    assert "in maintenance" in err
    assert host.inv("freeze.status")[0] == 0
    (refused,) = host.events("refused")
    assert refused["stage"] == "freeze.on"


def test_who_waits_for_the_quiet_waits_for_a_freeze_that_is_being_written(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.inv("run")
    with freeze_lock(host.project.settings):
        code, _, err = host.inv("maintenance.on", "--reason", "new database", "--wait", "1s")
    assert code == 6
    assert "somebody still writes a freeze; the switch stays on" in err
    assert host.inv("maintenance.on", "--reason", "new database", "--wait", "1s")[0] == 0


def test_it_waits_for_no_run_and_the_page_says_it_at_once(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.inv("run")
    assert "deployments are frozen" not in host.page()
    run = host.working("run", seconds=60)
    try:
        assert host.inv("freeze.on", "--reason", "new disks")[0] == 0
        assert run.poll() is None, "the run is still at work"
        assert "deployments are frozen" in host.page()
        assert (host.state / "report" / "stable.sha").read_text() == ""
    finally:
        run.kill()
        run.communicate()


def test_pages_that_were_begun_before_do_not_bring_the_sha_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host(tmp_path)
    host.inv("run")
    assert (host.state / "report" / "stable.sha").read_text()
    written, begun = report.write_report, []

    def frozen_meanwhile(settings: Settings, present: Situation, *, trends_as_kept: bool) -> list[Path]:
        begun.append(present)
        if len(begun) == 1:
            assert host.inv("freeze.on", "--reason", "new disks")[0] == 0
        return written(settings, present, trends_as_kept=trends_as_kept)

    monkeypatch.setattr(report, "write_report", frozen_meanwhile)
    write_current(host.project.settings)
    assert len(begun) == 3, "itself, freeze.on, itself once more"
    assert (host.state / "report" / "stable.sha").read_text() == ""


def test_a_refused_run_that_publishes_is_waited_for(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.inv("run")
    assert (host.state / "report" / "stable.sha").read_text()
    with ExitStack() as held:
        held.enter_context(gate.page(host.state))
        timer = threading.Timer(0.5, held.close)
        timer.start()
        assert host.inv("freeze.on", "--reason", "new disks")[0] == 0
        timer.join()
    assert (host.state / "report" / "stable.sha").read_text() == ""


def test_a_promotion_that_is_at_work_is_waited_for_and_then_told(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freezes, "PATIENCE", 0.2)
    with freeze_lock(project.settings):
        done = said(project, "freeze.on", "--reason", "new disks")
    assert done.code == 7
    assert "THIS IS RECORDED, BUT A PROMOTION WAS AT WORK" in done.err
    assert frozen_by(project) == ["ann"]


def test_what_was_promoted_right_before_is_said(project: Project) -> None:
    project.now = datetime.now(UTC)
    assert said(project, "promote", who="bob").code == 0
    done = said(project, "freeze.on", "--reason", "new disks")
    assert "r3 was promoted just before, at " in done.out
    assert "by bob" in done.out
