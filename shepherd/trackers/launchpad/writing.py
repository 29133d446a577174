"""Writes to Launchpad for the tagger: tags, status and one comment, each read before it is written.

Nothing is written that is there already, so that a repeat after a kill or a lost answer only does what is
missing. What other people write meanwhile stays: a save names the state it was made from, and is refused
(412) if that is no longer the state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from shepherd.errors import TrackerError, UnsureError
from shepherd.settings import Settings
from shepherd.trackers.http import RequestError
from shepherd.trackers.launchpad.service import LaunchpadService, session_with
from shepherd.trackers.words import Vocabulary
from shepherd.trackers.writing import NO_WORD, Edit, last_line
from shepherd.words import Item, is_request, item_name

MEETINGS = 5
"""How often a save is tried when somebody else is always quicker."""


class _Stored(Struct, frozen=True):
    """What can be saved, and what it is known by."""

    self_link: str
    http_etag: str


class _Bug(_Stored, frozen=True):
    tags: tuple[str, ...]


class _BugTask(_Stored, frozen=True):
    status: str
    target_link: str


_S = TypeVar("_S", bound=_Stored)


class _Message(Struct, frozen=True):
    content: str | None = None


class _Target(Struct, frozen=True):
    project_group_link: str | None = None


class LaunchpadWriter:
    """See Writer. The session begins with the first edit."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._vocabulary = Vocabulary.of(settings)
        self._http = session_with(settings)
        self._service: LaunchpadService | None = None
        self._ours: dict[str, bool] = {}
        """Target of a bug task -> whether it is the project of the settings, or one of that project group."""

    def edit(self, item: Item, edit: Edit) -> str:
        """See Writer.edit."""
        if is_request(item):
            raise TrackerError(f"{item_name(item)}: on Launchpad only bugs can be marked")
        try:
            if self._service is None:
                self._service = LaunchpadService(self._settings, self._http)
            service = self._service
            bug = service.get(f"{service.api}bugs/{item}", _Bug)
            done = [
                *self._tag(service, item, bug, edit),
                *(self._set_status(service, item, edit.status) if edit.status else ()),
                *(self._say(service, item, bug, edit.comment) if edit.comment.strip() else ()),
            ]
        except RequestError as error:
            raise TrackerError(f"bug {item} cannot be written: {error}") from None
        return ", ".join(done)

    def _tag(self, service: LaunchpadService, item: Item, bug: _Bug, edit: Edit) -> list[str]:
        changed: list[str] = []

        def changes(bug: _Bug) -> dict[str, object]:
            present = set(bug.tags)
            allowed = edit.unless_bad(self._vocabulary, present)
            gone = {tag.lower() for tag in allowed.remove} & present
            new = {tag.lower() for tag in allowed.add} - present
            wanted = (present - gone) | new
            if allowed is not edit:
                changed[:] = [NO_WORD]
            if wanted == present:
                return {}
            changed[:] = [f"+{tag}" for tag in sorted(new)] + [f"-{tag}" for tag in sorted(present - wanted)]
            return {"tags": sorted(wanted)}

        _save(service, f"bug {item}", bug, changes)
        return changed

    def _set_status(self, service: LaunchpadService, item: Item, status: str) -> list[str]:
        changed: list[str] = []

        def changes(task: _BugTask) -> dict[str, object]:
            if task.status == status:
                return {}
            changed[:] = [f"{task.status} -> {status}"]
            return {"status": status}

        for task in list(service.whole(f"{service.api}bugs/{item}/bug_tasks", _BugTask)):
            if self._is_ours(service, task.target_link):
                _save(service, f"bug {item}", task, changes)
        return changed

    def _is_ours(self, service: LaunchpadService, target: str) -> bool:
        ours = f"{service.api}{service.project}"
        if target not in self._ours:
            self._ours[target] = target == ours or (
                # a series, or a package, belongs to no group itself
                "/" not in target.removeprefix(service.api)
                and service.get(target, _Target).project_group_link == ours
            )
        return self._ours[target]

    def _say(self, service: LaunchpadService, item: Item, bug: _Bug, comment: str) -> list[str]:
        sign = last_line(comment)
        if self._is_said(service, item, sign):
            return []
        try:
            service.call(bug.self_link, "newMessage", content=comment)
        except RequestError as error:
            # the answer may have got lost, not the request
            try:
                if self._is_said(service, item, sign):
                    return ["comment"]
            except RequestError:
                raise _unsure(item, error) from None
            if error.sure:
                raise
            raise _unsure(item, error) from None
        return ["comment"]

    def _is_said(self, service: LaunchpadService, item: Item, sign: str) -> bool:
        messages = service.whole(f"{service.api}bugs/{item}/messages", _Message)
        return any(last_line(message.content or "") == sign for message in messages)


def _save(
    service: LaunchpadService, name: str, entry: _S, changes: Callable[[_S], dict[str, object]]
) -> None:
    """Save what `changes` says of an entry, and ask it again if somebody was quicker.

    Args:
        changes: attribute -> its new value; empty: there is nothing to do.

    Raises:
        RequestError: it could not be saved.
        TrackerError: somebody was quicker each time.
    """
    for _ in range(MEETINGS):
        wanted = changes(entry)
        if not wanted:
            return
        try:
            service.save(entry.self_link, entry.http_etag, wanted)
            return
        except RequestError as error:
            if error.status != 412:
                raise
        entry = service.get(entry.self_link, type(entry))
    raise TrackerError(f"{name} keeps being changed by somebody else; the next run tries again")


def _unsure(item: Item, error: RequestError) -> UnsureError:
    return UnsureError(f"bug {item}: whether the comment was written is not known: {error}")
