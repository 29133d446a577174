"""What a reading of the tracker learned before it broke off is there for the next one, of any stage."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from shepherd.errors import TrackerError
from shepherd.stages import evidence
from shepherd.stages.judge import judge_branch
from shepherd.words import Item, TrackerData
from tests.project import Project, states


class Breaking:
    """A tracker that learns a little each time, and breaks off."""

    def __init__(self) -> None:
        self.given: list[bytes] = []

    def read(self, items: Collection[Item], revnos: Collection[int], memory: bytes = b"") -> TrackerData:
        self.given.append(memory)
        error = TrackerError("it broke off")
        error.memory = memory + b"+"
        raise error

    def probe(self) -> str:
        return ""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path, tracker="tag = true\n")
    project.deploy(project.land("[no-qa] Begin")[0])
    project.land("[bug=1] One")
    return project


def test_to_tag_and_to_judge_alike(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    tracker = Breaking()
    monkeypatch.setattr(evidence, "open_tracker", lambda settings, claims: tracker)
    project.find()
    for _ in range(2):
        with pytest.raises(TrackerError, match="it broke off"):
            project.tagger()
        assert project.judge().problems == ("it broke off",)
    assert tracker.given == [b"", b"+", b"++", b"+++"]


def test_one_that_learned_nothing_takes_nothing_away(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = Breaking()
    monkeypatch.setattr(evidence, "open_tracker", lambda settings, claims: tracker)
    project.look()

    def refuse(items: Collection[Item], revnos: Collection[int], memory: bytes = b"") -> TrackerData:
        raise TrackerError("it says nothing")

    with monkeypatch.context() as refusing:
        refusing.setattr(tracker, "read", refuse)
        project.look()
    project.look()
    assert tracker.given == [b"", b"+"]


def test_a_tagger_that_could_not_read_leaves_the_tags_that_were_read(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.tag(1, "qa-bad")
    project.look()
    with monkeypatch.context() as breaking:
        breaking.setattr(evidence, "open_tracker", lambda settings, claims: Breaking())
        with pytest.raises(TrackerError):
            project.tagger()
    stored = judge_branch(project.settings, "stable", project.run("judge"), stored=True)
    assert states(stored)[2] == "bad"
