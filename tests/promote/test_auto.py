"""`promote.auto` in `inv run`: only what stood for long enough."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shepherd.stages.find import find_branch
from shepherd.stages.judge import judge_branch
from shepherd.stages.promote import settled_revision
from tests.inv import inv
from tests.project import Project, deployable
from tests.promoting import PROMOTE, promote, ready, released
from tests.waiting import until


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

    @pytest.mark.real
    def test_off_by_default_and_a_stage_of_the_run_when_on(self, tmp_path: Path) -> None:
        project, ids = ready(tmp_path)
        assert "promote" not in inv(tmp_path, "run").out
        assert released(project) == ids[0]
        project.write_settings(branch=PROMOTE, top='[promote]\nauto = true\nsettle = "1h"\n')
        waiting = inv(tmp_path, "run")
        assert "nothing newer has been deployable for 1h" in waiting.out
        project.write_settings(branch=PROMOTE, top='[promote]\nauto = true\nsettle = "1s"\n')
        until(lambda: "stable: promoted r3" in inv(tmp_path, "run").out)
        assert released(project) == ids[2]
        assert deployable(project.look()) is not None

    def test_what_somebody_took_back_goes_out_again_only_by_hand(self, tmp_path: Path) -> None:
        project, ids = ready(tmp_path, branch='promote = { ref = "production" }', top=self.TOP)
        promote(project)
        project.repo.set_ref("production", ids[0])
        assert [self.settle(project, 10) for _ in range(4)] == [None] * 4
        project.tag(4, "qa-ok")
        project.look()
        assert [self.settle(project, 10) for _ in range(3)][-1] == 5, "newer than what was taken back"
        promote(project, "r3")
        assert released(project, "production") == ids[2]
