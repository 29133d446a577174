"""`inv freeze.*`: a person's word, what it stops, how it ends (docs/running.md#freeze)."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shepherd.errors import SettingsError
from shepherd.running import freeze, freeze_status
from shepherd.running.situation import situation
from shepherd.settings import Settings
from shepherd.stages import freezes
from tests.project import Project
from tests.promoting import PROMOTE, entries, ready, released
from tests.running.freezing import frozen_by, said, with_answer
from tests.running.host import Host

NOW = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
SUMMER_TIME = 'timezone = "Europe/Berlin"'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return with_answer(tmp_path)


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
