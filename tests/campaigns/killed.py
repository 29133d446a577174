"""A small project for the kills, as it stands before each stage, and its twin that nobody kills."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from shepherd.running import stages
from shepherd.running.tasking import TaskOptions
from shepherd.settings import Settings
from shepherd.situation import Situation
from shepherd.stages.report import files_of, read_snapshots, whole
from tests.campaigns.killing import undisturbed
from tests.campaigns.outcome import outcome
from tests.project import Project

STEPS = ("find", "judge", "report")
READ_BY_OTHERS = (
    "var/snapshots/stable/latest.json",
    "var/report/index.html",
    "var/report/stable.html",
    "var/report/stable.json",
    "var/report/stable.atom",
    "var/report/stable.sha",
    "var/report/stable.answer.json",
    "var/report/index.json",
    "var/report/index.atom",
)


def step(settings: Settings, name: str) -> None:
    """What `inv NAME` does, short of Invoke.

    Raises:
        AssertionError: it did not end well.
    """
    body: Callable[..., int] = getattr(stages, name)
    assert body(TaskOptions(settings, "tester")) == 0


def all_steps(settings: Settings) -> None:
    for name in STEPS:
        step(settings, name)


class Victim:
    """A project of a dozen landings, whose state can be set back to what it was before each stage.

    Attributes:
        expected: the outcome of a run of all stages that nobody kills.
    """

    def __init__(self, folder: Path, *, first_run: bool = False) -> None:
        self.project = Project(folder, branch='verdict_notes = "refs/notes/qa"')
        self.settings = self.project.settings
        self._var = folder / "var"
        self._saved = folder / "saved"
        self._live(first_run)
        for name in STEPS:
            self._save(name)
            undisturbed(partial(step, self.settings, name))
        # what is imported and compiled here, the forked processes need not
        for content in files_of(read_snapshots(self.settings), self.settings.branches, Situation()).values():
            whole(content)
        self.expected: dict[str, Any] = outcome(self.settings)

    def _live(self, first_run: bool) -> None:
        project = self.project
        begin = project.land("[no-qa] Begin", "[bug=1] One", "[bug=2] Two", "[bug=3] Three")
        project.deploy(begin[0])
        for bug, tags in enumerate((["qa-ok"], ["qa-bad"], ["qa-needstesting"], ["qa-ok"]), 1):
            project.tag(bug, *tags)
        if not first_run:
            undisturbed(partial(all_steps, self.settings))
            project.now += timedelta(days=1)
            project.deploy(begin[1])
            project.tag(3, "qa-ok")
        project.land(
            "[rollback=3] Out", "[bug=1] One more", "[testfix] Green again", "[bug=4,3] Four", "Orphan"
        )
        project.repo.note(project.repo.tip(), "QA: ok seen\n", date=int(project.now.timestamp()))

    def _save(self, name: str) -> None:
        shutil.copytree(self._var, self._saved / name)

    def before(self, name: str) -> None:
        """Set the state back to before a stage; no reader sees that half done."""
        fresh, old = self._var.with_name("fresh"), self._var.with_name("old")
        shutil.copytree(self._saved / name, fresh)
        self._var.rename(old)
        fresh.rename(self._var)
        shutil.rmtree(old)

    def body(self, name: str) -> Callable[[], None]:
        return partial(step, self.settings, name)

    def next_run(self) -> dict[str, Any]:
        """The outcome of a run of all stages, now."""
        self._wait_for_children()
        undisturbed(partial(all_steps, self.settings))
        return outcome(self.settings)

    def _wait_for_children(self) -> None:
        """A child of a killed process holds its locks for as long as it has not come to its `exec`."""
        for lock in (self._var / "run").glob("*.lock"):
            with lock.open() as file:
                fcntl.flock(file, fcntl.LOCK_EX)
