"""What the shepherd asks of Gitea: lists, fifty in one answer, as long as they hold enough of what is wanted,
and the rest one by one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from shepherd.errors import TrackerError
from shepherd.trackers.client import Client, Headers, Meant
from shepherd.trackers.forge.items import Absent, ForgeItem, Issue, Request, UnreadablePart
from shepherd.trackers.forge.reading import number_of
from shepherd.trackers.forge.wire import until_reset
from shepherd.trackers.gitea.answers import GiteaIssue, GiteaLabel, GiteaPull, GiteaUser
from shepherd.trackers.gitea.landed import Landed
from shepherd.trackers.http import HttpSession, RequestError
from shepherd.words import Item, is_request, item_name

PAGE = 50
"""The most that a server gives in one answer, unless it is set to another number (MAX_RESPONSE_ITEMS)."""
MOST_PAGES = 1000
"""Of one list."""

_T = TypeVar("_T")


class GiteaService:
    """One session with Gitea or Forgejo about one repository. All raise TrackerError if it as a whole cannot
    be read.

    Args:
        token: empty: anonymous.
        project: "owner/name".
    """

    def __init__(self, session: HttpSession, token: str, project: str) -> None:
        self.session = session
        self.project = project
        self.owner = project.partition("/")[0]
        self.anonymous = not token
        self._place = f"repos/{quote(project)}"
        self._total: int | None = None
        """How many entries the list has that was asked for last, if that was said."""
        self._client = Client(session, lambda: {"Authorization": f"token {token}"} if token else {}, self._note)

    def requests_of(
        self, commits: Collection[str], base: str
    ) -> Iterator[tuple[str, Sequence[Request] | UnreadablePart]]:
        """See ForgeService."""
        return Landed(self, commits, base).requests()

    def items_of(self, items: Collection[Item], claimed: Collection[Item]) -> dict[Item, ForgeItem]:
        """See ForgeService. Issues and pull requests share one row of numbers here."""
        everything = {*items, *claimed}
        wanted = {number_of(item) for item in everything if is_request(item)}
        pulls = self.found("/pulls", {"state": "all", "sort": "recentupdate"}, GiteaPull, wanted)
        there: dict[Item, ForgeItem] = {f"#{number}": pull.request for number, pull in pulls.items()}
        left = everything - there.keys()
        try:
            wanted = {number_of(item) for item in left}
            issues = self.found("/issues", {"state": "all", "type": "issues"}, GiteaIssue, wanted)
        except RequestError as error:
            if error.status not in (403, 404):
                raise
            # a project may have no issues, or the token no right to them; is it there at all?
            self.get("", {}, msgspec.Raw)
            issues = {}
        for item in left:
            issue = issues.get(number_of(item))
            there[item] = Issue(issue.names) if issue else self._one(item)
        return there

    def found(self, path: str, query: dict[str, Any], kind: type[_T], wanted: Collection[int]) -> dict[int, _T]:
        """The entries of a list that have these numbers, as long as it is likely to cost less than to ask for
        each by itself: no more pages in vain than there are numbers left."""
        there: dict[int, _T] = {}
        vain = 0
        for page in self.pages(path, query, kind) if wanted else ():
            before = len(there)
            there |= {number: each for each in page if (number := getattr(each, "number", 0)) in wanted}
            vain += len(there) == before
            if vain >= len(wanted) - len(there):
                break
        return there

    def _one(self, item: Item) -> ForgeItem:
        """What an item is that stood in no list."""
        number = number_of(item)
        try:
            if is_request(item) and (pull := self.get_if_there(f"/pulls/{number}", GiteaPull)):
                return pull.request
            issue = self.get_if_there(f"/issues/{number}", GiteaIssue)
        except RequestError as error:
            return UnreadablePart(f"{item_name(item, 'issue')} cannot be read: {self.alone(error)}")
        return Issue(issue.names) if issue else Absent(self.absent(item))

    def alone(self, error: RequestError) -> RequestError:
        """An error that says nothing of other items; another one is raised."""
        if error.status in (403, 410) or error.status >= 500:
            return error
        raise error

    def all_labels(self) -> list[GiteaLabel]:
        """Those of the project, and of the organization that it belongs to."""
        labels = [label for page in self.pages("/labels", {}, GiteaLabel) for label in page]
        try:
            path = f"orgs/{quote(self.owner)}/labels"
            labels += [label for page in self.pages(path, {}, GiteaLabel, whole=True) for label in page]
        except RequestError as error:
            # the owner is a person, or the token gives no right to it
            if error.status not in (403, 404):
                raise
        return labels

    def labels(self) -> list[str]:
        """See ForgeService."""
        return [label.name for label in self.all_labels()]

    def deployed(self, environments: Collection[str]) -> str:
        """See ForgeService. Gitea knows of no deployments."""
        return ""

    def probe(self) -> str:
        """See ForgeService."""
        self.get("/pulls", {"limit": 1}, list[GiteaIssue | None])
        if self.anonymous:
            return "anonymously"
        try:
            return f"as {self.get('user', {}, GiteaUser, whole=True).login}"
        except RequestError as error:
            if error.status != 403:
                raise
            return "with a token that may not say whose it is"

    def absent(self, item: Item) -> str:
        """Why nothing is known of an item that is not there."""
        return f"there is no {item_name(item, 'issue')} in {self.project}, or the token may not see it"

    def pages(
        self, path: str, query: dict[str, Any], kind: type[_T], *, whole: bool = False
    ) -> Iterator[list[_T]]:
        """A list, page by page. Raises RequestError; TrackerError if it never ends."""
        seen = 0
        for number in range(1, MOST_PAGES + 1):
            page = self.get(path, {**query, "limit": PAGE, "page": number}, list[kind | None], whole=whole)  # type: ignore[valid-type]
            seen += len(page)
            over = not page or (self._total is not None and seen >= self._total)
            # an entry that the server could not make is null
            yield [each for each in page if each is not None]
            if over:
                return
        raise TrackerError(f"{self.project} on {self.session.name} at {self.session.host}: a list never ends")

    def get_if_there(self, path: str, kind: type[_T], query: dict[str, Any] | None = None) -> _T | None:
        """What stands at a place of the project; None: there is nothing. Raises RequestError."""
        try:
            return self.get(path, query or {}, kind)
        except RequestError as error:
            if error.status == 404:
                return None
            raise

    def get(self, path: str, query: dict[str, Any], kind: type[_T], *, whole: bool = False) -> _T:
        """What stands at a place of the project, or (whole) of the service. Raises RequestError."""
        return self.convert(self.send("GET", path, query, whole=whole), kind)

    def send(
        self,
        method: str,
        path: str,
        query: dict[str, Any] | None = None,
        document: dict[str, Any] | None = None,
        *,
        whole: bool = False,
        repeatable: bool = True,
    ) -> bytes:
        """The body of the answer. Raises RequestError."""
        url = f"{self.session.root}api/v1/{'' if whole else self._place}{path}"
        answer = self._client.send(method, url, query=query, document=document, repeatable=repeatable)
        return answer.content

    def convert(self, content: bytes, kind: Callable[..., _T]) -> _T:
        """Raises TrackerError if it is something else."""
        try:
            return msgspec.json.decode(content, type=kind)
        except msgspec.MsgspecError as error:
            raise TrackerError(
                f"what answers at {self.session.host} is not {self.session.name} ({error});"
                " is tracker.service_root right?"
            ) from None

    def _note(self, status: int, headers: Headers, _body: bytes) -> Meant:
        """See Meaning. A server may give fewer entries at once than were asked for: only X-Total-Count says
        whether there are more. Gitea has no limit of its own; what stands before it may."""
        total = headers.get("x-total-count", "")
        self._total = int(total) if total.isdecimal() and len(total) < 10 else None
        if status == 429 and "retry-after" not in headers:
            return Meant(status, {**headers, "retry-after": until_reset(headers, "ratelimit-reset")})
        return Meant(status, headers)
