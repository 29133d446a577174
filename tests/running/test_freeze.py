"""`inv freeze.*`: a person's word, who may read it, what it stops, how it ends (docs/running.md#freeze)."""

from __future__ import annotations

import json
import shutil
import stat
import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import SettingsError
from shepherd.running import freeze, freeze_status, gate
from shepherd.running.pages import write_current
from shepherd.running.situation import situation
from shepherd.settings import Settings
from shepherd.situation import Situation
from shepherd.stages import freezes, report
from shepherd.stages.freezes import freeze_lock
from shepherd.store import Database, JournalEntry
from tests.inv import Done, inv_here
from tests.project import Project
from tests.promoting import PROMOTE, entries, ready, released
from tests.running.host import Host

NOW = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
SUMMER_TIME = 'timezone = "Europe/Berlin"'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """r3 is deployable, and the answer says so."""
    made, _ = ready(tmp_path)
    made.now = datetime.now(UTC) - timedelta(minutes=3)
    made.look()
    return made


def said(project: Project, *args: str, who: str = "ann", **environ: str) -> Done:
    return inv_here(project.folder, *args, SHEPHERD_WHO=who, **environ)


def frozen_by(project: Project) -> list[str]:
    """Who froze it, as everybody who asks is told."""
    return [each.who for each in situation(project.settings).freezes.get("stable", ())]


def test_a_word_is_recorded_with_who_why_and_until(project: Project) -> None:
    done = said(project, "freeze.on", "--reason", "new disks", "--until", "2h")
    assert done.code == 0
    assert "stable is frozen until" in done.out
    assert "by ann: new disks" in done.out
    assert "end it with: inv freeze.off --of ann" in done.out
    (entry,) = entries(project, "freeze")
    assert (entry.who, entry.why, entry.data["on"]) == ("ann", "new disks", True)
    assert datetime.fromisoformat(entry.data["until"]) - entry.time <= timedelta(hours=2)
    assert frozen_by(project) == ["ann"]


def test_a_reason_is_needed(project: Project) -> None:
    done = said(project, "freeze.on")
    assert (done.code, "a reason is needed" in done.err) == (2, True)
    assert not entries(project, "freeze")


def test_a_dry_run_says_it_and_records_nothing(project: Project) -> None:
    assert (
        "would freeze stable until somebody ends it, by ann: why"
        in said(project, "freeze.on", "--reason", "why", "--dry-run").out
    )
    assert not entries(project, "freeze")
    said(project, "freeze.on", "--reason", "why")
    assert "would end: stable was frozen since" in said(project, "freeze.off", "--dry-run").out
    assert frozen_by(project) == ["ann"]


def test_while_it_is_on_no_script_gets_a_sha_and_nothing_is_promoted(project: Project) -> None:
    before = released(project)
    said(project, "freeze.on", "--reason", "new disks")
    sha = said(project, "status", "--sha")
    assert (sha.code, sha.out) == (8, "")
    assert "deployments are frozen" in sha.err
    refused = said(project, "promote", "--to", "r3")
    assert refused.code == 8
    assert "stable: deployments are frozen since" in refused.err
    assert "end it with: inv freeze.off --of ann; to deploy nevertheless: inv promote --to r3" in refused.err
    assert released(project) == before
    assert said(project, "freeze.off").code == 0
    assert said(project, "status", "--sha").code == 0
    assert said(project, "promote", "--to", "r3").code == 0


def test_who_says_despite_passes_it(project: Project) -> None:
    said(project, "freeze.on", "--reason", "new disks")
    assert said(project, "promote", "--to", "r3", "--despite", "a hole to close").code == 0
    assert frozen_by(project) == ["ann"], "it stays on"


def test_a_second_person_s_freeze_is_another_one(project: Project) -> None:
    said(project, "freeze.on", "--reason", "new disks")
    said(project, "freeze.on", "--reason", "a fair", who="bob")
    assert sorted(frozen_by(project)) == ["ann", "bob"]
    ended = said(project, "freeze.off", who="bob")
    assert "ended: stable was frozen since" in ended.out
    assert frozen_by(project) == ["ann"]


def test_the_same_reason_of_the_same_person_is_said_again(project: Project) -> None:
    said(project, "freeze.on", "--reason", "new disks")
    said(project, "freeze.on", "--reason", "new disks", "--until", "2h")
    assert [each.until is None for each in situation(project.settings).freezes["stable"]] == [False]


def test_off_leaves_what_others_said_unless_they_are_named(project: Project) -> None:
    said(project, "freeze.on", "--reason", "new disks", who="Ann Lee")
    refused = said(project, "freeze.off", who="bob")
    assert refused.code == 8
    assert "that is not yours (bob), so it stays" in refused.err
    assert "inv freeze.off --of 'Ann Lee'" in refused.err
    assert said(project, "freeze.off", "--of", "carl", who="bob").code == 2
    done = said(project, "freeze.off", "--of", "Ann Lee", "--reason", "she is ill", who="bob")
    assert done.code == 0
    assert "this was not the freeze of bob, but of Ann Lee: let them know" in done.err
    assert frozen_by(project) == []
    last = entries(project, "freeze")[-1]
    assert (last.who, last.why, last.data) == ("bob", "she is ill", {"on": False, "of": "Ann Lee"})


def test_off_where_nothing_is_on(project: Project) -> None:
    done = said(project, "freeze.off")
    assert (done.code, done.out.strip()) == (0, "stable is not frozen")


def test_it_ends_by_itself_only_where_an_end_was_given(project: Project) -> None:
    said(project, "freeze.on", "--reason", "a fair", "--until", "2h")
    said(project, "freeze.on", "--reason", "new disks")
    words = freezes.copied_words(project.settings, "stable")

    def who_at(hours: int) -> list[tuple[str, bool]]:
        at = datetime.now(UTC) + timedelta(hours=hours)
        return [(f.why, f.overdue) for f in freezes.freezes_at(project.settings, "stable", words, at)]

    assert who_at(1) == [("new disks", False), ("a fair", False)], "the one that ends last first"
    assert who_at(3) == [("new disks", False)]
    assert who_at(7 * 24 + 1) == [("new disks", True)], "longer than freeze_warn_after"


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2d", NOW + timedelta(days=2)),
        ("90m", NOW + timedelta(minutes=90)),
        ("2026-03-29", datetime(2026, 3, 28, 23, 0, tzinfo=UTC)),
        ("2026-03-30", datetime(2026, 3, 29, 22, 0, tzinfo=UTC)),
        ("2026-03-29T02:30", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("2026-10-25 02:30", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("2026-10-25T02:30:00Z", datetime(2026, 10, 25, 2, 30, tzinfo=UTC)),
        ("2026-10-25T02:30+02:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_when_it_is_to_end(tmp_path: Path, text: str, end: datetime) -> None:
    assert freeze.end_of(text, Project(tmp_path, top=SUMMER_TIME).settings, NOW) == end


@pytest.mark.parametrize(
    "text",
    ["2026-03-28", "2026-03-28T12:59", "2026-02-30", "2026-04-2", "soon", "2", "9999-12-31T23:59-12:00", ""],
)
def test_what_is_no_time_to_end(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError):
        freeze.end_of(text, Project(tmp_path, top=SUMMER_TIME).settings, NOW)


def test_status_says_what_is_on_and_what_comes(tmp_path: Path) -> None:
    windows = (
        'freeze = [{ dates = "2000-01-01 - 2100-01-01", reason = "the long one" }, { dates = "2200-01-01" }]'
    )
    project, _ = ready(tmp_path, top=windows)
    done = said(project, "freeze.status")
    assert done.code == 0
    assert "stable is frozen until 2100-01-02 00:00 UTC" in done.out
    assert "by the settings: the long one" in done.out
    assert "  next freeze: Wed 2200-01-01 00:00 (in " in done.out
    (document,) = json.loads(said(project, "freeze.status", "--json").out)
    assert document["frozen"] is True
    assert document["freezes"][0] == {
        "since": "2000-01-01T00:00:00Z",
        "until": "2100-01-02T00:00:00Z",
        "who": "",
        "why": "the long one",
        "standing": True,
        "overdue": False,
    }
    assert document["next"]["since"] == "2200-01-01T00:00:00Z"
    off = said(project, "freeze.off")
    assert off.code == 0
    assert "the window of the settings ends by itself" in off.out


def test_a_branch_s_windows_come_on_top_of_those_of_all(tmp_path: Path) -> None:
    branch = f'{PROMOTE}\nfreeze = [{{ dates = "2000-01-01 - 2100-01-01", reason = "its own" }}]'
    project, _ = ready(tmp_path, branch=branch, top='freeze = [{ dates = "2000-06-01 - 2100-06-01" }]')
    (present,) = situation(project.settings).freezes["stable"]
    assert (present.until, present.why) == (datetime(2100, 6, 2, tzinfo=UTC), "its own")


def test_all_branches_unless_one_is_named(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    text = (tmp_path / "shepherd.toml").read_text()
    more = '[branches.devel]\nrepository = "project.git"\nref = "devel"\ndeployed = { ref = "production" }\n'
    (tmp_path / "shepherd.toml").write_text(f"{more}{text}")
    assert "stable is frozen" in said(project, "freeze.on", "--reason", "a fair").out
    named = said(project, "freeze.on", "--reason", "new disks", "--branch", "devel")
    assert "end it with: inv freeze.off --of ann --branch devel" in named.out
    assert [len(situation(project.settings).freezes[each]) for each in ("devel", "stable")] == [2, 1]
    said(project, "freeze.off", "--branch", "devel")
    assert list(situation(project.settings).freezes) == ["stable"]


def test_whoever_may_read_the_answer_knows_of_it_without_the_database(project: Project) -> None:
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
    with Database(project.settings.database_url) as database, database.branch("stable") as store:
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
    with Database(project.settings.database_url) as database:
        data = {"act": "promote", "ref": "released", "from": "a", "to": "b", "to_revno": 3}
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

    def frozen_meanwhile(settings: Settings, present: Situation) -> list[Path]:
        begun.append(present)
        if len(begun) == 1:
            assert host.inv("freeze.on", "--reason", "new disks")[0] == 0
        return written(settings, present)

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


def test_an_overdue_one_is_said_once_a_day_also_by_cron(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write_settings(branch=PROMOTE, top='freeze_warn_after = "1s"')
    said(project, "freeze.on", "--reason", "new disks")
    words = freezes.copied_words(project.settings, "stable")
    late = words[0].since + timedelta(minutes=1)
    monkeypatch.setattr("shepherd.running.situation.now", lambda: late)
    told: dict[str, str] = {}

    def is_first(kind: str, which: str) -> bool:
        first, told[kind] = told.get(kind) != which, which
        return first

    (sentence,) = freeze_status.overdue_words(project.settings, is_first).values()
    assert "stable: deployments are frozen since" in sentence
    assert "THIS IS OVERDUE: end it with: inv freeze.off --of ann" in sentence
    assert not freeze_status.overdue_words(project.settings, is_first)
    monkeypatch.setattr("shepherd.running.situation.now", lambda: late + timedelta(days=1))
    assert freeze_status.overdue_words(project.settings, is_first)


def test_a_run_under_cron_says_an_overdue_one_and_logs_it(tmp_path: Path) -> None:
    host = Host(tmp_path, top='freeze_warn_after = "1s"')
    host.inv("run", "--cron")
    host.inv("freeze.on", "--reason", "new disks")
    old(host.project.settings)
    code, out, err = host.inv("run", "--cron")
    assert (code, out) == (0, "")
    assert "THIS IS OVERDUE: end it with: inv freeze.off --of ann" in err
    assert host.inv("run", "--cron") == (0, "", "")
    assert [each["result"] for each in host.events("frozen")] == ["overdue"]


def old(settings: Settings) -> None:
    """The freezes were set an hour ago: journal and copy say so."""
    import sqlite3

    before = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    with sqlite3.connect(settings.state_path / "shepherd.db") as connection:
        connection.execute("UPDATE journal SET at = ? WHERE kind = 'freeze'", (before,))
    connection.close()


def test_what_cannot_be_locked_is_one_sentence(project: Project) -> None:
    lock = project.state / "run" / "freeze.lock"
    lock.parent.mkdir(exist_ok=True)
    lock.symlink_to("/dev/null")
    done = said(project, "freeze.on", "--reason", "new disks")
    assert done.code == 1
    assert "freeze.lock: cannot be locked" in done.err
    assert not entries(project, "freeze")


def test_history_tells_of_it(project: Project) -> None:
    said(project, "freeze.on", "--reason", "new disks")
    said(project, "freeze.off", "--reason", "they turn")
    told = said(project, "history").out
    assert "deployments were frozen" in told
    assert "new disks" in told
    assert "the freeze of ann was ended, by ann" in told


def test_a_restored_journal_has_its_freezes_again(project: Project) -> None:
    said(project, "freeze.on", "--reason", "new disks")
    shutil.copy(project.state / "shepherd.db", project.folder / "kept")
    said(project, "freeze.off")
    assert frozen_by(project) == []
    for file in list(project.state.glob("shepherd.db*")):
        file.unlink()
    shutil.copy(project.folder / "kept", project.state / "shepherd.db")
    project.judge()
    assert frozen_by(project) == ["ann"]
