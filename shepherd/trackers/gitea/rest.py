"""Gitea by REST: one page, a list page by page, a change."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, TypeVar, cast
from urllib.parse import quote

from shepherd.errors import TrackerError
from shepherd.trackers.client import Client, Headers, Meant
from shepherd.trackers.forge.rest import ForgeRest
from shepherd.trackers.forge.wire import A_MINUTE, budget_of, until_reset
from shepherd.trackers.http import HttpSession, RequestError

PAGE = 50
"""The most that a server gives in one answer, unless it is set to another number (MAX_RESPONSE_ITEMS)."""
MOST_PAGES = 1000
"""Of one list."""

_T = TypeVar("_T")


class GiteaRest(ForgeRest):
    """One session with Gitea or Forgejo about one repository.

    Args:
        token: empty: anonymous.
        project: "owner/name".
    """

    def __init__(self, session: HttpSession, token: str, project: str) -> None:
        client = Client(
            session,
            lambda: {"Authorization": f"token {token}"} if token else {},
            self._note,
            lambda headers: budget_of(headers, "ratelimit-"),
        )
        super().__init__(session, client, "api/v1", f"/repos/{quote(project)}")
        self.project = project
        self.owner = project.partition("/")[0]
        self.anonymous = not token
        self._total: int | None = None
        """How many entries the list has that was asked for last, if that was said."""

    def found(
        self, path: str, query: dict[str, Any], kind: type[_T], wanted: Collection[int]
    ) -> dict[int, _T]:
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

    def pages(
        self, path: str, query: dict[str, Any], kind: type[_T], *, whole: bool = False
    ) -> Iterator[list[_T]]:
        """A list, page by page. Raises RequestError; TrackerError if it never ends."""
        seen = 0
        for number in range(1, MOST_PAGES + 1):
            asked = {**query, "limit": PAGE, "page": number}
            page = self.get(path, asked, cast("type[list[_T | None]]", list[kind | None]), whole=whole)  # type: ignore[valid-type]
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

    def alone(self, error: RequestError) -> RequestError:
        """An error that says nothing of other items; another one is raised."""
        if error.status in (403, 410) or error.status >= 500:
            return error
        raise error

    def _note(self, status: int, headers: Headers, _body: bytes) -> Meant:
        """See Meaning. A server may give fewer entries at once than were asked for: only X-Total-Count says
        whether there are more. Gitea has no limit of its own; what stands before it may."""
        total = headers.get("x-total-count", "")
        self._total = int(total) if total.isdecimal() and len(total) < 10 else None
        if status == 429 and "retry-after" not in headers:
            wait = until_reset(headers, "ratelimit-reset") or A_MINUTE
            return Meant(status, {**headers, "retry-after": wait})
        return Meant(status, headers)
