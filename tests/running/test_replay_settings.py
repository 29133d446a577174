"""`inv replay --with-settings`: what other settings would have answered (docs/replay.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project import Project
from tests.running.replayed import judge_by_another_rule, others, replay, ten_runs


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return ten_runs(tmp_path)


@pytest.fixture
def other_rule(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    judge_by_another_rule(monkeypatch)


def test_what_if_orphans_had_passed(project: Project) -> None:
    project.tag(3, "qa-ok")
    project.look()
    file = others(project, orphans='orphans = "pass"')
    done = replay(project, "--with-settings", file)
    assert (done.code, done.err) == (0, "")
    words = " ".join(done.out.split())
    assert "What is other in the settings: orphans: block → pass" in words
    assert "2 landings: orphan → orphan, good (rule nothing, docs/rules.md#state)" in words
    assert "The answer was deploy r3, and would have been deploy r5, in run-0016" in words
    assert "On 1 of 4 days another last answer: 2011-08-04: deploy r5 (was: deploy r3)" in words
    assert "r5: from 2011-08-04 10:06 UTC, instead of never in these runs" in words


def test_what_if_the_settings_say_the_same(project: Project) -> None:
    done = replay(project, "--with-settings", str(project.folder / "shepherd.toml"))
    assert done.code == 0
    assert " ".join(done.out.split()).endswith(
        "instead of the settings of then, 7 runs of stable since 2011-08-01 09:22 UTC would have given "
        "the same answers"
    )


def test_what_would_have_been_read_otherwise_is_not_known(project: Project) -> None:
    file = others(
        project,
        robots='robots = ["Ann*"]',
        limits='limits = [{ paths = ["db/*"] }]',
        checks='checks = ["ci/*"]',
    )
    done = replay(project, "--with-settings", file)
    words = " ".join(done.out.split())
    assert "Not known, and so left as it was: branches.stable.robots: it decides what is read" in words
    assert "the limit on db/*: which landings touch these was not looked up" in words
    assert "the check 'ci/*': what it said was not asked for" in words
    # nobody guesses what these would have said
    assert "would have given the same answers" in words


def test_settings_that_are_wrong_or_lack_the_branch(project: Project) -> None:
    file = others(project, orphans='orphans = "perhaps"')
    assert replay(project, "--with-settings", file).code == 2
    text = (project.folder / "shepherd.toml").read_text().replace("[branches.stable]", "[branches.other]")
    (project.folder / "other.toml").write_text(text)
    done = replay(project, "--with-settings", file)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"there is no branch 'stable' in {project.folder / 'other.toml'}: one of other\n"
    gone = replay(project, "--with-settings", "/nowhere/at-all.toml")
    assert gone.code == 2
    assert gone.err == (
        f"/nowhere/at-all.toml is not there: make it with cp {project.folder / 'shepherd.toml'}"
        " /nowhere/at-all.toml, and change a line in it\n"
    )


@pytest.mark.usefixtures("other_rule")
def test_what_the_rules_of_today_change_is_not_taken_for_the_settings(project: Project) -> None:
    done = replay(project, "--with-settings", str(project.folder / "shepherd.toml"))
    words = " ".join(done.out.split())
    assert "would have given the same answers" in words
    assert "4 answers of these differ already by the rules of today" in words
