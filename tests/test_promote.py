"""`inv promote`: what is moved, what is refused, what is remembered (3.5, 4.2)."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import NoAnswerError, RefusedError, SettingsError, SourceError
from shepherd.plans.promotion import Promotion
from shepherd.stages.find import find_branch
from shepherd.stages.judge import judge_branch
from shepherd.stages.promote import settled_revision
from tests.inv import inv
from tests.project import Project, deployable, entry, lines_of
from tests.promoting import PROMOTE, entries, meddle, moves, promote, released


def ready(folder: Path, branch: str = PROMOTE, **settings: str) -> tuple[Project, list[str]]:
    """r1 live and promoted, r2 and r3 good, r4 needs testing, r5 good."""
    project = Project(folder, branch=branch, **settings)
    ids = project.land("[no-qa] One", "[bug=2] Two", "[no-qa] Three", "[bug=4] Four", "[no-qa] Five")
    for ref in ("production", *(["released"] if "released" in branch else [])):
        project.repo.set_ref(ref, ids[0])
    project.tag(2, "qa-ok")
    project.tag(4, "qa-needstesting")
    return project, ids


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


def test_promoted_and_live_are_two_facts(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    promote(project)
    project.now += timedelta(hours=1)
    waiting = project.look()
    assert (waiting.promoted and waiting.promoted.revno, waiting.deployed and waiting.deployed.revno) == (
        3,
        1,
    )
    assert waiting.promoted and waiting.promoted.by == "tester" and waiting.promoted.at
    two = entry(waiting, 2)
    assert (two.progress, two.promoted_by, two.live_since) == ("promoted", "tester", None)
    assert two.promoted_at == waiting.promoted.at
    assert entry(waiting, 4).promoted_at is None
    project.deploy(ids[2])
    project.now += timedelta(hours=1)
    live = project.look()
    two = entry(live, 2)
    assert (two.progress, two.live_since) == ("live", live.generated_at - timedelta(minutes=1))
    assert two.promoted_at == waiting.promoted.at, "it stays known"


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
    with pytest.raises(RefusedError, match="production runs r3, and r2 is no newer"):
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


def test_somebody_else_moved_the_ref(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    promote(project, "r2")
    project.repo.set_ref("released", ids[2])
    said = project.look()
    sentence = "released was moved from r2 to r3 by somebody else, not by the shepherd"
    assert any(sentence in warning for warning in said.warnings)
    assert [line for line in lines_of(project, "source") if "result=moved" in line]
    assert entry(said, 3).promoted_by == "" and entry(said, 3).promoted_at
    assert moves(project) == [(1, 2, "tester"), (2, 3, "")]
    project.look()
    assert len(moves(project)) == 2, "one entry for one move"
    project.now += timedelta(days=31)
    assert not project.look().warnings


def test_what_was_promoted_and_turned_bad_is_said_and_never_taken_back(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    promote(project)
    project.tag(2, "qa-bad", "bad-commit-2")
    plan, snapshot = promote(project)
    assert plan is None and released(project) == ids[2]
    assert any("r3 is promoted, but may not go to production any more: r2" in w for w in snapshot.warnings)
    assert [(e.data["revno"], e.data["on"]) for e in entries(project, "alarm")] == [(2, True)]
    project.tag(2, "qa-ok")
    assert not project.look().warnings
    assert entries(project, "alarm")[-1].data["on"] is False


def test_a_hotfix_that_the_target_lacks_is_not_lost_silently(tmp_path: Path) -> None:
    project, ids = ready(tmp_path, branch='promote = { ref = "production" }')
    fix = project.repo.commit("Hotfix", branch="production")
    with pytest.raises(RefusedError, match=f"a commit that r3 lacks .{fix[:12]}.: land them"):
        promote(project)
    plan, _ = promote(project, drop_hotfix="mended otherwise")
    assert plan and (plan.dropped, plan.drop_hotfix) == ((fix,), "mended otherwise")
    assert released(project, "production") == ids[2]
    assert entries(project, "promoted")[-1].data["drop_hotfix"] == "mended otherwise"


def test_a_hotfix_on_the_promoted_ref_alone_is_not_lost_either(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    fix = project.repo.commit("Hotfix", branch="released")
    with pytest.raises(RefusedError, match=fix[:12]):
        promote(project)
    assert released(project) == fix


@pytest.mark.parametrize("ref", ["production", "released"])
def test_a_hotfix_that_landed_as_well_is_no_obstacle(tmp_path: Path, ref: str) -> None:
    project = Project(tmp_path, branch=f'promote = {{ ref = "{ref}" }}')
    one = project.land("[no-qa] One")[0]
    project.deploy(one)
    project.repo.set_ref(ref, one)
    project.repo.commit("Hotfix", files={"fix": "x\n"}, branch=ref)
    landed = project.repo.commit("[no-qa] Hotfix", files={"fix": "x\n"}, date=int(project.now.timestamp()))
    promote(project)
    assert released(project, ref) == landed


class TestDespite:
    """The night when the tracker is down."""

    def test_it_is_recorded_and_shown_for_thirty_days(self, tmp_path: Path) -> None:
        project, ids = ready(tmp_path)
        project.look()
        (tmp_path / "bugs.json").rename(tmp_path / "gone")
        plan, _ = promote(project, "r3", despite="the shop is down")
        assert released(project) == ids[2]
        assert plan and [(line.revno, line.state, line.reason) for line in plan.goes] == [
            (2, "ok", "last known: bug 2 is qa-ok"),
            (3, "untestable", "last known: it landed marked [no-qa]: there is nothing to QA"),
        ]
        assert entries(project, "promoted")[-1].data["despite"] == "the shop is down"
        sentence = "r3 was promoted by tester on 2011-08-01 09:53 UTC although it was not known"
        assert any(sentence in warning for warning in project.look().warnings), "also without data"
        (tmp_path / "gone").rename(tmp_path / "bugs.json")
        project.now += timedelta(days=29)
        assert any("the shop is down" in warning for warning in project.look().warnings)
        project.now += timedelta(days=2)
        assert not project.look().warnings

    def test_what_was_bad_when_it_was_last_known_stays_bad(self, tmp_path: Path) -> None:
        project, ids = ready(tmp_path)
        project.tag(2, "qa-bad", "bad-commit-2")
        project.look()
        (tmp_path / "bugs.json").unlink()
        with pytest.raises(RefusedError, match="r2 was bad when it was last known"):
            promote(project, "r3", despite="hurry")
        assert released(project) == ids[0]

    def test_a_rollback_of_it_helps_also_then(self, tmp_path: Path) -> None:
        project, _ = ready(tmp_path)
        project.tag(2, "qa-bad", "bad-commit-2")
        project.look()
        (tmp_path / "bugs.json").unlink()
        six = project.land("[rollback=2][rollback=4] Six")[0]
        promote(project, "r6", despite="hurry")
        assert released(project) == six

    def test_it_is_no_way_past_what_is_known(self, tmp_path: Path) -> None:
        project, ids = ready(tmp_path)
        with pytest.raises(RefusedError, match="--despite is for what cannot be read"):
            promote(project, "r4", despite="hurry")
        assert released(project) == ids[0]

    def test_a_bug_that_cannot_be_read_is_not_known(self, tmp_path: Path) -> None:
        project, ids = ready(tmp_path)
        project.look()
        del project.bugs["4"]
        project.write_bugs()
        promote(project, "r4", despite="looked myself")
        assert released(project) == ids[3]

    def test_no_source_no_promotion(self, tmp_path: Path) -> None:
        project, _ = ready(tmp_path)
        project.look()
        project.repo.git("update-ref", "-d", "refs/heads/production")
        with pytest.raises(SourceError):
            promote(project, "r3", despite="hurry")
        assert not moves(project)

    def test_never_backwards(self, tmp_path: Path) -> None:
        project, _ = ready(tmp_path)
        promote(project)
        (tmp_path / "bugs.json").unlink()
        with pytest.raises(RefusedError, match="older than r3"):
            promote(project, "r2", despite="hurry")


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (lambda p, _: p.repo.git("update-ref", "-d", "refs/heads/released"), None),
        (lambda p, _: p.repo.git("tag", "released", "refs/heads/released"), None),
        (
            lambda p, _: p.repo.git("symbolic-ref", "refs/heads/released", "refs/heads/stable"),
            "only stands for",
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
    meddle(monkeypatch, after=lambda: project.land("[no-qa] More") and None)
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


def test_a_push_that_was_given_up_and_arrives_late_is_still_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, ids = ready(tmp_path)

    def lost(*_: object) -> None:
        raise SourceError("the line went dead")

    with monkeypatch.context() as patch:
        patch.setattr("shepherd.stages.promote.move_ref", lost)
        with pytest.raises(SourceError, match="dead"):
            promote(project)
    project.look()
    assert not moves(project)
    project.repo.set_ref("released", ids[2])
    assert not project.look().warnings
    assert moves(project) == [(1, 3, "tester")]


def test_a_repository_that_may_not_be_written_is_one_sentence(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    lock = project.repo.git_dir / "refs" / "heads" / "released.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    with pytest.raises(SourceError, match=r"refs/heads/released could not be moved: .*lock"):
        promote(project)
    assert released(project) == ids[0]
    assert [e.data.get("result") for e in entries(project, "done")] == ["failed"]
    lock.unlink()
    promote(project)
    assert released(project) == ids[2] and len(moves(project)) == 1


class TestCommand:
    """As people call it."""

    def test_plan_and_result_are_printed(self, tmp_path: Path) -> None:
        ready(tmp_path)
        done = inv(tmp_path, "promote", "--reason", "friday")
        assert done.code == 0, done.err
        assert done.out.startswith("stable: promoting r3 (")
        assert "  why: friday\n" in done.out and done.out.endswith("stable: promoted r3\n")
        assert max(map(len, done.out.splitlines())) <= 80
        status = inv(tmp_path, "status").out
        assert "promoted: r3 by tester on" in status and "production runs r1" in status
        history = inv(tmp_path, "history").out
        assert "promoted from r1 to r3, by tester: friday" in history
        told = inv(tmp_path, "history", "--rev", "r2").out
        assert "was promoted, with r3, by tester" in told
        log = (tmp_path / "var" / "log" / "shepherd.log").read_text()
        assert "what=promote" in log and " gap=0." in log

    @pytest.mark.parametrize(
        ("words", "code", "told"),
        [
            (["--to", "r4"], 8, "r4 may not go to production"),
            (["--to", "r9"], 2, "r9 is no landing of stable that was read"),
            (["--despite", "x"], 2, "--despite goes with --to REV"),
            (["--to", "r3", "--despite", " "], 2, "a reason is needed"),
            (["--to", "rubbish!"], 2, "rubbish!"),
        ],
    )
    def test_refusals(self, tmp_path: Path, words: list[str], code: int, told: str) -> None:
        project, ids = ready(tmp_path)
        done = inv(tmp_path, "promote", *words)
        assert (done.code, told in done.err) == (code, True), done.err
        assert released(project) == ids[0]

    def test_json(self, tmp_path: Path) -> None:
        ready(tmp_path)
        said = json.loads(inv(tmp_path, "promote", "--json", "--dry-run").out)
        assert (said["result"], said["plan"]["from"]["revno"], said["plan"]["to"]["revno"]) == (
            "would be promoted",
            1,
            3,
        )
        assert json.loads(inv(tmp_path, "promote", "--json").out)["result"] == "promoted"
        assert json.loads(inv(tmp_path, "promote", "--json").out)["result"] == "nothing to do"


class TestAuto:
    """`promote.auto` in `inv run`."""

    TOP = '[promote]\nauto = true\nsettle = "15m"\n'

    def settle(self, project: Project, minutes: int) -> int | None:
        """A run so many minutes later; the revno that the ref is at then."""
        project.now += timedelta(minutes=minutes - 1)
        run = project.run("run")
        find_branch(project.settings, "stable", run)
        judge_branch(project.settings, "stable", run)
        found = settled_revision(project.settings, "stable", run)
        return found.revno if found else None

    def test_it_waits_until_it_was_deployable_for_long_enough(self, tmp_path: Path) -> None:
        project, _ = ready(tmp_path, top=self.TOP)
        assert [self.settle(project, 5) for _ in range(4)] == [None, None, None, 3]

    def test_a_doubt_in_between_begins_it_anew(self, tmp_path: Path) -> None:
        project, _ = ready(tmp_path, top=self.TOP)
        assert self.settle(project, 5) is None
        assert self.settle(project, 10) is None
        project.tag(2, "qa-needstesting")
        assert self.settle(project, 5) is None
        project.tag(2, "qa-ok")
        assert self.settle(project, 5) is None
        assert self.settle(project, 10) is None
        assert self.settle(project, 10) == 3

    def test_no_data_in_between_begins_it_anew(self, tmp_path: Path) -> None:
        project, _ = ready(tmp_path, top=self.TOP)
        self.settle(project, 5)
        (tmp_path / "bugs.json").write_text("{")
        assert self.settle(project, 20) is None
        project.write_bugs()
        assert self.settle(project, 5) is None
        assert self.settle(project, 20) == 3

    def test_new_landings_do_not_hold_it_up(self, tmp_path: Path) -> None:
        project, _ = ready(tmp_path, top=self.TOP)
        project.tag(4, "qa-ok")
        assert self.settle(project, 5) is None
        for _ in range(3):
            project.land("[no-qa] More")
            found = self.settle(project, 10)
        assert found == 7, "r8 is too new"

    def test_off_by_default_and_a_stage_of_the_run_when_on(self, tmp_path: Path) -> None:
        project, ids = ready(tmp_path)
        assert "promote" not in inv(tmp_path, "run").out
        assert released(project) == ids[0]
        project.write_settings(branch=PROMOTE, top='[promote]\nauto = true\nsettle = "1h"\n')
        waiting = inv(tmp_path, "run")
        assert "nothing to promote that was deployable for 1h" in waiting.out
        project.write_settings(branch=PROMOTE, top='[promote]\nauto = true\nsettle = "1s"\n')
        time.sleep(1.1)
        done = inv(tmp_path, "run")
        assert done.code == 0 and "stable: promoted r3" in done.out, done.out + done.err
        assert released(project) == ids[2]
        assert deployable(project.look()) is not None


def test_alarms_begin_and_end_once(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    project.deploy(ids[2])
    project.look()
    project.tag(2, "qa-bad", "bad-commit-2")
    for _ in range(3):
        assert [alarm.revno for alarm in project.look().alarms] == [2]
    (tmp_path / "bugs.json").write_text("{")
    project.look()
    project.write_bugs()
    project.look()
    assert [(e.data["on"], e.why) for e in entries(project, "alarm")] == [
        (True, "production runs r2, which is bad: bug 2 bears bad-commit-2")
    ]
    project.tag(2, "qa-ok")
    project.look()
    project.tag(2, "qa-bad", "bad-commit-2")
    project.look()
    assert [e.data["on"] for e in entries(project, "alarm")] == [True, False, True]
