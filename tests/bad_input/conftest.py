"""A project that never ran, one that did, and `inv` in this process."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from invoke.program import Program

import tasks
from shepherd.running import stages
from shepherd.running.tasking import TaskOptions
from shepherd.running.turns import EachInTurn
from tests.bad_input.saying import Inv, Said, small
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
def inv(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Inv]:
    """`inv ARGS` with the settings of the project, in this process."""
    monkeypatch.setenv("SHEPHERD_CONFIG", str(project.folder / "shepherd.toml"))
    monkeypatch.setenv("SHEPHERD_WHO", "tester")
    umask = os.umask(0o022)

    def run(*args: str) -> Said:
        capsys.readouterr()
        code = 0
        try:
            Program(name="inv", namespace=tasks.namespace, executor_class=EachInTurn).run(["inv", *args])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        finally:
            os.umask(0o022)
        return Said(code, *capsys.readouterr())

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
