"""What doctor says of the checks that a candidate needs (docs/running.md#doctor)."""

from __future__ import annotations

import pytest

from shepherd.running.doctor.checking import Finding
from tests.ci import Ci, install
from tests.project import Project
from tests.running.doctor.looking import looked


def of_checks(project: Project, *, offline: bool = False) -> list[Finding]:
    return [each for each in looked(project, offline=offline) if each.name == "checks stable"]


def found(project: Project) -> tuple[str, str, str]:
    [finding] = of_checks(project)
    return finding.level, finding.what, finding.remedy


@pytest.fixture
def ci(monkeypatch: pytest.MonkeyPatch) -> Ci:
    return install(monkeypatch)


def test_none_are_needed(project: Project) -> None:
    assert found(project) == ("ok", "no checks are needed: checks is not set", "")


def test_what_is_needed_by_which_source_and_what_it_says_of_the_tip(project: Project) -> None:
    project.write_settings('checks = ["ci/*"]')
    project.checks[project.repo.tip()] = {"ci/build": "pending", "ci/lint": "success", "other": "failed"}
    project.write_bugs()
    assert found(project) == ("ok", "ci/*, by file: the tip has ci/build running, ci/lint success", "")


def test_a_name_that_no_result_has(project: Project, ci: Ci) -> None:
    project.write_settings('checks = ["build", "ci/*"]')
    ci.words[project.repo.tip()] = "success"
    what = "no result on the newest 2 landings matches 'ci/*'"
    assert found(project) == ("warn", what, "is the name right? seen: build")
    ci.words.clear()
    what = "no result on the newest 2 landings matches 'build'"
    assert found(project) == ("warn", what, "is the name right? none was seen at all")


def test_only_the_newest_ten_landings_are_asked_for(project: Project, ci: Ci) -> None:
    project.write_settings('checks = ["build"]')
    ids = project.land(*(f"[no-qa] N{n}" for n in range(12)))
    of_checks(project)
    assert ci.was_asked() == ids[:1:-1]


def test_a_source_that_cannot_be_read(project: Project, ci: Ci) -> None:
    project.write_settings('checks = ["build"]')
    ci.breaks_after = 0
    level, what, remedy = found(project)
    assert (level, what) == ("fail", "the forge does not answer")
    assert "until then no revision is deployable" in remedy


def test_commits_that_cannot_be_read(project: Project, ci: Ci) -> None:
    project.write_settings('checks = ["build"]')
    ci.unreadable[project.repo.tip()] = "it is locked"
    what = "build, by file: of 1 of the newest 2 landings they could not be read: it is locked"
    assert found(project) == ("warn", what, "")


def test_notes_that_are_not_there(project: Project) -> None:
    project.write_settings('checks = ["build"]\ncheck_notes = "refs/notes/ci"', 'type = "none"')
    level, what, remedy = found(project)
    assert (level, what) == (
        "warn",
        f"{project.repo.path}: there is no refs/notes/ci, so no check by git note is read",
    )
    assert "fetch origin refs/notes/ci:refs/notes/ci" in remedy
    project.repo.note(project.repo.tip(), "build: success", ref="refs/notes/ci")
    assert found(project) == ("ok", "build, by refs/notes/ci: the tip has build success", "")


def test_offline_no_forge_is_asked(project: Project, ci: Ci, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "t")
    project.write_settings(
        'checks = ["build"]', 'type = "github"\nproject = "acme/shop"\ncredentials_env = "TOKEN"'
    )
    [finding] = of_checks(project, offline=True)
    assert (finding.level, finding.what) == ("ok", "build, by github: not asked (--offline)")
    assert ci.was_asked() == []
