"""The tagger's side of Launchpad: tags, status and one comment, each looked at before it is written.

Nothing is written that is there already, so that a repeat after a kill or a lost answer only does what is
missing. Whatever other people write meanwhile stays: a save names the state it was made from, and is refused
(412) if that is no longer the state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from shepherd.errors import TrackerError, UnsureError
from shepherd.settings import Settings
from shepherd.trackers.http import RequestError
from shepherd.trackers.launchpad.service import BATCH, MOST_PAGES, LaunchpadService, line_to
from shepherd.trackers.words import Vocabulary
from shepherd.trackers.writing import NO_WORD, Edit
from shepherd.words import Item

MEETINGS = 5
"""How often a save is tried when somebody else is always quicker."""


class _Message(Struct, frozen=True):
    content: str | None = None


class _Messages(Struct, frozen=True):
    entries: tuple[_Message, ...]
    total_size: int


class _Target(Struct, frozen=True):
    project_group_link: str | None = None


class LaunchpadWriter:
    """See Writer. The session begins with the first edit."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._vocabulary = Vocabulary(settings.tracker.words)
        self._line = line_to(settings)
        self._session: LaunchpadService | None = None
        self._ours: dict[str, bool] = {}
        """Target of a bug task -> whether it is the project of the settings, or one of that project group."""

    def edit(self, item: Item, edit: Edit) -> str:
        """See Writer.edit."""
        if isinstance(item, str):
            raise TrackerError(f"request {item}: on Launchpad only bugs can be marked")
        try:
            if self._session is None:
                self._session = LaunchpadService(self._settings, self._line)
            service = self._session
            bug = service.entry(f"{service.api}bugs/{item}")
            done = [
                *self._tag(item, bug, edit),
                *(self._set_status(item, bug, edit.status) if edit.status else ()),
                *(self._say(service, item, bug, edit.comment) if edit.comment.strip() else ()),
            ]
        except RequestError as error:
            raise TrackerError(f"bug {item} cannot be written: {error}") from None
        return ", ".join(done)

    def _tag(self, number: int, bug: Any, edit: Edit) -> list[str]:
        told: list[str] = []

        def change() -> bool:
            present = set(bug.tags)
            allowed = edit.unless_bad(self._vocabulary, present)
            gone = {tag.lower() for tag in allowed.remove} & present
            new = {tag.lower() for tag in allowed.add} - present
            wanted = (present - gone) | new
            if allowed is not edit:
                told[:] = [NO_WORD]
            if wanted == present:
                return False
            told[:] = [f"+{tag}" for tag in sorted(new)] + [f"-{tag}" for tag in sorted(present - wanted)]
            bug.tags = sorted(wanted)
            return True

        _save(f"bug {number}", bug, change)
        return told

    def _set_status(self, number: int, bug: Any, status: str) -> list[str]:
        told: list[str] = []
        for task in bug.bug_tasks:
            if not self._is_ours(task.target_link):
                continue

            def change(task: Any = task) -> bool:
                if task.status == status:
                    return False
                told[:] = [f"{task.status} -> {status}"]
                task.status = status
                return True

            _save(f"bug {number}", task, change)
        return told

    def _is_ours(self, target: str) -> bool:
        service = self._session
        assert service is not None
        ours = f"{service.api}{service.project}"
        if target not in self._ours:
            self._ours[target] = target == ours or (
                # a series, or a package, belongs to no group itself
                "/" not in target.removeprefix(service.api)
                and service.get(target, _Target).project_group_link == ours
            )
        return self._ours[target]

    def _say(self, service: LaunchpadService, number: int, bug: Any, comment: str) -> list[str]:
        sign = _last_line(comment)
        if self._is_said(service, number, sign):
            return []
        try:
            bug.newMessage(content=comment)
        except RequestError as error:
            # the answer may have got lost, not the request
            try:
                if self._is_said(service, number, sign):
                    return ["comment"]
            except RequestError:
                raise _unsure(number, error) from None
            if error.sure:
                raise
            raise _unsure(number, error) from None
        return ["comment"]

    def _is_said(self, service: LaunchpadService, number: int, sign: str) -> bool:
        start = 0
        for _ in range(MOST_PAGES):
            url = f"{service.api}bugs/{number}/messages?ws.start={start}&ws.size={BATCH}"
            page = service.get(url, _Messages)
            if any(_last_line(message.content or "") == sign for message in page.entries):
                return True
            start += len(page.entries)
            if not page.entries or start >= page.total_size:
                return False
        raise TrackerError(f"bug {number}: its comments never end")


def _save(name: str, entry: Any, change: Callable[[], bool]) -> None:
    """Save what `change` makes of an entry, and make it again if somebody was quicker.

    Raises:
        RequestError: it could not be saved.
        TrackerError: somebody was quicker each time.
    """
    for _ in range(MEETINGS):
        if not change():
            return
        try:
            entry.lp_save()
            return
        except RequestError as error:
            if error.status != 412:
                raise
        entry.lp_refresh()
    raise TrackerError(f"{name} is being changed by somebody else all the time; the next run tries again")


def _last_line(text: str) -> str:
    return text.rstrip().rpartition("\n")[2].strip()


def _unsure(number: int, error: RequestError) -> UnsureError:
    return UnsureError(f"bug {number}: whether the comment was written is not known: {error}")
