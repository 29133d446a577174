"""The command line: words, exit codes, what stands on which stream."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shepherd.report_files import ENDINGS
from tests.inv import inv
from tests.project import Project
from tests.running.host import after_the_first_run

pytestmark = pytest.mark.real


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """r1 live, r2 good, r3 needs QA."""
    project = Project(tmp_path)
    project.tag(1, "qa-ok")
    project.tag(2, "qa-needstesting", title="Search forgets")
    project.deploy(project.land("[no-qa] Begin", "[bug=1] Two", "[bug=2] Three")[0])
    return project


def test_the_stages_chain_and_the_answer_is_in_the_first_line(project: Project) -> None:
    done = inv(project.folder, "find", "judge", "report")
    assert (done.code, after_the_first_run(done.err)) == (0, "")
    status = inv(project.folder, "status")
    assert status.code == 0
    assert status.out.splitlines()[0].startswith("deploy r2 ")
    assert max(map(len, status.out.splitlines())) <= 80
    pages = sorted(path.name for path in (project.state / "report").iterdir())
    feeds = [f"stable.{ending}" for ending in sorted(ENDINGS)]
    assert pages == ["index.atom", "index.html", "index.json", "shepherd.prom", *feeds]


def test_the_sha_alone_and_exit_8_when_there_is_none(project: Project) -> None:
    inv(project.folder, "find", "judge")
    assert inv(project.folder, "status", "--sha").out == project.repo.git("rev-parse", "stable~1") + "\n"
    project.tag(1, "qa-bad")
    inv(project.folder, "judge")
    done = inv(project.folder, "status", "--sha")
    assert (done.code, done.out) == (8, "")


def test_the_sha_is_no_json(project: Project) -> None:
    inv(project.folder, "find", "judge")
    done = inv(project.folder, "status", "--sha", "--json")
    assert (done.code, done.out) == (2, "")
    assert "--json" in done.err and len(done.err.splitlines()) == 1


def test_no_answer_yet_is_exit_5_with_one_sentence(project: Project) -> None:
    for command in (["status"], ["landings"], ["explain", "r1"], ["status", "--sha"], ["judge"], ["report"]):
        done = inv(project.folder, *command)
        assert done.code == 5, command
        assert done.out == ""
        assert len(done.err.splitlines()) == 1 and "inv " in done.err


def test_no_data_is_printed_and_ends_with_5(project: Project) -> None:
    inv(project.folder, "find", "judge")
    (project.folder / "bugs.json").unlink()
    assert inv(project.folder, "judge").code == 5
    done = inv(project.folder, "status")
    assert done.code == 5
    assert done.out.startswith("no data: ") and "last good answer: deploy r2" in " ".join(done.out.split())
    assert inv(project.folder, "status", "--sha").code == 5


def test_json_is_the_snapshot_with_the_situation(project: Project) -> None:
    inv(project.folder, "find", "judge", "report")
    document = json.loads(inv(project.folder, "status", "--json").out)
    situation = document.pop("situation")
    assert situation["now"] >= document["generated_at"]
    assert document == json.loads((project.state / "report" / "stable.json").read_text())


def test_what_a_person_says_is_recorded_with_who(project: Project) -> None:
    inv(project.folder, "find", "judge")
    done = inv(project.folder, "verdict", "r3", "ok", "--reason", "searched", "--as", "Mia")
    assert done.code == 0 and "deploy r3" in done.out
    assert "verdict on r3: ok, by Mia: searched" in " ".join(
        inv(project.folder, "history", "--rev", "r3").out.split()
    )
    assert "by=Mia" in (project.state / "log" / "shepherd.log").read_text()


def test_explain_finds_a_landing_by_every_name(project: Project) -> None:
    inv(project.folder, "find", "judge")
    sha = project.repo.git("rev-parse", "stable")
    for rev in ("r3", "3", sha, sha[:12], "tip", "bug:2"):
        done = inv(project.folder, "explain", rev)
        assert done.out.startswith("r3 needs QA"), (rev, done)
    assert inv(project.folder, "explain", "r99").code == 2


def test_values_are_checked_by_us(project: Project) -> None:
    inv(project.folder, "find", "judge")
    for command in (
        ["explain", "r0"],
        ["explain", "--", "-x"],
        ["landings", "--state", "fine"],
        ["status", "--branch", "main"],
        ["verdict", "r3", "ok"],
        ["whatif", "--ok", "r77"],
        ["history", "--rev", "soon"],
    ):
        done = inv(project.folder, *command)
        assert done.code in (1, 2), command
        assert "Traceback" not in done.err and len(done.err.strip().splitlines()) <= 2, done.err


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(project: Project) -> None:
    inv(project.folder, "find", "judge", "report")
    project.land("[bug=1] Four")
    before = {path: path.stat().st_mtime_ns for path in project.state.rglob("*")}
    for command in (
        ["find", "--dry-run"],
        ["judge", "--dry-run"],
        ["report", "--dry-run"],
        ["verdict", "r3", "ok", "--reason", "x", "--dry-run"],
        ["cover", "r2", "--by", "r3", "--anyway", "--reason", "x", "--dry-run"],
    ):
        done = inv(project.folder, *command)
        assert done.code == 0 and done.out, (command, done)
    assert {path: path.stat().st_mtime_ns for path in project.state.rglob("*")} == before
