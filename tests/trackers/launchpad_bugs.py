"""The bugs of a local Launchpad: what they are, what a search finds, how people change them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

OPEN = ("New", "Incomplete", "Confirmed", "Triaged", "In Progress", "Fix Committed")
"""What a search without `status` finds."""
SEARCHABLE = (*OPEN, "Opinion", "Invalid", "Won't Fix", "Expired", "Fix Released", "Deferred")
STATUSES = (*SEARCHABLE, "Unknown")


class Wanted(NamedTuple):
    """What is asked of `searchTasks`."""

    target: str
    tags: tuple[str, ...]
    every: bool
    """All of the tags, and not any of them."""
    statuses: tuple[str, ...]
    since: datetime | None
    omit_duplicates: bool
    ascending: bool
    """By number; else the newest first."""
    sees_private: bool


@dataclass
class Bug:
    """`status` by target: a plain text is that of the project."""

    tags: list[str] = field(default_factory=list)
    status: Any = "New"
    title: str = "It fails"
    private: bool = False
    comments: list[str] = field(default_factory=list)
    duplicate_of: int | None = None
    modified: datetime | None = None
    """None: when it was put in."""


class _Home(Protocol):
    project: str
    groups: dict[str, str]
    clock: Callable[[], datetime]


class Bugs(dict[int, Bug]):
    """All bugs by number; assigning one is filing it."""

    def __init__(self, home: _Home) -> None:
        super().__init__()
        self._home = home

    def __setitem__(self, number: int, bug: Bug) -> None:
        bug.modified = bug.modified or self._home.clock()
        if isinstance(bug.status, str):
            bug.status = {self._home.project: bug.status}
        super().__setitem__(number, bug)

    def change(self, number: int, **new: Any) -> None:
        """Tags, private, title, duplicate_of: set; status: of the project, or of each target named; comment:
        added; targets: the projects that it belongs to from now on."""
        bug = self[number]
        for name, value in new.items():
            match name:
                case "comment":
                    bug.comments.append(value)
                case "status":
                    given = {self._home.project: value} if isinstance(value, str) else value
                    assert set(given.values()) <= set(STATUSES)
                    bug.status |= given
                case "tags":
                    bug.tags = sorted(set(value))
                case "targets":
                    bug.status = {target: bug.status.get(target, "New") for target in value}
                case _:
                    assert name in ("private", "title", "duplicate_of")
                    setattr(bug, name, value)
        bug.modified = self._home.clock()

    def search(self, wanted: Wanted) -> list[tuple[int, str]]:
        """The tasks that are found: bug and target."""
        statuses = wanted.statuses or OPEN
        combine = all if wanted.every else any
        found = [
            (number, target)
            for number, bug in self.items()
            for target in bug.status
            if wanted.target in (target, self._home.groups.get(target))
            and bug.status[target] in statuses
            and (not wanted.tags or combine(tag in bug.tags for tag in wanted.tags))
            and not (wanted.omit_duplicates and bug.duplicate_of)
            and not (bug.private and not wanted.sees_private)
            and (wanted.since is None or (bug.modified is not None and bug.modified >= wanted.since))
        ]
        return sorted(found, reverse=not wanted.ascending)

    def targets(self) -> set[str]:
        return {target for bug in self.values() for target in bug.status} | {self._home.project}
