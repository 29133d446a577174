"""Runs of a project that are judged again, and what `inv replay` says of them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from shepherd.landing import Landing
from shepherd.rules import states
from shepherd.rules.states import Judged, StateRules
from tests.inv import Done, inv_here
from tests.project import Project


def ten_runs(folder: Path) -> Project:
    """Ten runs on three days: r2 is good, r3 becomes bad, r4 names nothing, r5 is exempt."""
    project = Project(folder / "project", branch='exempt_subjects = ["Merging *"]\nmarks = ["brackets"]\n')
    project.deploy(project.land("root")[0])
    project.land("[bug=2] two")
    project.tag(2, "qa-ok")
    project.look()
    project.look()
    project.land("[bug=3] three", "nothing", "Merging things")
    project.look()
    project.tag(3, "qa-bad")
    for _ in range(3):
        project.now += timedelta(days=1)
        project.look()
    project.look()
    return project


def judge_by_another_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """A qa-bad that names no landing only makes it need testing again."""
    judge = StateRules._judge

    def other(rules: StateRules, landing: Landing) -> Judged:
        judged = judge(rules, landing)
        if judged.rule == "plain-bad":
            return replace(judged, state="needstesting", rule="items")
        return judged

    monkeypatch.setattr(states.StateRules, "_judge", other)


def replay(project: Project, *args: str) -> Done:
    done = inv_here(project.folder, "replay", *args)
    assert all(len(line) <= 80 for line in done.out.splitlines() if not line.startswith("{"))
    return done


def as_json(project: Project, *args: str) -> dict[str, Any]:
    branch: dict[str, Any] = json.loads(replay(project, "--json", *args).out)["branches"][0]
    return branch


def others(project: Project, **lines: str) -> str:
    """A file with other settings: in [branches.stable] these lines stand instead of those with that key."""
    text = (project.folder / "shepherd.toml").read_text()
    kept = [line for line in text.splitlines() if line.partition(" ")[0] not in lines]
    place = kept.index("[branches.stable]") + 1
    (project.folder / "other.toml").write_text("\n".join([*kept[:place], *lines.values(), *kept[place:]]))
    return str(project.folder / "other.toml")


def snapshots(project: Project) -> Path:
    return project.state / "snapshots" / "stable"
