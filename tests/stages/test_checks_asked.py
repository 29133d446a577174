"""For which candidates the source of checks is asked, when again, and what is remembered
(docs/rules.md#checks)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shepherd.conditions import CheckResult, CheckWord
from shepherd.stages.judge import judge_branch
from tests.ci import Ci
from tests.project import Project, deployable, entry
from tests.stages.candidates import landed, waits


def test_a_check_that_was_run_again_is_seen_by_the_next_run(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 1)
    ci.words[ids[1]] = "failed"
    assert deployable(project.look()) is None
    ci.words[ids[1]] = "success"
    assert deployable(project.look()) == 2


def test_what_holds_is_not_asked_for_again(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 3)
    ci.words = {ids[3]: "pending", ids[2]: "success", ids[1]: "success"}
    project.look()
    assert ci.was_asked() == [ids[3], ids[2], ids[1]]
    project.look()
    assert ci.was_asked() == [ids[3]]
    ci.words[ids[3]] = "success"
    assert deployable(project.look()) == 4
    assert ci.was_asked() == [ids[3]]
    assert deployable(project.look()) == 4
    assert ci.was_asked() == []


def test_under_a_pattern_what_holds_may_still_grow_for_an_hour(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 1, 'checks = ["ci/*"]')
    ci.results[ids[1]] = (CheckResult("ci/lint", "success"),)
    assert deployable(project.look()) == 2
    project.now += timedelta(minutes=50)
    ci.results[ids[1]] = (CheckResult("ci/lint", "success"), CheckResult("ci/test", "failed"))
    assert deployable(project.look()) is None, "a job that begins after another one reports late"
    ci.results[ids[1]] = (CheckResult("ci/lint", "success"), CheckResult("ci/test", "success"))
    project.look()
    project.now += timedelta(minutes=61)
    ci.was_asked()
    assert deployable(project.look()) == 2
    assert ci.was_asked() == []


def test_what_holds_and_may_still_grow_is_known_while_nobody_can_be_asked(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 2, 'checks = ["ci/*"]')
    ci.results = dict.fromkeys(ids, (CheckResult("ci/lint", "success"),))
    assert deployable(project.look()) == 3
    ci.breaks_after = 0
    assert deployable(project.look()) == 3
    ci.breaks_after, ci.unreadable = None, {ids[2]: "it is locked"}
    assert deployable(project.look()) == 3
    afresh = judge_branch(project.settings, "stable", project.run("judge"), afresh=())
    assert deployable(afresh) == 2


def test_what_may_still_grow_stays_deployable_below_one_that_holds(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 1, 'checks = ["ci/*"]')
    ci.results[ids[1]] = (CheckResult("ci/lint", "success"),)
    project.look()
    ids += project.land("[no-qa] Newest")
    ci.results[ids[2]] = (CheckResult("ci/lint", "success"),)
    ci.was_asked()
    assert entry(project.look(), 2).deployable_as_tip is True
    assert ids[2] in ci.was_asked()


@pytest.mark.parametrize(
    ("word", "hours", "asked"),
    [
        ("pending", 90, True),
        ("failed", 23, True),
        ("failed", 25, False),
        ("cancelled", 25, False),
        (None, 23, True),
        (None, 25, False),
    ],
)
def test_what_does_not_hold_is_asked_for_in_each_run_for_a_day(
    tmp_path: Path, ci: Ci, word: CheckWord | None, hours: int, asked: bool
) -> None:
    project, ids = landed(tmp_path, 1)
    if word is not None:
        ci.words[ids[1]] = word
    project.look()
    project.now += timedelta(hours=hours)
    project.look()
    ci.was_asked()
    project.look()
    assert ci.was_asked() == ([ids[1]] if asked else [])
    project.now += timedelta(hours=1)
    project.look()
    assert ci.was_asked() == [ids[1]], "then once an hour"


def test_the_day_begins_when_the_source_says_that_it_ended(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 1)
    ci.words[ids[1]] = CheckResult("build", "failed", int(project.now.timestamp()) - 90_000)
    project.look()
    ci.was_asked()
    project.look()
    assert ci.was_asked() == []


def test_candidates_are_asked_for_in_batches_until_one_holds(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 80)
    ci.words = dict.fromkeys(ids, "failed")
    ci.words[ids[60]] = "success"
    snapshot = project.look()
    assert deployable(snapshot) == 61
    assert ci.was_asked() == ids[80:30:-1]
    assert entry(snapshot, 31).deployable_as_tip is False
    assert entry(snapshot, 31).checks == ()


def test_of_two_thousand_candidates_whose_newest_three_hundred_are_red(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 2000)
    ci.words = dict.fromkeys(ids, "success")
    ci.words |= dict.fromkeys(ids[-300:], "failed")
    assert deployable(project.look()) == 1701
    assert (ci.requests, len(ci.asked)) == (5, 350)
    ci.was_asked()
    project.look()
    assert (ci.requests, len(ci.asked)) == (5, 300)
    project.now += timedelta(days=2)
    project.look()
    ci.was_asked()
    assert deployable(project.look()) == 1701
    assert (ci.requests, ci.asked) == (0, [])


def test_only_what_nothing_blocks_is_asked_for(tmp_path: Path, ci: Ci) -> None:
    project = Project(tmp_path, branch='checks = ["build"]')
    ids = project.land("[no-qa] Live", "[no-qa] Good", "[bug=7] Waits")
    project.deploy(ids[0])
    project.tag(7, "qa-needstesting")
    ci.words = dict.fromkeys(ids, "success")
    assert deployable(project.look()) == 2
    assert ci.was_asked() == [ids[1]]


def test_the_promoted_revision_is_asked_for_too(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 3, 'checks = ["build"]\npromote = { ref = "good" }')
    project.repo.git("update-ref", "refs/heads/good", ids[1])
    ci.words = {ids[3]: "success", ids[1]: "failed"}
    assert entry(project.look(), 2).conditions == ("build failed",)
    assert ci.was_asked() == [ids[3], ids[2], ids[1]]
    project.look()
    assert ci.was_asked() == [ids[1]]


def test_other_settings_ask_for_what_they_name(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 1, 'checks = ["build", "lint"]')
    ci.words[ids[1]] = "success"
    assert waits(project.look()) == (2, ("waits for lint (not reported yet)",))
    project.write_settings('checks = ["build"]')
    ci.was_asked()
    assert deployable(project.look()) == 2, "of what counts now everything is known"
    assert ci.was_asked() == []
    project.write_settings('checks = ["b*"]')
    assert deployable(project.look()) == 2
    assert ci.was_asked() == [ids[1]], "another name that matches may have failed"


def test_another_source_knows_nothing_of_what_the_first_one_said(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 1)
    ci.words[ids[1]] = "success"
    assert deployable(project.look()) == 2
    project.write_settings('checks = ["build"]\ncheck_notes = "refs/notes/ci"')
    assert deployable(project.look()) is None


def test_a_persons_word_is_judged_without_asking(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 2)
    ci.words = {ids[2]: "pending", ids[1]: "success"}
    project.look()
    ci.was_asked()
    project.verdict("r3", "bad")
    project.verdict("r3", "ok")
    latest = judge_branch(project.settings, "stable", project.run("judge"), stored=True)
    assert ci.was_asked() == []
    assert (deployable(latest), waits(latest)) == (2, (3, ("waits for build (running)",)))


def test_a_dry_run_remembers_nothing(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 1)
    ci.words[ids[1]] = "success"
    project.find()
    judge_branch(project.settings, "stable", project.run("judge"), dry=True)
    ci.was_asked()
    project.judge()
    assert ci.was_asked() == [ids[1]]


def test_afresh_nothing_that_could_make_the_answer_is_taken_from_memory(tmp_path: Path, ci: Ci) -> None:
    project, ids = landed(tmp_path, 3)
    ci.words = dict.fromkeys(ids, "success")
    project.look()
    ci.words[ids[3]] = "failed"
    ci.was_asked()
    snapshot = judge_branch(project.settings, "stable", project.run("judge"), afresh=(ids[1],))
    assert deployable(snapshot) == 3
    assert set(ci.was_asked()) == {ids[3], ids[2], ids[1]}
