"""What the shepherd asks of Launchpad: searches for bugs, and single bugs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from shepherd.errors import SettingsError, TrackerError
from shepherd.settings import Settings
from shepherd.trackers.http import Line
from shepherd.values import iso

SERVICE = "https://api.launchpad.net/"
BATCH = 300
"""Entries in one answer: the most that Launchpad gives."""
MOST_PAGES = 2_000
"""Of one search; more is a server that never ends."""
SHIFTS = 5
"""How often a search is begun again because its answer changed while it was read."""

_T = TypeVar("_T")


class LaunchpadBug(Struct, frozen=True):
    """A bug that was opened, as far as it is read: not its title, which may be private."""

    id: int
    tags: tuple[str, ...]


class _Task(Struct, frozen=True):
    self_link: str
    bug_link: str


class _Page(Struct, frozen=True):
    entries: tuple[_Task, ...]
    total_size: int | None = None
    next_collection_link: str | None = None


class _Person(Struct, frozen=True):
    name: str


class _Shifted(Exception):
    pass


def line_to(settings: Settings) -> Line:
    """The way there; nothing is asked yet."""
    return Line("Launchpad", (settings.tracker.service_root or SERVICE).rstrip("/") + "/")


class LaunchpadService:
    """One session with Launchpad.

    Args:
        dry: nothing is written to disk.

    Raises:
        SettingsError: the credentials cannot be read.
        TrackerError: the service does not answer as it should.
    """

    def __init__(self, settings: Settings, line: Line, *, dry: bool = False) -> None:
        from shepherd.trackers.launchpad import library

        credentials = settings.secret("tracker.credentials", os.environ)
        self.line = line
        self.anonymous = not credentials
        self.api = f"{line.root}{library.VERSION}/"
        self.project = settings.tracker.project
        folder = settings.state_path / "cache" / "launchpad"
        try:
            self.launchpad = library.open_launchpad(line, credentials, folder, keep=not dry)
        except ValueError as why:
            raise SettingsError(f"{settings.file}: what tracker.credentials name {why}") from None
        self._find = self._described(self.project, "project").get_method(
            "get", query_params={"ws.op": "searchTasks"}
        )
        status = self._described("x", "bug_task").get_parameter("status", "application/json")
        if self._find is None or status is None or not status.options:
            raise TrackerError(
                f"what answers at {line.host} has no searchTasks; is tracker.service_root right?"
            )
        # without a list of statuses, a search leaves closed bugs out
        self._statuses = [option.value for option in status.options if option.value != "Unknown"]

    def search(self, tags: Collection[str] = (), since: datetime | None = None) -> list[int]:
        """The bugs of the project, closed ones and duplicates too, that bear any of the tags, and that were
        changed since then: ascending, one that several projects of a group have several times.

        Raises TrackerError.
        """
        url = f"{self._search_url(tags, since)}&ws.size={BATCH}"
        for _ in range(SHIFTS):
            try:
                return sorted(self._number(task) for task in self._tasks(url))
            except _Shifted:
                continue
        raise TrackerError(
            f"Launchpad at {self.line.host} gave a list that changed whenever it was read;"
            " the next run tries again"
        )

    def count(self, tags: Collection[str]) -> int | None:
        """How many `search` would give; None if that is not told. Raises TrackerError."""
        return self.get(f"{self._search_url(tags, None)}&ws.size=1", _Page).total_size

    def _search_url(self, tags: Collection[str], since: datetime | None) -> str:
        conditions = {
            "status": json.dumps(self._statuses),
            "omit_duplicates": "false",
            "order_by": json.dumps(["id"]),
            **({"tags": json.dumps(sorted(tags)), "tags_combinator": "Any"} if tags else {}),
            **({"modified_since": json.dumps(iso(since))} if since else {}),
        }
        return str(self._find.build_request_url(**conditions))

    def open(self, number: int) -> LaunchpadBug:
        """One bug. Raises RequestError."""
        return self.get(f"{self.api}bugs/{number}", LaunchpadBug)

    def entry(self, url: str) -> Any:
        """What stands there, as an object of the library that can be changed and saved. Raises RequestError;
        TrackerError if it is something else."""
        try:
            return self.launchpad.load(url)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise self._other_shape(error) from None

    def probe(self) -> None:
        """The least that tells whether the project can be searched. Raises TrackerError."""
        self.count(["qa-bad"])

    def caller(self) -> str:
        """As whom we ask: "anonymously", "as ~name". Raises TrackerError."""
        if self.anonymous:
            return "anonymously"
        return f"as ~{self.get(f'{self.api}people/+me', _Person).name}"

    def get(self, url: str, kind: type[_T]) -> _T:
        """What stands there. Raises RequestError; TrackerError if it is something else."""
        content = self.launchpad._browser.get(url)
        try:
            return msgspec.json.decode(content, type=kind)
        except msgspec.ValidationError as error:
            raise self._other_shape(error) from None

    def _other_shape(self, error: Exception) -> TrackerError:
        return TrackerError(
            f"Launchpad at {self.line.host} gave an answer that its version 1.0 does not have"
            f" ({type(error).__name__})"
        )

    def _tasks(self, url: str) -> list[_Task]:
        """All tasks of a search, each page beginning with the last task of the one before: if that is another
        one by now, some task may have slipped through between the two. Raises _Shifted."""
        tasks: list[_Task] = []
        for _ in range(MOST_PAGES):
            start = max(0, len(tasks) - 1)
            page = self.get(f"{url}&ws.start={start}", _Page)
            fresh = page.entries
            if tasks:
                if not fresh or fresh[0] != tasks[-1]:
                    raise _Shifted
                fresh = fresh[1:]
            tasks += fresh
            complete = page.total_size is None or len(tasks) >= page.total_size
            if complete and (page.total_size is not None or page.next_collection_link is None):
                return tasks
            if not fresh:
                raise _Shifted
        raise TrackerError(f"Launchpad at {self.line.host} gave a list that never ends")

    def _number(self, task: _Task) -> int:
        found = re.fullmatch(re.escape(self.api) + r"bugs/([1-9][0-9]{0,9})", task.bug_link)
        if not found:
            raise TrackerError(f"Launchpad at {self.line.host} gave a bug without a number")
        return int(found[1])

    def _described(self, path: str, kind: str) -> Any:
        """A resource as the service itself describes it, without asking for it."""
        from wadllib.application import Resource

        return Resource(self.launchpad._wadl, f"{self.api}{path}", f"{self.api}#{kind}")
