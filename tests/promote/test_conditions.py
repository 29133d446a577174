"""`inv promote` and the conditions of a candidate: what refuses, and what `--despite` passes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct
from msgspec.structs import replace

from shepherd.errors import REFUSED, RefusedError
from shepherd.plans.promotion import Promotion, PromotionOrder
from shepherd.situation import Freeze, Situation
from shepherd.stages.promote import promote_branch
from shepherd.values import parse_rev
from tests.inv import ROOT
from tests.project import Project
from tests.promoting import PROMOTE, entries, moves, released

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


class ConditionedProject(Project):
    """Whose file of the tracker has checks, too; and which may be frozen."""

    def __init__(self, folder: Path, branch: str) -> None:
        self.checks: dict[str, dict[str, str]] = {}
        self.frozen = ""
        super().__init__(folder, branch=f"{PROMOTE}\n{branch}")

    def write_bugs(self) -> None:
        document = {"bugs": self.bugs, "checks": self.checks}
        (self.folder / "bugs.json").write_text(json.dumps(document))

    def check(self, sha: str, **results: str) -> None:
        self.checks[sha] = results
        self.write_bugs()

    def promote(self, to: str = "r3", shown: list[Promotion] | None = None, **order: Any) -> Promotion | None:
        freeze = Freeze(who="ann", why=self.frozen)
        present = Situation(freezes={"stable": (freeze,)} if self.frozen else {})
        run = replace(self.run("promote"), situation=lambda: present)
        show = shown.append if shown is not None else lambda _plan: None
        rev = parse_rev(to) if to else None
        return promote_branch(self.settings, "stable", run, rev, PromotionOrder(**order), show)[0]


def project_of(folder: Path, case: DespiteCase) -> tuple[ConditionedProject, list[str]]:
    required = f"checks = {json.dumps(case.required)}\n" if case.checks is not None else ""
    project = ConditionedProject(folder, f"{required}limits = {case.limits}")
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
    project.frozen = case.frozen
    return project, ids


@pytest.mark.parametrize("case", CASES, ids=[case.why for case in CASES])
class TestDespite:
    def test_without_it_it_is_refused_in_a_sentence(self, tmp_path: Path, case: DespiteCase) -> None:
        project, ids = project_of(tmp_path, case)
        if not case.said:
            assert project.promote()
            assert released(project) == ids[2]
            return
        with pytest.raises(RefusedError) as refused:
            project.promote()
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
                project.promote(despite=WHY)
            assert released(project) == ids[0]
            return
        plan = project.promote(despite=WHY)
        assert plan is not None
        assert released(project) == ids[2]
        assert len(plan.passed) == case.passes
        [moved] = [entry for entry in entries(project, "promoted") if entry.data.get("despite")]
        assert moved.data.get("passed", []) == list(plan.passed)
        assert moved.data["despite"] == WHY
        warnings = [each for each in project.look().warnings if each.endswith(f": {WHY}")]
        assert len(warnings) == 1
        for sentence in plan.passed:
            assert sentence in warnings[0]
