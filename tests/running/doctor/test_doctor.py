"""doctor as a whole: its lines, its exit code, and that nothing is touched by looking."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import PARTLY, WRONG_VALUE
from shepherd.running import doctor
from shepherd.running.doctor import host
from shepherd.running.doctor.checking import Finding
from shepherd.running.situation import note_run
from shepherd.views.terminal import width
from tests.inv import ROOT, inv_here
from tests.project import Project
from tests.running.crontab import Crontab
from tests.running.doctor.looking import (
    all_locks_held,
    code,
    configure,
    listening,
    looked,
    said,
    told,
    tree,
    unwell,
)


def test_all_is_well(project: Project) -> None:
    assert unwell(project, offline=False) == []
    assert code(project) == 0


def test_every_check_says_something(project: Project) -> None:
    told = {each.name.split()[0] for each in looked(project)}
    assert {name for name, _ in (*doctor.HOST, *doctor.CHECKS)} - {"stages", "hosts", "told"} <= told
    assert {"settings", "stage"} <= told


def test_wrong_settings_are_told_and_what_needs_none_is_looked_at(project: Project) -> None:
    configure(project, "[unknown]\n")
    assert unwell(project) == [("fail", "settings"), ("fail", "other checks")]
    assert {"python", "dependencies", "git"} <= {each.name for each in looked(project)}
    assert code(project) == WRONG_VALUE


def test_another_user_than_the_owner_ends_with_2(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    assert ("fail", "state_dir") in unwell(project)
    assert code(project) == WRONG_VALUE


def test_a_check_that_breaks_stops_no_other(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_given: Any) -> Iterator[Finding]:
        raise ZeroDivisionError("poison")

    checks = tuple((name, broken if name == "clock" else check) for name, check in doctor.CHECKS)
    monkeypatch.setattr(doctor, "CHECKS", checks)
    assert unwell(project) == [("fail", "clock")]
    assert "poison" in said(project, "clock")


def test_before_the_first_run_all_that_is_missing_is_a_warning(tmp_path: Path, table: Crontab) -> None:
    project = Project(tmp_path / "site")
    project.land("[bug=1] One")
    project.deploy("stable")
    project.state.rmdir()
    assert {level for level, _ in unwell(project)} == {"warn"}
    assert code(project) == PARTLY
    assert not project.state.exists()


@pytest.mark.parametrize("offline", [True, False])
def test_looking_writes_nothing(offline: bool, project: Project) -> None:
    configure(project, '[mail]\nsender = "q@example.org"\nsmtp = "127.0.0.1:9"\n')
    before = tree(project.folder)
    looked(project, offline=offline)
    assert tree(project.folder) == before


def test_looking_waits_for_no_lock(project: Project) -> None:
    with all_locks_held(project.state / "run"):
        assert unwell(project) == []


@pytest.mark.parametrize("offline", [True, False])
def test_offline_makes_no_connection(offline: bool, project: Project) -> None:
    with listening() as (port, heard):
        here = f"http://127.0.0.1:{port}"
        (project.folder / "shepherd.toml").write_text(
            f'[branches.stable]\nrepository = "project.git"\nref = "stable"\n'
            f'deployed = {{ url = "{here}/r" }}\n'
            f'[branches.far]\nrepository = "{here}/p.git"\nref = "stable"\n'
            'deployed = { ref = "production" }\n'
            f'[mail]\nsender = "q@example.org"\nsmtp = "127.0.0.1:{port}"\n'
        )
        found = looked(project, offline=offline)
    told = [each.name for each in found if "--offline" in each.what]
    assert told == (["repository far", "deployed stable", "smtp"] if offline else [])
    assert len(heard) == 0 if offline else len(heard) >= 3


def test_the_dependencies_looked_for_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = tuple(
        each.partition(">")[0].partition("[")[0].strip().lower() for each in project["dependencies"]
    )
    assert sorted(names) == sorted(host.NEEDED)


def test_a_dependency_that_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "NEEDED", ("no_such_package",))
    (finding,) = host.dependencies()
    assert finding.level == "fail" and "no_such_package" in finding.what


@pytest.mark.parametrize(
    ("version", "level"),
    [("2.29.9", "fail"), ("2.30.0", "warn"), ("2.39.5 (Apple)", "warn"), ("mystery", "fail")],
)
def test_the_version_of_git(
    version: str, level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\necho 'git version {version}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(host, "PATH", "/nowhere")
    assert [each.level for each in host.git()] == [level]


def test_a_git_that_cannot_merge_trees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\necho 'git version 2.38.5'\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(host, "PATH", str(tmp_path))
    (finding,) = host.git()
    assert (finding.level, finding.remedy) == ("warn", "install git 2.39 or newer")


def test_no_git_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (finding,) = host.git()
    assert finding.level == "fail" and "install git" in finding.remedy


def test_lines_fit_a_terminal_and_begin_with_the_level(project: Project) -> None:
    note_run(project.settings, "judge", "long words of fire \x1b[31m " * 20)
    _, lines = told(project)
    assert all(each[:6] in ("ok    ", "warn  ", "fail  ") for each in lines)
    assert all(width(row) <= 80 and "\x1b" not in row for each in lines for row in each.split("\n"))


def test_json_says_the_same(project: Project) -> None:
    (project.folder / "bugs.json").write_text("{")
    code, (text,) = told(project, json=True)
    document = json.loads(text)
    assert document["exit"] == code == PARTLY
    assert [(each["level"], each["name"]) for each in document["checks"]] == [
        (each.level, each.name) for each in looked(project)
    ]


@pytest.mark.parametrize(
    ("line", "check"),
    [
        ("projects", "tracker"),
        ("tagger", "tracker"),
        ("stage find", "stages"),
        ("deployed stable", "deployed"),
    ],
)
def test_only_takes_what_stands_in_front_of_a_line(project: Project, line: str, check: str) -> None:
    def names(only: str) -> list[str]:
        done = inv_here(project.folder, "doctor", "--offline", "--json", "--only", only)
        assert done.err == ""
        return [each["name"] for each in json.loads(done.out)["checks"]]

    assert names(line) == names(check)
    assert len(names(line)) > 1
