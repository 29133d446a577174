"""Writes to GitLab: labels are added and removed by name, so that nobody else's are overwritten."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from shepherd.errors import TrackerError
from shepherd.settings import Settings
from shepherd.trackers.forge.items import no_such_item
from shepherd.trackers.forge.labels import LabelStyle
from shepherd.trackers.forge.reading import AT_ONCE, number_of
from shepherd.trackers.forge.writing import CurrentLabels, ForgeWriter, open_label_writer
from shepherd.trackers.gitlab.reading import GitLabTracker
from shepherd.trackers.gitlab.service import MOST_PAGES, GitLabService
from shepherd.trackers.gitlab.wire import GitLabLabelled
from shepherd.trackers.http import HttpSession, RequestError
from shepherd.trackers.writing import last_line
from shepherd.words import Item, is_request

NEEDS_TOKEN = "GitLab accepts changes only with a token"  # noqa: S105  # a sentence


class _Note(Struct, frozen=True):
    body: str


class _Lockable(GitLabLabelled, frozen=True):
    discussion_locked: bool | None = None


def open_writer(settings: Settings) -> ForgeWriter:
    """Raises SettingsError: there is no token, or it cannot be read."""

    def begin(session: HttpSession, token: str) -> _GitLabLabelWriter:
        return _GitLabLabelWriter(GitLabService(session, token, settings.tracker.project))

    return open_label_writer(settings, GitLabTracker, NEEDS_TOKEN, begin)


class _GitLabLabelWriter:
    """See LabelWriter."""

    def __init__(self, service: GitLabService) -> None:
        self._service = service

    def current(self, item: Item, sign: str) -> CurrentLabels:
        try:
            thing = self._service.get(_place(item), {}, _Lockable)
        except RequestError as error:
            if error.status == 404:
                raise TrackerError(no_such_item(item, self._service.project)) from None
            raise
        commented = bool(sign) and self.has_comment(item, sign)
        return CurrentLabels(thing.labels, commented, bool(thing.discussion_locked))

    def has_comment(self, item: Item, sign: str) -> bool:
        for page in range(1, MOST_PAGES + 1):
            asked = {"per_page": AT_ONCE, "page": page, "order_by": "created_at", "sort": "asc"}
            notes = self._service.get(f"{_place(item)}/notes", asked, list[_Note])
            if any(last_line(note.body) == sign for note in notes):
                return True
            if len(notes) < AT_ONCE:
                return False
        raise TrackerError(f"{item}: its comments never end")

    def labels(self) -> list[str]:
        return self._service.labels()

    def make(self, label: str, style: LabelStyle) -> None:
        document = {"name": label, "color": f"#{style.color}", "description": style.description}
        try:
            self._service.send("POST", "/labels", document=document)
        except RequestError as error:
            if error.status != 409:
                raise

    def add(self, item: Item, label: str) -> None:
        self._change(item, {"add_labels": label})

    def remove(self, item: Item, label: str) -> None:
        self._change(item, {"remove_labels": label})

    def comment_on(self, item: Item, comment: str) -> None:
        self._service.send("POST", f"{_place(item)}/notes", document={"body": comment}, repeatable=False)

    def _change(self, item: Item, document: dict[str, Any]) -> None:
        self._service.send("PUT", _place(item), document=document)


def _place(item: Item) -> str:
    kind = "merge_requests" if is_request(item) else "issues"
    return f"/{kind}/{number_of(item)}"
