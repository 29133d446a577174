"""Before something is promoted its checks are asked for again, whatever is remembered of them
(docs/rules.md#checks)."""

from __future__ import annotations

from pathlib import Path

import pytest

from shepherd.errors import RefusedError
from tests.ci import Ci, install
from tests.project import Project, deployable
from tests.promoting import promote, released


@pytest.fixture
def ci(monkeypatch: pytest.MonkeyPatch) -> Ci:
    return install(monkeypatch)


@pytest.fixture
def ids(project: Project) -> list[str]:
    """r1 is live, r2, r3 and r4 are blocked by nothing."""
    ids = project.land("[no-qa] One", "[no-qa] Two", "[no-qa] Three", "[no-qa] Four")
    project.deploy(ids[0])
    return ids


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path, branch='checks = ["build"]\npromote = { ref = "released" }')


def test_what_turned_red_meanwhile_is_not_promoted(project: Project, ids: list[str], ci: Ci) -> None:
    ci.words = dict.fromkeys(ids, "success")
    assert deployable(project.look()) == 4
    ci.words[ids[3]] = "failed"
    promote(project)
    assert released(project) == ids[2]


def test_an_older_revision_is_asked_for_too(project: Project, ids: list[str], ci: Ci) -> None:
    ci.words = dict.fromkeys(ids, "success")
    project.look()
    ci.words[ids[1]] = "failed"
    with pytest.raises(RefusedError):
        promote(project, "r2")
    assert released(project) == ""


def test_an_older_revision_that_was_never_asked_for_may_go_if_it_holds(
    project: Project, ids: list[str], ci: Ci
) -> None:
    ci.words = dict.fromkeys(ids, "success")
    project.look()
    promote(project, "r2")
    assert released(project) == ids[1]
    assert ci.was_asked().count(ids[1]) == 2, "by the first look, with the other two; and before the move"


def test_without_its_source_nothing_is_promoted(project: Project, ids: list[str], ci: Ci) -> None:
    ci.words = dict.fromkeys(ids, "success")
    project.look()
    ci.breaks_after = 0
    assert deployable(project.look()) == 4, "it is known to hold"
    plan, snapshot = promote(project)
    assert (plan, snapshot.answer, released(project)) == (None, "blocked", "")
    with pytest.raises(RefusedError):
        promote(project, "r4")
