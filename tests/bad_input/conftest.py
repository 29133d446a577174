"""A project that never ran, one that did, and `inv` in this process."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.running import stages
from shepherd.running.tasking import TaskOptions
from tests.bad_input.saying import Inv, Said, small
from tests.inv import inv_here
from tests.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return small(tmp_path / "project")


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of such a project after its first run."""
    project = small(tmp_path_factory.mktemp("past") / "project")
    umask = os.umask(0o022)
    for stage in (stages.find, stages.judge, stages.report):
        assert stages.quietly(stage, TaskOptions(project.settings, "tester")) == 0
    os.umask(umask)
    return project.state


@pytest.fixture
def ran(project: Project, past: Path) -> None:
    """The project had a good run."""
    shutil.copytree(past, project.state, dirs_exist_ok=True)


@pytest.fixture
def inv(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inv]:
    """`inv ARGS` with the settings of the project, in this process."""
    monkeypatch.setenv("SHEPHERD_CONFIG", str(project.folder / "shepherd.toml"))
    monkeypatch.setenv("SHEPHERD_WHO", "tester")
    umask = os.umask(0o022)

    def run(*args: str) -> Said:
        try:
            return Said(*inv_here(project.folder, *args, SHEPHERD_CONFIG=os.environ["SHEPHERD_CONFIG"]))
        finally:
            os.umask(0o022)

    yield run
    os.umask(umask)


@pytest.fixture
def open_project(project: Project, inv: Inv, monkeypatch: pytest.MonkeyPatch, ran: None) -> Iterator[Project]:
    """The project where any user can reach it; pytest's own folders are closed to others."""
    inv("explain", "nobody").sentence(2)  # whatever is imported late is imported now
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        opened = Project(Path(folder) / "project")
        shutil.copytree(project.repo.path, opened.repo.path, dirs_exist_ok=True)
        shutil.copy(project.folder / "bugs.json", opened.folder)
        monkeypatch.setenv("SHEPHERD_CONFIG", str(opened.folder / "shepherd.toml"))
        yield opened
