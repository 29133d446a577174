"""From settings and the tracker's file to the page: checks, limits and a standing freeze, as a team sets them
up."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.project import Project
from tests.views.reader import Reader

LIMITS = 'limits = [{ paths = ["patch-*.sql"], max = 1, reason = "one schema change a day" }]\n'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """r1 is live; r2 and r3 need no QA, and need ci/build."""
    project = Project(tmp_path / "p", branch=f'marks = ["brackets"]\nchecks = ["ci/build"]\n{LIMITS}')
    project.deploy(project.land("[no-qa] Begin")[0])
    return project


def page(project: Project, name: str = "stable") -> Reader:
    project.look()
    project.report()
    return Reader((project.settings.report_path / f"{name}.html").read_text("utf-8"))


def check(project: Project, sha: str, word: str, **more: Any) -> None:
    project.check(sha, ci_build={"state": word, **more} if more else word)


def test_red_and_then_green(project: Project) -> None:
    red, green = project.land("[no-qa] One", "[no-qa] Two")
    check(project, red, "failed", url="https://ci.example.org/1")
    shown = page(project)
    assert "stay at r1: r3 waits for ci/build (not" in shown.text
    assert "https://ci.example.org/1" in shown.links
    check(project, green, "success")
    shown = page(project)
    assert "deploy r3" in shown.text
    assert "waits for" not in shown.text.partition("What the words mean")[0].partition("<main")[0]


def test_what_runs_at_the_tip_leaves_what_is_green_below(project: Project) -> None:
    green, runs = project.land("[no-qa] One", "[no-qa] Two")
    check(project, green, "success")
    check(project, runs, "pending", since="2026-11-29T10:12:00Z", url="https://ci.example.org/2")
    shown = page(project)
    assert "deploy r2" in shown.text
    assert "r3 waits for ci/build (running since 2026-11-29 10:12 UTC)." in shown.text
    assert "https://ci.example.org/2" in shown.links
    index = page(project, "index")
    assert "r3 waits for ci/build (running since 2026-11-29 10:12 UTC)." in index.text


def test_a_second_change_of_the_schema_has_to_wait(project: Project) -> None:
    for number in (1, 2):
        project.now += timedelta(minutes=10)
        files = {f"patch-{number}.sql": "alter table"}
        sha = project.repo.commit(f"[no-qa] Patch {number}", files, date=int(project.now.timestamp()))
        check(project, sha, "success")
    shown = page(project)
    assert "deploy r2" in shown.text
    assert "r3 has to wait: r2 and r3 touch patch-*.sql, and one deployment may bring at most 1" in shown.text
    assert "changes patch-2.sql: counts for a limit, at most 1 in one deployment" in shown.text


def test_the_page_for_those_who_land_code_names_what_is_asked(project: Project) -> None:
    help_page = page(project, "stable.help")
    assert "These checks must hold on the very commit that production takes: ci/build." in help_page.text
    assert "One deployment may bring at most 1 landing that touches patch-*.sql" in help_page.text
    assert "Nobody deploys at these times" not in help_page.text
