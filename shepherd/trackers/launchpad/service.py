"""What the shepherd asks of Launchpad's web service: searches for bugs, single bugs, and changes to them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from shepherd.errors import SettingsError, TrackerError
from shepherd.settings import Settings
from shepherd.trackers.client import Client
from shepherd.trackers.http import HttpSession
from shepherd.trackers.launchpad.credentials import credentials_of
from shepherd.trackers.launchpad.description import WADL, statuses_of
from shepherd.values import ITEM_NUMBER, iso

SERVICE = "https://api.launchpad.net/"
VERSION = "1.0"
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


class _Entries(Struct, frozen=True):
    entries: tuple[msgspec.Raw, ...]
    total_size: int


class _Person(Struct, frozen=True):
    name: str


class _Shifted(Exception):
    pass


def session_with(settings: Settings) -> HttpSession:
    """Open a session; nothing is asked yet."""
    return HttpSession("Launchpad", (settings.tracker.service_root or SERVICE).rstrip("/") + "/")


class LaunchpadService:
    """One session with Launchpad; nothing is asked yet.

    Args:
        statuses: those that `statuses` gave before; empty: they are asked for when they are needed.

    Raises:
        SettingsError: the credentials cannot be read.
    """

    def __init__(self, settings: Settings, session: HttpSession, *, statuses: Sequence[str] = ()) -> None:
        self.session = session
        self.api = f"{session.root}{VERSION}/"
        self.project = settings.tracker.project
        try:
            credentials = credentials_of(settings.secret("tracker.credentials", os.environ))
        except ValueError as why:
            raise SettingsError(
                f"{settings.file}: what {settings.tracker_key}.credentials name {why}"
            ) from None
        self.anonymous = not credentials.token
        self._client = Client(session, credentials.headers)
        self._statuses = tuple(statuses)

    def statuses(self, *, again: bool = False) -> tuple[str, ...]:
        """All that a bug can have, as Launchpad itself says: without a list of them, a search leaves closed
        bugs out. Raises TrackerError.

        Args:
            again: ask, even if they are known.
        """
        if again or not self._statuses:
            answer = self._client.send("GET", self.api, accept=WADL)
            try:
                self._statuses = statuses_of(answer.content)
            except ValueError as why:
                raise TrackerError(
                    f"what answers at {self.session.host} is not a Launchpad web service ({why});"
                    " is tracker.service_root right?"
                ) from None
        return self._statuses

    def search(self, tags: Collection[str] = (), since: datetime | None = None) -> list[int]:
        """The bugs of the project, closed ones and duplicates too, that have any of the tags, and that were
        changed since then: ascending; one that several projects of a group have comes several times.

        Raises TrackerError.
        """
        url = f"{self._search_url(tags, since)}&ws.size={BATCH}"
        for _ in range(SHIFTS):
            try:
                return sorted(self._number(task) for task in self._tasks(url))
            except _Shifted:
                continue
        raise TrackerError(
            f"Launchpad at {self.session.host} gave a list that changed whenever it was read;"
            " the next run tries again"
        )

    def count(self, tags: Collection[str]) -> int | None:
        """How many `search` would give; None if the answer does not say. Raises TrackerError."""
        return self.get(f"{self._search_url(tags, None)}&ws.size=1", _Page).total_size

    def _search_url(self, tags: Collection[str], since: datetime | None) -> str:
        conditions = {
            "ws.op": "searchTasks",
            "status": json.dumps(self.statuses()),
            "omit_duplicates": "false",
            "order_by": json.dumps(["id"]),
            **({"tags": json.dumps(sorted(tags)), "tags_combinator": "Any"} if tags else {}),
            **({"modified_since": json.dumps(iso(since))} if since else {}),
        }
        return f"{self.api}{quote(self.project)}?{urlencode(conditions)}"

    def open(self, number: int) -> LaunchpadBug:
        """One bug. Raises RequestError."""
        answer = self._client.send("GET", f"{self.api}bugs/{number}", one_of_many=True)
        return self._decode(answer.content, LaunchpadBug)

    def probe(self) -> None:
        """The least that shows whether the project can be searched. Raises TrackerError."""
        self.count(["qa-bad"])

    def caller(self) -> str:
        """As whom we ask: "anonymously", "as ~name". Raises TrackerError."""
        if self.anonymous:
            return "anonymously"
        me = f"{self.api}people/+me"
        answer = self._client.send("GET", me, see_other=True)
        if answer.location:
            return f"as {answer.location.rpartition('/')[2]}"
        return f"as ~{self._decode(answer.content, _Person).name}"

    def get(self, url: str, kind: type[_T]) -> _T:
        """What stands there. Raises RequestError; TrackerError if it is something else."""
        return self._decode(self._client.send("GET", url).content, kind)

    def whole(self, url: str, kind: type[_T]) -> Iterator[_T]:
        """The entries of a collection, page by page. Raises as `get` does."""
        start = 0
        for _ in range(MOST_PAGES):
            page = self.get(f"{url}?ws.start={start}&ws.size={BATCH}", _Entries)
            yield from (self._decode(entry, kind) for entry in page.entries)
            start += len(page.entries)
            if not page.entries or start >= page.total_size:
                return
        raise TrackerError(f"Launchpad at {self.session.host} gave a list that never ends")

    def save(self, url: str, etag: str, changes: Mapping[str, object]) -> None:
        """Change an entry that still is as it was when it had that ETag. Raises RequestError; with status 412
        if it is another one by now."""
        # a second one finds the ETag changed by the first
        self._client.send("PATCH", url, document=changes, headers={"If-Match": etag}, repeatable=True)

    def call(self, url: str, operation: str, **arguments: str) -> None:
        """Call a named operation that writes. Raises RequestError."""
        values = {name: json.dumps(value) for name, value in arguments.items()}
        self._client.send("POST", url, form={"ws.op": operation, **values})

    def _decode(self, content: bytes, kind: type[_T]) -> _T:
        try:
            return msgspec.json.decode(content, type=kind)
        except msgspec.MsgspecError as error:
            raise self._other_shape(error) from None

    def _other_shape(self, error: Exception) -> TrackerError:
        return TrackerError(
            f"Launchpad at {self.session.host} gave an answer that its version 1.0 does not have"
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
        raise TrackerError(f"Launchpad at {self.session.host} gave a list that never ends")

    def _number(self, task: _Task) -> int:
        match = re.fullmatch(re.escape(self.api) + rf"bugs/({ITEM_NUMBER})", task.bug_link)
        if not match:
            raise TrackerError(f"Launchpad at {self.session.host} gave a bug without a number")
        return int(match[1])
