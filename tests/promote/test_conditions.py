"""`inv promote` and the conditions of a candidate: what refuses, and what `--despite` passes."""

from __future__ import annotations

import json
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct
from msgspec.structs import replace

from shepherd.cautions import cautions
from shepherd.errors import REFUSED, RefusedError
from shepherd.plans.promotion import Promotion, PromotionOrder
from shepherd.situation import Situation
from shepherd.stages.promote import promote_branch, settled_revision
from shepherd.store.snapshots import Snapshots
from shepherd.values import parse_rev
from tests.inv import ROOT, inv_here
from tests.project import Project, deployable, entry
from tests.promoting import PROMOTE, entries, moves, promote, released

WHY = "looked myself"


class DespiteCase(Struct, forbid_unknown_fields=True):
    why: str
    said: list[str]
    passes: int | None = None
    checks: dict[str, str] | None = None
    required: tuple[str, ...] = ("build",)
    limits: str = "[]"
    bug: str = ""
    frozen: str = ""


CASES = msgspec.convert(
    tomllib.loads((ROOT / "tests/cases/despite.toml").read_text())["case"], list[DespiteCase]
)


def go(project: Project, to: str = "r3", **order: Any) -> Promotion | None:
    return promote(project, to, **order)[0]


def project_of(folder: Path, case: DespiteCase) -> tuple[Project, list[str]]:
    required = f"checks = {json.dumps(case.required)}\n" if case.checks is not None else ""
    frozen = f'freeze = [{{ dates = "2011-08-01", reason = "{case.frozen}" }}]\n' if case.frozen else ""
    project = Project(folder, f"{PROMOTE}\n{required}{frozen}limits = {case.limits}")
    second = "[bug=2] Two" if case.bug else "[no-qa] Two"
    ids = [
        project.repo.commit(message, {path: "x"})
        for message, path in (("[no-qa] One", "a"), (second, "db/2.sql"), ("[no-qa] Three", "db/3.sql"))
    ]
    for ref in ("production", "released"):
        project.repo.set_ref(ref, ids[0])
    if case.bug not in ("", "gone"):
        project.tag(2, case.bug)
    project.check(ids[1], **dict.fromkeys(case.required, "success"))
    if case.checks:
        project.check(ids[2], **case.checks)
    return project, ids


@pytest.mark.parametrize("case", CASES, ids=[case.why for case in CASES])
class TestDespite:
    def test_without_it_it_is_refused_in_a_sentence(self, tmp_path: Path, case: DespiteCase) -> None:
        project, ids = project_of(tmp_path, case)
        if not case.said:
            assert go(project)
            assert released(project) == ids[2]
            return
        with pytest.raises(RefusedError) as refused:
            go(project)
        assert refused.value.code == REFUSED
        said = str(refused.value)
        places = [said.find(part) for part in case.said]
        assert -1 not in places, said
        assert places == sorted(places), said
        if not case.bug and case.frozen == "":
            assert said.endswith('; nevertheless: inv promote --to r3 --despite "…"')
        assert released(project) == ids[0]
        assert not moves(project)

    def test_with_it(self, tmp_path: Path, case: DespiteCase) -> None:
        project, ids = project_of(tmp_path, case)
        if case.passes is None:
            with pytest.raises(RefusedError, match="a verdict or a rollback has to settle"):
                go(project, despite=WHY)
            assert released(project) == ids[0]
            return
        if case.said:
            # by which all of it is known
            with pytest.raises(RefusedError):
                go(project)
        plan = go(project, despite=WHY)
        assert plan is not None
        assert released(project) == ids[2]
        assert len(plan.passed) == case.passes
        [moved] = [move for move in entries(project, "promoted") if move.data.get("despite")]
        assert moved.data.get("passed", []) == list(plan.passed)
        assert moved.data["despite"] == WHY
        warnings = [each for each in project.look().warnings if each.endswith(f": {WHY}")]
        assert len(warnings) == 1
        for sentence in plan.passed:
            assert sentence in warnings[0]


class TestAfresh:
    """What is remembered of checks is not enough to move anything."""

    def project(self, folder: Path) -> tuple[Project, list[str]]:
        project, ids = project_of(folder, DespiteCase("", [], checks={"build": "success"}))
        assert deployable(project.look()) == 3
        return project, ids

    def test_what_turned_red_meanwhile_refuses(self, tmp_path: Path) -> None:
        project, ids = self.project(tmp_path)
        project.check(ids[2], build="failed")
        with pytest.raises(RefusedError, match="r3 may not go to production: build failed"):
            go(project)
        assert released(project) == ids[0]

    def test_without_a_target_the_next_below_goes(self, tmp_path: Path) -> None:
        project, ids = self.project(tmp_path)
        project.check(ids[2], build="failed")
        assert go(project, "")
        assert released(project) == ids[1]

    def test_one_that_was_never_asked_for_is_asked(self, tmp_path: Path) -> None:
        project, ids = project_of(tmp_path, DespiteCase("", [], checks={"build": "success"}))
        for sha in project.land(*["[no-qa] More"] * 12):
            project.check(sha, build="success")
        assert not entry(project.look(), 2).checks
        assert go(project, "r2")
        assert released(project) == ids[1]

    def test_checks_that_went_away_since_are_no_checks(self, tmp_path: Path) -> None:
        project, ids = self.project(tmp_path)
        project.checks = {}
        project.write_bugs()
        with pytest.raises(RefusedError, match="not reported yet"):
            go(project)
        assert released(project) == ids[0]

    def test_a_limit_and_a_check_are_both_named(self, tmp_path: Path) -> None:
        project, _ = project_of(
            tmp_path, DespiteCase("", [], checks={"build": "failed"}, limits='[{ paths = ["db/*.sql"] }]')
        )
        project.look()
        with pytest.raises(RefusedError, match=r"r2 and r3 touch .*; build failed; nevertheless"):
            go(project)

    def test_what_stays_says_which_condition_keeps_it(self, tmp_path: Path) -> None:
        project, ids = self.project(tmp_path)
        project.check(ids[2], build="failed")
        plan = go(project, "r2")
        assert plan and [(line.revno, line.reason) for line in plan.stays] == [(3, "build failed")]


class TestAfterwards:
    """What somebody knew and passed is no news."""

    def promoted_bad(self, project: Project) -> list[str]:
        snapshot = project.look()
        known = cautions(snapshot, Situation(now=project.now))
        return [str(each.sentence) for each in known if each.kind == "promoted-bad"]

    def test_what_was_passed_is_not_held_against_it(self, tmp_path: Path) -> None:
        project, _ = project_of(tmp_path, DespiteCase("", [], checks={"build": "failed"}))
        assert go(project, despite=WHY)
        assert project.look().promotions[0].passed == ("build failed",)
        assert self.promoted_bad(project) == []

    def test_what_turned_up_since_is(self, tmp_path: Path) -> None:
        project, ids = project_of(tmp_path, DespiteCase("", [], checks={"build": "pending"}))
        assert go(project, despite=WHY)
        project.check(ids[2], build="failed")
        assert self.promoted_bad(project) == ["r3 is promoted, but may not go to production: build failed"]

    def test_what_nobody_passed_is(self, tmp_path: Path) -> None:
        project, ids = project_of(tmp_path, DespiteCase("", [], checks={"build": "success"}))
        assert go(project)
        project.check(ids[2], build="failed")
        project.drop_cache()
        assert self.promoted_bad(project) == ["r3 is promoted, but may not go to production: build failed"]


class TestNews:
    """A `despite` answers for what the last answer said."""

    def refused(self, project: Project) -> str:
        with pytest.raises(RefusedError) as refused:
            promote_branch(
                *(project.settings, "stable", project.run("promote"), parse_rev("r3")),
                PromotionOrder(despite=WHY),
                lambda _plan: pytest.fail("it is no plan yet"),
            )
        return str(refused.value)

    def then_it_goes(self, project: Project, ids: list[str]) -> None:
        run = project.run("promote")
        order = PromotionOrder(despite=WHY)
        promote_branch(project.settings, "stable", run, parse_rev("r3"), order, lambda _plan: None)
        assert released(project) == ids[2]

    def test_a_check_that_turned_red_since_is_refused_once(self, tmp_path: Path) -> None:
        limits = '[{ paths = ["db/*.sql"] }]'
        project, ids = project_of(tmp_path, DespiteCase("", [], checks={"build": "success"}, limits=limits))
        project.look()
        project.check(ids[2], build="failed")
        said = self.refused(project)
        assert "r3 may not go to production: build: failed; the last answer did not say so" in said
        assert said.endswith('to pass this, too: inv promote --to r3 --despite "…"')
        assert released(project) == ids[0]
        self.then_it_goes(project, ids)

    def test_so_is_one_that_was_still_running(self, tmp_path: Path) -> None:
        project, ids = project_of(tmp_path, DespiteCase("", [], checks={"build": "pending"}))
        project.look()
        project.check(ids[2], build="failed")
        assert "build: failed" in self.refused(project)
        project.check(ids[2], build="pending")
        self.then_it_goes(project, ids)

    def test_so_is_a_bug_that_cannot_be_read_any_more(self, tmp_path: Path) -> None:
        case = DespiteCase("", [], checks={"build": "failed"}, bug="qa-ok")
        project, ids = project_of(tmp_path, case)
        project.look()
        del project.bugs["2"]
        project.write_bugs()
        assert "r2 is unknown: bug 2 " in self.refused(project)
        self.then_it_goes(project, ids)

    def test_so_is_a_tracker_that_cannot_be_read_any_more(self, tmp_path: Path) -> None:
        project, ids = project_of(tmp_path, DespiteCase("", [], checks={"build": "failed"}))
        project.look()
        (tmp_path / "bugs.json").unlink()
        assert "bugs.json" in self.refused(project)
        self.then_it_goes(project, ids)

    def test_so_is_all_of_a_landing_that_is_newer_than_the_answer(self, tmp_path: Path) -> None:
        project, ids = project_of(tmp_path, DespiteCase("", [], checks={"build": "pending"}))
        assert "build: running" in self.refused(project)
        self.then_it_goes(project, ids)


class TestWithoutData:
    def test_what_could_not_be_looked_at_is_said(self, tmp_path: Path) -> None:
        project, ids = project_of(tmp_path, DespiteCase("", [], checks={"build": "success"}))
        project.look()
        (tmp_path / "bugs.json").unlink()
        plan = go(project, despite=WHY)
        assert plan and released(project) == ids[2]
        assert plan.passed == ("it is not known whether its checks hold, and whether it exceeds a limit",)


class TestTheCommand:
    def test_json_has_what_was_passed(self, tmp_path: Path) -> None:
        project, ids = project_of(tmp_path, DespiteCase("", [], checks={"build": "failed"}))
        project.look()
        refused = inv_here(tmp_path, "promote", "--to", "r3")
        assert refused.code == REFUSED
        assert 'inv promote --to r3 --despite "…"' in refused.err
        done = inv_here(tmp_path, "promote", "--to", "r3", "--despite", WHY, "--json")
        assert json.loads(done.out)["plan"]["passed"] == ["build failed"]
        assert released(project) == ids[2]

    def test_with_several_branches_the_command_names_its_own(self, tmp_path: Path) -> None:
        project, _ = project_of(tmp_path, DespiteCase("", [], checks={"build": "failed"}))
        settings = tmp_path / "shepherd.toml"
        other = (
            '[branches.other]\nrepository = "project.git"\nref = "stable"\ndeployed = { recorded = true }\n'
        )
        settings.write_text(settings.read_text() + other)
        with pytest.raises(RefusedError, match=r'--despite "…" --branch stable$'):
            go(project)


class TestSettling:
    """promote.settle counts from when the checks held, too."""

    def test_a_revision_counts_from_when_its_checks_held(self, tmp_path: Path) -> None:
        project, ids = project_of(tmp_path, DespiteCase("", [], checks={"build": "pending"}))
        project.deploy(ids[1])
        project.look()
        project.now += timedelta(hours=1)
        project.look()
        assert settled_now(project) is None
        project.check(ids[2], build="success")
        project.look()
        assert settled_now(project) is None, "it has just begun to hold"
        project.now += timedelta(minutes=16)
        project.look()
        assert settled_now(project) == 3

    def test_one_that_was_red_in_between_begins_again(self, tmp_path: Path) -> None:
        project, ids = project_of(tmp_path, DespiteCase("", [], checks={"build": "success"}))
        project.deploy(ids[1])
        project.look()
        project.now += timedelta(minutes=10)
        project.checks = {}
        project.write_bugs()
        project.drop_cache()
        project.look()
        project.now += timedelta(minutes=2)
        project.check(ids[2], build="success")
        project.look()
        project.now += timedelta(minutes=10)
        project.look()
        assert settled_now(project) is None
        project.now += timedelta(minutes=10)
        project.look()
        assert settled_now(project) == 3

    def test_a_newer_one_that_holds_takes_no_time_from_the_older(self, tmp_path: Path) -> None:
        project, _ = project_of(tmp_path, DespiteCase("", [], checks={"build": "success"}))
        project.look()
        project.now += timedelta(minutes=16)
        project.check(project.land("[no-qa] Four")[0], build="success")
        assert deployable(project.look()) == 4
        assert settled_now(project) == 3


def settled_now(project: Project) -> int | None:
    """What `inv run` would promote by itself after the last look."""
    last = Snapshots(project.state / "snapshots", "stable").last_written()
    assert last is not None
    run = replace(project.run("promote"), id=last.run_id)
    landing = settled_revision(project.settings, "stable", run)
    return landing.revno if landing else None
