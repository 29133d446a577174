"""What `inv promote` moves, and what it refuses (docs/rules.md#answer, docs/interfaces.md#commands)."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shepherd.act.ref import NotMovedError
from shepherd.errors import NoAnswerError, RefusedError, SettingsError, SourceError
from shepherd.plans.promotion import Promotion
from shepherd.stages.find import Acceptance
from shepherd.views.promotions import promotion
from tests.project import Project, entry
from tests.promoting import PROMOTE, entries, meddle, moves, promote, ready, released

pytestmark = pytest.mark.usefixtures("engine")
"""On both engines."""


def test_the_latest_deployable_is_promoted_and_recorded(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    plan, _ = promote(project)
    assert plan is not None and released(project) == ids[2]
    assert moves(project) == [(1, 3, "tester")]
    last = entries(project, "promoted")[-1]
    assert (last.why, last.run_id) == ("the latest deployable: newer landings are blocked by r4", "run-0001")
    done = entries(project, "meant", "done")
    assert [(e.kind, e.data.get("result")) for e in done] == [("meant", None), ("done", "done")]
    assert (done[0].data["from"], done[0].data["to"]) == (ids[0], ids[2])


def test_the_plan_tells_what_goes_and_what_stays_and_why(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    shown: list[Promotion] = []
    plan, _ = promote(project, shown=shown)
    assert plan is not None and shown == [plan]
    assert [(line.revno, line.state, line.reason) for line in plan.goes] == [
        (2, "ok", "bug 2 is qa-ok"),
        (3, "untestable", "it landed marked [no-qa]: there is nothing to QA"),
    ]
    assert [(line.revno, line.reason) for line in plan.stays] == [
        (4, "bug 4 is qa-needstesting"),
        (5, "waits for r4"),
    ]
    assert plan.base is not None and (plan.base.revno, plan.to.revno) == (1, 3)


def test_what_was_promoted_before_still_goes_live_and_the_plan_says_so(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    promote(project)
    project.tag(4, "qa-ok")
    plan, _ = promote(project)
    assert plan is not None and plan.base is not None
    assert (project.repo.git("rev-parse", "production"), released(project)) == (ids[0], ids[4])
    assert plan.base.revno == 3
    assert [(line.revno, line.promoted) for line in plan.goes] == [
        (2, True),
        (3, True),
        (4, False),
        (5, False),
    ]


def test_the_printed_plan_says_what_the_number_counts(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    promote(project)
    project.land("[rollback=4] Six")
    plan, _ = promote(project)
    assert plan is not None
    printed = promotion(plan, dry=True)
    assert "goes live (5, 1 of them rolled back again within it, 2 promoted already):" in printed
    assert "      promoted already; bug 2 is qa-ok\n" in printed


def test_the_plan_tells_wrapped_titles_whole(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    project.tag(4, "qa-ok")
    project.land("[no-qa] Six is\n wrapped")
    plan, _ = promote(project)
    assert plan is not None and plan.goes[-1].title == "Six is wrapped"


def test_nothing_to_promote_is_no_failure(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    project.tag(2, "qa-needstesting")
    plan, snapshot = promote(project)
    assert plan is None and snapshot.answer == "blocked" and released(project) == ids[0]
    assert not moves(project)


def test_twice_moves_once(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    promote(project)
    plan, _ = promote(project)
    assert plan is None
    assert len(moves(project)) == 1 and len(entries(project, "meant")) == 1


@pytest.mark.parametrize(
    ("rev", "sentence"),
    [
        ("r4", "r4 may not go to production: r4 .Ann.: bug 4 is qa-needstesting"),
        ("r5", "r5 may not go to production: r4 .Ann.: bug 4 is qa-needstesting"),
        ("r1", "r1 is older than r2, which is promoted already"),
    ],
)
def test_what_is_not_deployable_is_refused_with_its_reasons(tmp_path: Path, rev: str, sentence: str) -> None:
    project, ids = ready(tmp_path)
    promote(project, "r2")
    with pytest.raises(RefusedError, match=sentence) as refusal:
        promote(project, rev)
    assert refusal.value.code == 8 and released(project) == ids[1]


def test_the_promoted_revision_itself_is_nothing_to_do(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    promote(project, "r3")
    assert promote(project, "r3")[0] is None


def test_what_production_runs_already_is_refused(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    project.deploy(ids[2])
    with pytest.raises(RefusedError, match="production runs r3, and r2 is not newer"):
        promote(project, "r2")


def test_a_rollback_makes_a_newer_one_deployable_and_not_what_lies_between(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    six = project.land("[rollback=4] Six")[0]
    with pytest.raises(RefusedError, match="r5 may not go"):
        promote(project, "r5")
    plan, _ = promote(project)
    assert released(project) == six
    assert plan and [(line.revno, line.undone) for line in plan.goes if line.undone] == [(4, True)]


def test_no_data_promotes_nothing(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    (tmp_path / "bugs.json").write_text("{")
    with pytest.raises(NoAnswerError, match="no data, so nothing is promoted") as refusal:
        promote(project)
    assert refusal.value.code == 5 and released(project) == ids[0]


def test_an_unreadable_bug_beyond_the_target_is_no_obstacle(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    del project.bugs["4"]
    project.write_bugs()
    plan, _ = promote(project)
    assert plan and plan.stays[0].state == "unknown" and released(project) == ids[2]


def test_a_mainline_that_was_rewritten_promotes_nothing(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    project.look()
    project.repo.set_ref("stable", ids[1])
    with pytest.raises(SourceError, match="rewritten"):
        promote(project)
    assert released(project) == ids[0]


def test_the_first_promotion_makes_the_branch(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    project.repo.git("update-ref", "-d", "refs/heads/released")
    project.look()
    promote(project)
    assert released(project) == ids[2]
    project.now += timedelta(hours=1)
    snapshot = project.look()
    assert [entry(snapshot, revno).promoted_by for revno in (3, 2)] == ["tester", "tester"]
    assert entry(snapshot, 1).promoted_at is None, "production had it before"
    assert not any("could not be read" in problem for problem in snapshot.problems)


def test_the_very_first_landing_can_be_promoted(tmp_path: Path) -> None:
    project = Project(tmp_path, branch=f"deployed = {{ recorded = true }}\n{PROMOTE}")
    (first,) = project.land("[no-qa] One")
    with pytest.raises(SourceError):
        project.find()
    project.deployed("r0")
    plan, _ = promote(project)
    assert plan is not None and (plan.base, plan.to.revno) == (None, 1)
    assert released(project) == first


def test_without_a_ref_it_is_recorded_only(tmp_path: Path) -> None:
    project, ids = ready(tmp_path, branch="")
    plan, _ = promote(project)
    assert plan and plan.ref == ""
    assert project.repo.git("for-each-ref", "--format=%(refname:short)") == "production\nstable"
    snapshot = project.look()
    assert snapshot.promoted and (snapshot.promoted.revno, snapshot.promoted.by) == (3, "tester")
    with pytest.raises(RefusedError, match="older than r3"):
        promote(project, "r2")
    project.deploy(ids[2])
    assert project.look().promoted == snapshot.promoted


def test_where_production_is_recorded_a_promotion_records_it(tmp_path: Path) -> None:
    project, _ = ready(tmp_path, branch="deployed = { recorded = true }")
    project.deployed("r1")
    promote(project)
    snapshot = project.look()
    assert snapshot.deployed and snapshot.deployed.revno == 3
    assert snapshot.promoted and snapshot.promoted.revno == 3


def test_one_ref_for_both(tmp_path: Path) -> None:
    project, ids = ready(tmp_path, branch='promote = { ref = "production" }')
    promote(project)
    assert released(project, "production") == ids[2]
    snapshot = project.look()
    assert entry(snapshot, 2).progress == "live" and entry(snapshot, 2).promoted_by == "tester"


def test_a_dry_run_shows_the_plan_and_writes_nothing(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    project.look()
    project.land("[no-qa] Six")
    before = {path: path.stat().st_mtime_ns for path in project.state.rglob("*")}
    dry, _ = promote(project, dry=True)
    assert {path: path.stat().st_mtime_ns for path in project.state.rglob("*")} == before
    assert released(project) == ids[0]
    done, _ = promote(project)
    assert dry is not None and dry == done


def test_a_dry_run_of_the_very_first_run(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    dry, _ = promote(project, dry=True)
    assert dry and dry.to.revno == 3 and not list(project.state.iterdir())


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (lambda p, _: p.repo.git("update-ref", "-d", "refs/heads/released"), None),
        (lambda p, _: p.repo.git("tag", "released", "refs/heads/released"), None),
        (
            lambda p, _: p.repo.git("symbolic-ref", "refs/heads/released", "refs/heads/stable"),
            "is a symbolic ref to",
        ),
        (
            lambda p, _: (
                p.repo.git("update-ref", "-d", "refs/heads/released"),
                p.repo.git("tag", "released", "stable~3"),
            ),
            "is a tag, which never moves",
        ),
        (
            lambda p, folder: p.repo.git("worktree", "add", "-q", str(folder / "w"), "released"),
            "is checked out",
        ),
    ],
)
def test_only_a_branch_of_its_own_is_moved(tmp_path: Path, break_it: Any, sentence: str | None) -> None:
    project, ids = ready(tmp_path / "p")
    break_it(project, tmp_path)
    if sentence is None:
        promote(project)
        assert released(project) == ids[2]
        return
    with pytest.raises(SettingsError, match=sentence):
        promote(project)
    assert project.repo.git("rev-parse", "refs/heads/stable") == ids[4]


def test_a_ref_that_moves_while_everything_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, ids = ready(tmp_path)
    project.look()
    left = [1]

    def once() -> None:
        if left and left.pop():
            project.repo.set_ref("released", ids[1])

    meddle(monkeypatch, after=once)
    promote(project)
    assert released(project) == ids[2]
    assert moves(project) == [(1, 2, ""), (2, 3, "tester")]


def test_a_mainline_that_never_stands_still_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, ids = ready(tmp_path)

    def land_more() -> None:
        project.land("[no-qa] More")

    meddle(monkeypatch, after=land_more)
    with pytest.raises(RefusedError, match="moved while they were judged"):
        promote(project)
    assert released(project) == ids[0] and not entries(project, "meant")


def test_a_verdict_by_note_that_comes_after_the_reading_stops_the_move(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, ids = ready(tmp_path, branch=f'{PROMOTE}\nverdict_notes = "refs/notes/qa"')
    left = [ids[2]]

    def note() -> None:
        if left:
            project.repo.note(left.pop(), "QA: bad it crashes\n", date=int(project.now.timestamp()))

    meddle(monkeypatch, after=note)
    promote(project)
    assert released(project) == ids[1]


def test_a_repository_that_may_not_be_written_is_one_sentence(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    lock = project.repo.git_dir / "refs" / "heads" / "released.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    with pytest.raises(NotMovedError, match=r"refs/heads/released could not be moved: .*lock") as failure:
        promote(project)
    assert failure.value.code == 7
    assert released(project) == ids[0]
    assert [e.data.get("result") for e in entries(project, "done")] == ["failed"]
    lock.unlink()
    promote(project)
    assert released(project) == ids[2] and len(moves(project)) == 1


def test_everybody_may_read_the_ref_afterwards(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    before = os.umask(0o077)
    try:
        promote(project)
    finally:
        os.umask(before)
    assert (project.repo.git_dir / "refs" / "heads" / "released").stat().st_mode & 0o777 == 0o644


def test_a_record_that_a_rewrite_took_from_the_mainline_is_not_gone_back_behind(tmp_path: Path) -> None:
    project, ids = ready(tmp_path, branch="")
    promote(project)
    project.repo.set_ref("stable", ids[1])
    project.land("[no-qa] Another three")
    project.find(Acceptance(rewrite=True), "rebased")
    with pytest.raises(RefusedError, match=r"r3 .*, promoted last, is not on the mainline any more"):
        promote(project)
    promote(project, drop_hotfix="it was rebased")
