"""The bugs of a local Launchpad: what they are, how they look on the wire, what a search finds."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Protocol

OPEN = ("New", "Incomplete", "Confirmed", "Triaged", "In Progress", "Fix Committed")
"""What a search without `status` finds."""
STATUSES = (*OPEN, "Opinion", "Invalid", "Won't Fix", "Expired", "Fix Released", "Unknown")


class NotThereError(Exception):
    pass


class RefusedError(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


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

    @property
    def api(self) -> str: ...


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

    def see(self, number: int, sees_private: bool) -> Bug:
        """Raises NotThereError, RefusedError."""
        bug = self.get(number)
        if bug is None:
            raise NotThereError
        if bug.private and not sees_private:
            raise RefusedError(401, "(<Bug>, 'bug', 'launchpad.View')")
        return bug

    def change(self, number: int, **new: Any) -> None:
        """Tags, private, title: set; status: of the project, or of each target named; comment: added;
        targets: the projects that it belongs to from now on."""
        bug = self[number]
        for name, value in new.items():
            match name:
                case "comment":
                    bug.comments.append(value)
                case "status":
                    given = {self._home.project: value} if isinstance(value, str) else value
                    if not set(given.values()) <= set(STATUSES):
                        raise RefusedError(400, f"status: Invalid value: {given}")
                    bug.status |= given
                case "tags":
                    if wrong := [tag for tag in value if not re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", tag)]:
                        raise RefusedError(400, f"tags: {wrong[0]!r} is not a valid tag")
                    bug.tags = sorted(set(value))
                case "targets":
                    bug.status = {target: bug.status.get(target, "New") for target in value}
                case "private" | "title":
                    setattr(bug, name, value)
                case _:
                    raise RefusedError(400, f"{name}: You tried to modify a nonexistent attribute.")
        bug.modified = self._home.clock()

    def search(self, query: dict[str, str], sees_private: bool) -> list[Callable[[], dict[str, Any]]]:
        """The bug tasks that searchTasks finds, each made when it is wanted."""
        tags = _listed(query.get("tags"))
        statuses = _listed(query.get("status")) or list(OPEN)
        if unknown := set(statuses) - set(STATUSES):
            raise RefusedError(400, f"status: Invalid value: {sorted(unknown)}")
        combine = any if query.get("tags_combinator", "Any") == "Any" else all
        omit = json.loads(query.get("omit_duplicates", "true"))
        since = query.get("modified_since")
        earliest = datetime.fromisoformat(json.loads(since)) if since else None
        found = [
            (number, target)
            for number, bug in self.items()
            for target in bug.status
            if self._home.project in (target, self._home.groups.get(target))
            and bug.status[target] in statuses
            and (not tags or combine(tag in bug.tags for tag in tags))
            and not (omit and bug.duplicate_of)
            and not (bug.private and not sees_private)
            and (earliest is None or (bug.modified is not None and bug.modified >= earliest))
        ]
        found.sort(reverse=_listed(query.get("order_by")) != ["id"])
        return [partial(self.task, number, target) for number, target in found]

    def targets(self) -> set[str]:
        return {target for bug in self.values() for target in bug.status} | {self._home.project}

    def target(self, name: str) -> dict[str, Any]:
        """A project."""
        api, group = self._home.api, self._home.groups.get(name)
        link = f"{api}{group}" if group else None
        return _entry(f"{api}{name}", f"{api}#project", name=name, display_name=name, project_group_link=link)

    def bug(self, number: int) -> dict[str, Any]:
        bug, api = self[number], self._home.api
        link = f"{api}bugs/{number}"
        assert bug.modified is not None
        return _entry(
            link,
            f"{api}#bug",
            id=number,
            title=bug.title,
            tags=sorted(bug.tags),
            private=bug.private,
            information_type="Private" if bug.private else "Public",
            date_last_updated=bug.modified.isoformat(),
            message_count=len(bug.comments) + 1,
            duplicate_of_link=f"{api}bugs/{bug.duplicate_of}" if bug.duplicate_of else None,
            bug_tasks_collection_link=f"{link}/bug_tasks",
            messages_collection_link=f"{link}/messages",
        )

    def task(self, number: int, target: str) -> dict[str, Any]:
        bug, api = self[number], self._home.api
        return _entry(
            f"{api}{target}/+bug/{number}",
            f"{api}#bug_task",
            title=f'Bug #{number} in {target}: "{bug.title}"',
            status=bug.status[target],
            bug_target_name=target,
            bug_link=f"{api}bugs/{number}",
            target_link=f"{api}{target}",
        )

    def message(self, number: int, place: int) -> dict[str, Any]:
        """Message 0 is the description."""
        texts = ["It does not work.", *self[number].comments]
        if place >= len(texts):
            raise NotThereError
        link = f"{self._home.api}bugs/{number}/comments/{place}"
        return _entry(link, f"{self._home.api}#message", content=texts[place], subject="")


def _listed(value: str | None) -> list[str]:
    decoded = json.loads(value) if value else []
    return [decoded] if isinstance(decoded, str) else decoded


def _entry(link: str, kind: str, **values: Any) -> dict[str, Any]:
    """An entry with its ETag: one half for what only the service changes, one for what clients may."""
    own = {"date_last_updated", "message_count"}
    halves = (
        {name: value for name, value in values.items() if name in own},
        {name: value for name, value in values.items() if name not in own},
    )
    sums = (hashlib.sha1(json.dumps(half, sort_keys=True).encode()).hexdigest() for half in halves)
    etag = '"' + "-".join(sums) + '"'
    web = link.replace("/1.0/", "/")
    return {"self_link": link, "web_link": web, "resource_type_link": kind, "http_etag": etag, **values}
