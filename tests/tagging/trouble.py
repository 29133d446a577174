"""A tagger whose writing fails or is killed, and what it left."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shepherd.stages import tag as module
from shepherd.store import Database, Journal
from shepherd.trackers.file_writing import FileWriter
from shepherd.trackers.words import Vocabulary
from shepherd.trackers.writing import Edit
from shepherd.words import Item
from tests.project import Project
from tests.tagging.told import revs_of


def entries(project: Project, *kinds: str) -> list[Any]:
    """What the journal has of these kinds."""
    database = Database.of(project.settings)
    with database.begin() as connection:
        found = Journal(connection, "stable").entries(*kinds)
    database.close()
    return found


class Trouble:
    """A writer whose edits of some bugs fail, before or after they took effect."""

    def __init__(self, project: Project, items: dict[Item, BaseException], after: bool = False) -> None:
        self._real = FileWriter(project.settings.tracker_path, Vocabulary({}))
        self._items = items
        self._after = after
        self.tried: list[Item] = []

    def edit(self, item: Item, edit: Edit) -> str:
        self.tried.append(item)
        if item in self._items and not self._after:
            raise self._items[item]
        done = self._real.edit(item, edit)
        if item in self._items:
            raise self._items[item]
        return done


def killed(project: Project, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
    """A run of the tagger that dies right before or after it wrote bug 1."""
    project.find()
    kill: Any = KeyboardInterrupt()
    dying = Trouble(project, {"1": kill}, after)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(module, "open_writer", lambda _settings: dying)
        project.tagger()
    project.bugs = json.loads((project.folder / "bugs.json").read_text())["bugs"]


def told(project: Project, number: int = 1) -> list[str]:
    """The landings that each comment on a bug names."""
    return [revs_of(comment) for comment in project.bugs[str(number)].get("comments", ())]
