"""What was read under other circumstances is never taken for an answer of now (found by an attacker)."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from shepherd.errors import NoAnswerError
from shepherd.report_files import ENDINGS
from shepherd.run import Run
from shepherd.stages.find import find_branch
from shepherd.stages.judge import judge_branch
from tests.inv import inv
from tests.project import Project, deployable, entry, states
from tests.store import keeping

pytestmark = pytest.mark.usefixtures("engine")
"""On both engines."""


def small(folder: Path, **settings: str) -> Project:
    """r1 live, r2 good."""
    project = Project(folder, **settings)
    project.deploy(project.land("[no-qa] Begin", "[no-qa] Two")[0])
    return project


def test_a_run_whose_find_failed_gives_no_answer_from_an_earlier_one(tmp_path: Path) -> None:
    project = small(tmp_path)
    assert deployable(project.look()) == 2
    run = project.run("judge")
    rereading = Run(run.id, run.now, run.who, run.tell, rereads=True)
    assert judge_branch(project.settings, "stable", rereading).answer == "no-data"
    find_branch(project.settings, "stable", rereading)
    assert deployable(judge_branch(project.settings, "stable", rereading)) == 2


def test_an_answer_is_no_younger_than_what_was_read(tmp_path: Path) -> None:
    project = small(tmp_path)
    project.find()
    read = project.now
    project.now += timedelta(hours=3)
    assert project.judge().valid_until == read + timedelta(minutes=15)


@pytest.mark.parametrize("branch", ['deployed = { ref = "nosuch" }', 'orphans = "pass"', 'marks = ["forge"]'])
def test_settings_that_changed_since_find_give_no_answer(tmp_path: Path, branch: str) -> None:
    project = small(tmp_path)
    project.look()
    project.write_settings(branch)
    snapshot = project.judge()
    assert snapshot.answer == "no-data"
    assert "its settings have changed" in snapshot.problems[0]


def test_a_note_from_the_future_does_not_outrank_later_words(tmp_path: Path) -> None:
    project = small(tmp_path, branch='verdict_notes = "refs/notes/qa"')
    os.environ["GIT_COMMITTER_DATE"] = "2030-01-01T00:00:00Z"
    try:
        project.repo.git(
            "notes", "--ref", "qa", "add", "-m", "QA: ok", project.repo.git("rev-parse", "stable")
        )
    finally:
        del os.environ["GIT_COMMITTER_DATE"]
    assert states(project.look())[2] == "ok"
    project.verdict("r2", "bad", "it burns")
    assert states(project.judge())[2] == "bad"


def test_a_notes_ref_that_vanished_takes_nothing_back(tmp_path: Path) -> None:
    project = small(tmp_path, branch='verdict_notes = "refs/notes/qa"')
    project.repo.git(
        "notes", "--ref", "qa", "add", "-m", "QA: bad burns", project.repo.git("rev-parse", "stable")
    )
    assert states(project.look())[2] == "bad"
    project.repo.git("update-ref", "-d", "refs/notes/qa")
    snapshot = project.look()
    assert states(snapshot)[2] == "bad"
    assert "the notes ref refs/notes/qa is gone" in snapshot.problems[0]


def test_a_covered_landing_is_read_however_old_it_is(tmp_path: Path) -> None:
    project = Project(tmp_path, top='keep = "1d"')
    project.tag(1, "bad-commit-2")
    ids = project.land("[no-qa] Begin", "[bug=1] Two", "[no-qa] Three", "[no-qa] Four")
    project.deploy(ids[0])
    project.look()
    project.cover("r2", "r3")
    project.deploy(ids[3])
    project.look()
    project.now += timedelta(days=30)
    project.look()
    project.land("[rollback=3] Three was right after all")
    snapshot = project.look()
    assert states(snapshot)[5] == "needstesting"
    assert set(entry(snapshot, 5).blocked_by) == {2, 5}


def test_a_tracker_that_no_longer_speaks_of_what_was_bad(tmp_path: Path) -> None:
    project = small(tmp_path)
    project.tag(9, "bad-commit-2")
    assert states(project.look())[2] == "bad"
    project.write_settings(tracker='type = "none"')
    assert states(project.look())[2] == "unknown"


def test_an_older_copy_of_the_journal_is_a_lost_one(tmp_path: Path) -> None:
    project = small(tmp_path)
    project.look()
    keeping.keep(project, tmp_path / "backup")
    project.verdict("r2", "bad", "it burns")
    keeping.put_back(project, tmp_path / "backup")
    with pytest.raises(NoAnswerError, match="the journal lacks what the snapshots know"):
        project.find()
    assert project.judge().answer == "no-data"


def test_production_recorded_below_what_was_read_is_no_data_at_once(tmp_path: Path) -> None:
    project = Project(tmp_path, branch="deployed = { recorded = true }", top='keep = "1d"')
    project.land(*[f"[no-qa] Number {number}" for number in range(5)])
    project.deployed("r5")
    project.now += timedelta(days=30)
    project.look()
    project.deployed("r2")
    assert project.judge().answer == "no-data"
    assert deployable(project.look()) == 5
    project.deployed("r0")
    assert deployable(project.look()) == 5


@pytest.mark.real
def test_a_script_gets_no_sha_from_a_stale_answer(tmp_path: Path) -> None:
    project = small(tmp_path)
    project.look()  # on a day in 2011
    project.report()
    done = inv(tmp_path, "status", "--sha")
    assert (done.code, done.out) == (5, "")
    assert "is stale" in done.err


@pytest.mark.real
def test_the_page_of_a_branch_that_is_no_longer_followed_goes_away(tmp_path: Path) -> None:
    project = small(tmp_path)
    project.look()
    project.report()
    text = (tmp_path / "shepherd.toml").read_text()
    (tmp_path / "shepherd.toml").write_text(text.replace("[branches.stable]", "[branches.main]"))
    assert inv(tmp_path, "find", "judge", "report").code == 0
    assert sorted(path.name for path in (project.state / "report").iterdir()) == [
        *("index.atom", "index.html", "index.json"),
        *(f"main.{ending}" for ending in sorted(ENDINGS)),
        "shepherd.prom",
    ]


def test_a_reason_cannot_speak_to_the_terminal(tmp_path: Path) -> None:
    project = small(tmp_path)
    project.look()
    said = project.verdict("r2", "ok", "a\x1b[2Jb\u202ec")
    assert said.isprintable() or said.replace("\n", "").isprintable()
