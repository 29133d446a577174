"""Writes to GitHub: GraphQL reads what is there, and REST, which adds labels one by one, writes."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import quote

from msgspec import Struct

from shepherd.errors import TrackerError
from shepherd.label_text import folded
from shepherd.settings import Settings
from shepherd.trackers.forge.items import Absent, UnreadablePart
from shepherd.trackers.forge.labels import LabelStyle
from shepherd.trackers.forge.reading import number_of
from shepherd.trackers.forge.writing import CurrentLabels, ForgeWriter, open_label_writer
from shepherd.trackers.github.questions import LABELS, MOST_PAGES, Labelled, as_value
from shepherd.trackers.github.reading import NEEDS_TOKEN, GitHubTracker
from shepherd.trackers.github.service import GitHubService
from shepherd.trackers.http import HttpSession, RequestError
from shepherd.trackers.writing import last_line
from shepherd.words import Item

_COMMENTS = "comments(last: 100%s) { nodes { body } pageInfo { hasPreviousPage startCursor } }"
_ITEM = "issueOrPullRequest(number: %d) { ... on Issue { %s } ... on PullRequest { %s } }"


_T = TypeVar("_T")


class _Comment(Struct, frozen=True):
    body: str


class _PageInfo(Struct, frozen=True):
    hasPreviousPage: bool
    startCursor: str | None = None


class _Comments(Struct, frozen=True):
    nodes: tuple[_Comment, ...]
    pageInfo: _PageInfo


class _Discussed(Struct, frozen=True):
    comments: _Comments


class _Commented(Labelled, frozen=True):
    locked: bool
    comments: _Comments | None = None


def open_writer(settings: Settings) -> ForgeWriter:
    """Raises SettingsError: there is no token, or it cannot be read."""

    def begin(session: HttpSession, token: str) -> _GitHubLabelWriter:
        return _GitHubLabelWriter(GitHubService(session, token, settings.tracker.project))

    return open_label_writer(settings, GitHubTracker, NEEDS_TOKEN, begin)


class _GitHubLabelWriter:
    """See LabelWriter."""

    def __init__(self, service: GitHubService) -> None:
        self._service = service
        self._called = service.project

    def current(self, item: Item, sign: str) -> CurrentLabels:
        fields = f"{LABELS} locked {_COMMENTS % '' if sign else ''}"
        thing = self._ask(item, fields, _Commented)
        labels = tuple(label.name for label in thing.labels.nodes)
        commented = thing.comments is not None and self._is_among(item, thing.comments, sign)
        return CurrentLabels(labels, commented, thing.locked)

    def has_comment(self, item: Item, sign: str) -> bool:
        return self._is_among(item, self._ask(item, _COMMENTS % "", _Discussed).comments, sign)

    def labels(self) -> list[str]:
        return self._service.labels()

    def make(self, label: str, style: LabelStyle) -> None:
        document = {"name": label, "color": style.color, "description": style.description}
        try:
            self._send("POST", "labels", document)
        except RequestError as error:
            if error.status != 422 or folded(label) not in map(folded, self.labels()):
                raise

    def add(self, item: Item, label: str) -> None:
        self._send("POST", f"issues/{number_of(item)}/labels", {"labels": [label]})

    def remove(self, item: Item, label: str) -> None:
        try:
            self._send("DELETE", f"issues/{number_of(item)}/labels/{quote(label, safe='')}")
        except RequestError as error:
            if error.status != 404 or label in self.current(item, "").labels:
                raise

    def comment_on(self, item: Item, comment: str) -> None:
        self._send("POST", f"issues/{number_of(item)}/comments", {"body": comment}, repeatable=False)

    def _send(self, method: str, place: str, document: object = None, *, repeatable: bool = True) -> None:
        path = f"/repos/{self._called}/{place}"
        self._service.write(method, path, document, repeatable=repeatable)

    def _ask(self, item: Item, fields: str, kind: type[_T]) -> _T:
        self._called, answers = self._service.ask({"it": _ITEM % (number_of(item), fields, fields)}, kind)
        answer = answers["it"]
        if answer is None or isinstance(answer, UnreadablePart | Absent):
            raise TrackerError(self._service.unreadable(item, answer))
        return answer

    def _is_among(self, item: Item, comments: _Comments, sign: str) -> bool:
        for _ in range(MOST_PAGES):
            if any(last_line(comment.body) == sign for comment in comments.nodes):
                return True
            page = comments.pageInfo
            if not page.hasPreviousPage:
                return False
            if not page.startCursor:
                raise TrackerError(f"{item}: GitHub says that there are more comments, but not where")
            before = _COMMENTS % f", before: {as_value(page.startCursor)}"
            comments = self._ask(item, before, _Discussed).comments
        raise TrackerError(f"{item}: its comments never end")
