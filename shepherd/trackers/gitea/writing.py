"""Writes to Gitea: labels are put on and taken off by their numbers, which every version understands; names
that there are not it would leave out without a word."""

from __future__ import annotations

from shepherd.errors import TrackerError
from shepherd.settings import Settings
from shepherd.trackers.forge.items import no_such_item
from shepherd.trackers.forge.labels import LabelStyle
from shepherd.trackers.forge.reading import number_of
from shepherd.trackers.forge.writing import CurrentLabels, ForgeWriter, open_label_writer
from shepherd.trackers.gitea.answers import GiteaComment, GiteaIssue, GiteaLabel
from shepherd.trackers.gitea.reading import GiteaTracker
from shepherd.trackers.gitea.service import GiteaService
from shepherd.trackers.http import HttpSession, RequestError
from shepherd.trackers.writing import last_line
from shepherd.words import Item

NEEDS_TOKEN = "Gitea accepts changes only with a token"  # noqa: S105  # a sentence


def open_writer(settings: Settings) -> ForgeWriter:
    """Raises SettingsError: there is no token, or it cannot be read."""

    def begin(session: HttpSession, token: str) -> _GiteaLabelWriter:
        return _GiteaLabelWriter(GiteaService(session, token, settings.tracker.project))

    return open_label_writer(settings, GiteaTracker, NEEDS_TOKEN, begin)


class _GiteaLabelWriter:
    """See LabelWriter."""

    def __init__(self, service: GiteaService) -> None:
        self._service = service
        self._numbers: dict[str, int] = {}
        """Of the project's labels, by name."""
        self._present: tuple[GiteaLabel, ...] = ()
        """Those of the item that was looked at last."""

    def current(self, item: Item, sign: str) -> CurrentLabels:
        issue = self._service.get_if_there(_place(item), GiteaIssue)
        if issue is None:
            raise TrackerError(no_such_item(item, self._service.project))
        self._present = issue.labels
        return CurrentLabels(issue.names, bool(sign) and self.has_comment(item, sign), issue.is_locked)

    def has_comment(self, item: Item, sign: str) -> bool:
        lists = self._service.pages(f"{_place(item)}/comments", {}, GiteaComment)
        return any(last_line(comment.body) == sign for page in lists for comment in page)

    def labels(self) -> list[str]:
        # of several of one name, the first: the project's own
        self._numbers = {label.name: label.id for label in reversed(self._service.all_labels())}
        return list(self._numbers)

    def make(self, label: str, style: LabelStyle) -> None:
        document = {"name": label, "color": f"#{style.color}", "description": style.description}
        made = self._service.send("POST", "/labels", document=document)
        self._numbers[label] = self._service.convert(made, GiteaLabel).id

    def add(self, item: Item, label: str) -> None:
        document = {"labels": [self._numbers[label]]}
        answer = self._service.send("POST", f"{_place(item)}/labels", document=document)
        if label not in {each.name for each in self._service.convert(answer, list[GiteaLabel])}:
            raise TrackerError(f"{item}: Gitea does not put the label {label} on it")

    def remove(self, item: Item, label: str) -> None:
        for number in [each.id for each in self._present if each.name == label]:
            try:
                self._service.send("DELETE", f"{_place(item)}/labels/{number}")
            except RequestError as error:
                if error.status not in (404, 422) or label in self.current(item, "").labels:
                    raise

    def comment_on(self, item: Item, comment: str) -> None:
        self._service.send("POST", f"{_place(item)}/comments", document={"body": comment}, repeatable=False)


def _place(item: Item) -> str:
    return f"/issues/{number_of(item)}"
