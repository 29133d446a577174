"""Checks of candidates, from the source to the snapshot: what follows from what they say
(docs/rules.md#checks)."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.cautions import cautions
from shepherd.conditions import CheckResult, CheckWord
from shepherd.situation import Situation
from shepherd.stages.check_reader import CheckReader
from shepherd.stages.judge import judge_branch
from shepherd.views.conditions import kept_by
from tests.ci import Ci
from tests.project import deployable, entry, lines_of
from tests.stages.candidates import landed, waits


def test_the_file_of_the_tracker_says_what_holds(tmp_path: Path) -> None:
    project, ids = landed(tmp_path, 3)
    project.check(ids[3], build={"state": "pending", "since": "2011-08-01T09:00:00Z"})
    project.check(ids[2], build="success")
    snapshot = project.look()
    assert deployable(snapshot) == 3
    assert waits(snapshot) == (4, ("waits for build (running since 2011-08-01 09:00 UTC)",))


def test_several_checks_in_one_sentence_are_no_limit(tmp_path: Path) -> None:
    project, ids = landed(tmp_path, 1, 'checks = ["build", "docs", "lint"]')
    project.check(ids[1], build="failed")
    snapshot = project.look()
    candidate = entry(snapshot, 2)
    assert candidate.conditions == (
        "build failed",
        "waits for docs (not reported yet) and lint (not reported yet)",
    )
    assert (candidate.exceeds, candidate.over_limits) == ((), ())
    assert kept_by(snapshot) == "waits for checks"


def test_a_limit_and_checks_of_one_candidate_are_told_apart(tmp_path: Path) -> None:
    limits = '[{ paths = ["a"], max = 5 }, { paths = ["db/*"], max = 0 }]'
    project, _ = landed(tmp_path, 0, f'checks = ["build", "docs"]\nlimits = {limits}')
    sha = project.repo.commit("[no-qa] Schema", {"db/1": "x"})
    project.find()
    snapshot = judge_branch(project.settings, "stable", project.run("judge"), afresh=(sha,))
    candidate = entry(snapshot, 2)
    assert candidate.exceeds == (1,)
    assert candidate.over_limits == ("r2 touches db/*, and one deployment may bring none",)
    assert candidate.conditions == (
        *candidate.over_limits,
        "waits for build (not reported yet) and docs (not reported yet)",
    )


def test_who_looks_sees_how_far_it_is(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 200)
    ci.words = {ids[140]: "success"}
    project.find()
    shown: list[tuple[int, int]] = []
    judge_branch(
        project.settings, "stable", project.run("judge"), progress=lambda done, of: shown.append((done, of))
    )
    assert shown == [(10, 200), (50, 200), (150, 150)]


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("success", None),
        ("failed", "build failed"),
        ("pending", "waits for build (running)"),
        (None, "waits for build (not reported yet)"),
    ],
)
def test_of_a_promoted_revision_that_may_not_go_one_is_warned(
    tmp_path: Path, ci: Ci, word: CheckWord | None, why: str | None
) -> None:
    project, ids = landed(tmp_path, 2, 'checks = ["build"]\npromote = { ref = "good" }')
    project.repo.set_ref("good", ids[1])
    ci.words = {ids[2]: "success"}
    if word:
        ci.words[ids[1]] = word
    told = [each.sentence for each in cautions(project.look(), Situation()) if each.kind == "promoted-bad"]
    assert [str(each) for each in told] == (
        [f"r2 is promoted, but may not go to production: {why}"] if why else []
    )


def test_a_promoted_revision_that_was_not_asked_for_is_not_called_bad(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 2, 'promote = { ref = "good" }')
    project.repo.set_ref("good", ids[1])
    project.look()
    project.write_settings('checks = ["build"]\npromote = { ref = "good" }')
    snapshot = judge_branch(project.settings, "stable", project.run("judge"), stored=True)
    assert entry(snapshot, 2).deployable_as_tip is False
    assert not cautions(snapshot, Situation())


def test_a_source_that_cannot_be_read_keeps_back_what_was_not_known_before(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 2)
    ci.words = {ids[1]: "success"}
    project.look()
    ids += project.land("[no-qa] Newest")
    ci.breaks_after = 0
    snapshot = project.look()
    assert snapshot.complete
    assert deployable(snapshot) == 2, "it is known to hold"
    assert entry(snapshot, 4).conditions == ("the checks could not be read: the forge does not answer",)
    [problem] = snapshot.problems
    assert problem == (
        "stable: checks could not be read, so revisions whose checks were not known before must wait:"
        " the forge does not answer"
    )
    assert any(
        "result=failed" in line and 'why="the forge does not answer"' in line
        for line in lines_of(project, "checks")
    )
    ci.breaks_after = None
    ci.words[ids[3]] = "success"
    assert deployable(project.look()) == 4


def test_a_source_that_breaks_off_keeps_what_it_said_before(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 3)
    ci.words = dict.fromkeys(ids, "success")
    ci.words[ids[3]] = "failed"
    ci.breaks_after = 2
    snapshot = project.look()
    assert deployable(snapshot) == 3
    assert [each.state for each in entry(snapshot, 4).checks] == ["no"]
    assert [each.state for each in entry(snapshot, 2).checks] == ["unknown"]


def test_one_commit_that_cannot_be_read_is_unknown_alone(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 2)
    ci.words = {ids[1]: "success"}
    ci.unreadable = {ids[2]: "it is locked"}
    snapshot = project.look()
    assert deployable(snapshot) == 2
    assert snapshot.problems == ("the checks of r3 could not be read: it is locked",)
    ci.was_asked()
    project.look()
    assert ci.was_asked() == [ids[2]]


def test_the_log_says_what_waits_for_what_once(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 1)
    ci.words[ids[1]] = "pending"
    project.look()
    project.look()
    ci.words[ids[1]] = "failed"
    project.look()
    ci.words[ids[1]] = "success"
    project.look()
    told = [line.partition(" event=")[2] for line in lines_of(project, "waits")]
    assert told == [
        f'waits branch=stable rev=r2 id={ids[1]} because="waits for build (running)"',
        f'waits branch=stable rev=r2 id={ids[1]} because="build failed"',
        'waits branch=stable rev=none id="" because=""',
    ]
    assert "asked=1 remembered=0 requests=1" in next(iter(lines_of(project, "checks")))


def test_where_git_notes_are_set_the_tracker_is_not_asked(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 3, 'checks = ["build"]\ncheck_notes = "refs/notes/ci"')
    ci.words = dict.fromkeys(ids, "success")
    ci.breaks_after = 0
    project.repo.note(ids[3], "build: failed", ref="refs/notes/ci")
    project.repo.note(ids[1], "build: success", ref="refs/notes/ci")
    snapshot = project.look()
    assert (deployable(snapshot), snapshot.problems, ci.requests) == (2, (), 0)
    assert [entry(snapshot, n).conditions for n in (4, 3)] == [
        ("build failed",),
        ("waits for build (not reported yet)",),
    ]
    assert "source=refs/notes/ci" in next(iter(lines_of(project, "checks")))


def test_with_git_notes_a_tracker_without_a_token_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOKEN", raising=False)
    project, ids = landed(tmp_path, 1)
    tracker = 'type = "github"\nproject = "acme/shop"\ncredentials_env = "TOKEN"'
    project.write_settings('checks = ["build"]\ncheck_notes = "refs/notes/ci"', tracker)
    project.repo.note(ids[1], "build: success", ref="refs/notes/ci")
    reader = CheckReader(project.settings, "stable")
    assert [(each.name, each.word) for each in reader.results([ids[1]])[ids[1]].results] == [
        ("build", "success")
    ]


def test_results_in_another_order_are_the_same_results(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 1, 'checks = ["*"]')
    for order in (("lint", "build"), ("build", "lint")):
        ci.results[ids[1]] = tuple(CheckResult(name, "success") for name in order)
        read = CheckReader(project.settings, "stable").results(ids[1:])[ids[1]]
        assert [each.name for each in read.results] == ["build", "lint"]


def test_notes_in_a_mirror_of_a_url(tmp_path: Path) -> None:
    branch = 'checks = ["build"]\ncheck_notes = "refs/notes/ci"'
    project, ids = landed(tmp_path, 1, branch)
    text = (tmp_path / "shepherd.toml").read_text()
    url = f"file://{project.repo.path}"
    (tmp_path / "shepherd.toml").write_text(text.replace('"project.git"', f'"{url}"'))
    snapshot = project.look()
    assert deployable(snapshot) is None
    assert snapshot.warnings == (
        "there is no refs/notes/ci, so no check by git note is read; inv doctor says what to do",
    )
    project.repo.note(ids[1], "build: success", ref="refs/notes/ci")
    snapshot = project.look()
    assert (deployable(snapshot), snapshot.warnings) == (2, ())
