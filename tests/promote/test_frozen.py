"""Promotions and freezes: the last look, what `--despite` passes of it, and `promote.auto`, which waits
(docs/running.md#freeze)."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import redirect_stdout
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from shepherd import supervisor
from shepherd.errors import RefusedError
from shepherd.plans.promotion import Promotion, PromotionOrder
from shepherd.running.promote import promote_settled
from shepherd.running.tasking import TaskOptions
from shepherd.situation import Situation
from shepherd.stages import freezes
from shepherd.stages.find import find_branch
from shepherd.stages.freezes import freeze_lock
from shepherd.stages.judge import judge_branch
from shepherd.stages.promote import promote_branch
from shepherd.store import Database, JournalEntry
from shepherd.values import parse_rev
from tests.inv import ROOT, inv_here
from tests.project import Project, lines_of
from tests.promoting import entries, meddle, promote, ready, released
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("engine")
"""On both engines."""


def freeze(project: Project, why: str, who: str = "ann") -> None:
    """A person's word, as `inv freeze.on` writes it."""
    run = replace(project.run("freeze.on"), who=who)
    with Database.of(project.settings) as database:
        database.append("stable", [JournalEntry("freeze", why, {"on": True, "until": None}, who, why)], run)


def promote_while(project: Project, meanwhile: list[str], **order: Any) -> None:
    """A promotion of r3; when its plan is printed, somebody freezes the branch for these reasons."""

    def show(_plan: Promotion) -> None:
        for why in meanwhile:
            freeze(project, why)

    run = project.run("promote")
    promote_branch(project.settings, "stable", run, parse_rev("r3"), PromotionOrder(**order), show)


def test_a_freeze_that_is_set_after_the_plan_stops_it(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    with pytest.raises(
        RefusedError, match=r"^stable: deployments are frozen since .* by ann: new disks; end"
    ):
        promote_while(project, ["new disks"])
    assert released(project) == ids[0]
    assert not entries(project, "meant"), "nothing was even meant"


def test_what_despite_passed_is_recorded_without_ages(tmp_path: Path) -> None:
    """It is read for 30 days: "in 25 hours" would be true of the first minute."""
    project, _ = ready(tmp_path)
    project.look()
    freeze(project, "new disks")
    run = project.run("promote")
    run = replace(run, situation=lambda: Situation(now=run.now))
    order = PromotionOrder(despite="a hole to close")
    promote_branch(project.settings, "stable", run, parse_rev("r3"), order, lambda _plan: None)
    (passed,) = entries(project, "promoted")[-1].data["passed"]
    assert passed.startswith("deployments are frozen since 2011-08-01 09:5")
    assert passed.endswith(" UTC, by ann: new disks")


def test_despite_passes_what_its_plan_knew_of_and_nothing_later(tmp_path: Path) -> None:
    project, ids = ready(tmp_path)
    project.look()
    freeze(project, "new disks")
    with pytest.raises(RefusedError, match="by ann: a fair"):
        promote_while(project, ["a fair"], despite="a hole to close")
    assert released(project) == ids[0]
    promote_while(project, [], despite="a hole to close")
    assert released(project) == ids[2]


def test_despite_passes_no_freeze_that_was_set_while_all_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, ids = ready(tmp_path)
    project.look()
    freeze(project, "new disks")
    meanwhile = ["a fair"]
    meddle(monkeypatch, before=lambda: freeze(project, meanwhile.pop()) if meanwhile else None)
    with pytest.raises(RefusedError, match="by ann: a fair"):
        promote_while(project, [], despite="a hole to close")
    assert released(project) == ids[0]
    promote_while(project, [], despite="a hole to close")
    assert released(project) == ids[2]


def test_a_window_that_begins_after_the_plan_stops_it(tmp_path: Path) -> None:
    project, ids = ready(tmp_path, top='freeze = [{ dates = "2011-08-02", reason = "the fair" }]')
    clock = [project.now]
    run = replace(project.run("promote"), situation=lambda: Situation(now=clock[0]))

    def show(_plan: Promotion) -> None:
        clock[0] += timedelta(days=1)

    with pytest.raises(RefusedError, match=r"frozen until 2011-08-03 .* by the settings: the fair"):
        promote_branch(project.settings, "stable", run, None, PromotionOrder(), show)
    assert released(project) == ids[0]


def test_a_dry_run_is_refused_by_a_freeze_as_well(tmp_path: Path) -> None:
    project, _ = ready(tmp_path)
    project.look()
    freeze(project, "new disks")
    with pytest.raises(RefusedError, match="deployments are frozen"):
        promote(project, dry=True)


def test_it_moves_nothing_while_somebody_writes_a_freeze(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, ids = ready(tmp_path)
    monkeypatch.setattr("shepherd.stages.promote.PATIENCE", 0.1)
    with freeze_lock(project.settings) as held:
        assert held >= 0
        with pytest.raises(RefusedError, match="somebody has been writing a freeze"):
            promote(project)
    assert released(project) == ids[0]


def test_by_itself_it_waits_and_says_so_once_for_each_freeze(tmp_path: Path) -> None:
    project, ids = ready(tmp_path, top='[promote]\nauto = true\nsettle = "1m"\n')
    project.look()
    project.look()

    def by_itself() -> int:
        # what a run did before, in the same run
        run = project.run("run")
        find_branch(project.settings, "stable", run)
        judge_branch(project.settings, "stable", run)
        with redirect_stdout(StringIO()) as out:
            code = promote_settled(TaskOptions(project.settings, "cron"), run).code
        said.append(out.getvalue())
        return code

    said: list[str] = []
    freeze(project, "new disks")
    assert [by_itself() for _ in range(3)] == [0, 0, 0]
    assert all("stable: nothing is promoted by itself: deployments are frozen" in each for each in said)
    assert len(list(lines_of(project, "frozen"))) == 1
    freeze(project, "a fair", who="bob")
    by_itself()
    assert len(list(lines_of(project, "frozen"))) == 2
    assert released(project) == ids[0]
    run = project.run("freeze.off")
    with Database.of(project.settings) as database:
        ends = [JournalEntry("freeze", why, {"on": False}, "ann") for why in ("new disks", "a fair")]
        database.append("stable", ends, run)
    assert by_itself() == 0
    assert released(project) == ids[2]


def test_a_dry_run_of_what_goes_by_itself_says_that_it_would_wait(tmp_path: Path) -> None:
    project, _ = ready(
        tmp_path, top='freeze = [{ dates = "2000-01-01 - 2100-01-01", reason = "the long one" }]'
    )
    with redirect_stdout(StringIO()) as out:
        promote_settled(TaskOptions(project.settings, "cron", dry=True), project.run("run"))
    assert out.getvalue().startswith("stable: would promote nothing: deployments are frozen until 2100-01-02")


def test_a_push_that_outlives_a_killed_promotion_holds_off_who_freezes(tmp_path: Path) -> None:
    """The lock stays with what moves the ref, and not with what that leaves behind."""
    project, _ = ready(tmp_path)
    project.look()
    with freeze_lock(project.settings) as lock:
        ours, others = os.pipe()
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", supervisor.__file__, f"{ours},{lock}", "cat"],
            stdin=subprocess.PIPE,
            pass_fds=[ours, lock],
            start_new_session=True,
        )
        os.close(ours)
    with freeze_lock(project.settings) as held:
        assert held < 0, "what moves the ref is not over"
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait(30) == 0
    with freeze_lock(project.settings, freezes.PATIENCE) as held:
        assert held >= 0
    os.close(others)


@pytest.mark.real
def test_a_promotion_that_is_killed_amid_its_push(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project, ids = ready(tmp_path)
    settings = tmp_path / "shepherd.toml"
    settings.write_text(settings.read_text().replace('"project.git"', f'"file://{project.repo.git_dir}"'))
    os.mkfifo(tmp_path / "never")
    hook = project.repo.git_dir / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/amid\nread line < {tmp_path}/never\n")
    hook.chmod(0o755)
    promotion = subprocess.Popen(
        [sys.executable, "-m", "invoke", "--search-root", str(ROOT), "promote"],
        cwd=tmp_path,
        env={**os.environ, "SHEPHERD_CONFIG": str(settings)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until((tmp_path / "amid").exists)
        with monkeypatch.context() as patch:
            patch.setattr(freezes, "PATIENCE", 0.1)
            done = inv_here(tmp_path, "freeze.on", "--reason", "new disks")
        assert (done.code, "A PROMOTION WAS AT WORK" in done.err) == (7, True)
    finally:
        promotion.kill()
        promotion.wait()
    done = inv_here(tmp_path, "freeze.on", "--reason", "new disks")
    assert (done.code, "it may still move: inv find looks" in done.err) == (7, True)
    assert released(project) == ids[0]
    assert inv_here(tmp_path, "find").code == 0
    assert inv_here(tmp_path, "freeze.on", "--reason", "new disks").code == 0
