"""What the shepherd asks of Redmine's REST service: issues by their numbers, many at once; and changes.

As read in Redmine 5.0.4; versions 4 and 6 answer alike.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from shepherd.errors import TrackerError
from shepherd.settings import Settings
from shepherd.trackers.client import Client, Headers, Meant
from shepherd.trackers.forge.batches import Batches, TooMuchPart
from shepherd.trackers.forge.items import UnreadablePart
from shepherd.trackers.forge.reading import token_of
from shepherd.trackers.forge.wire import decoded_as
from shepherd.trackers.http import HttpSession, RequestError
from shepherd.trackers.redmine.meaning import DIVISIBLE, meaning
from shepherd.trackers.redmine.wire import (
    IssuePage,
    NumberedIssue,
    ProjectPage,
    RedmineIssue,
    RedmineProject,
    RedmineRole,
    RedmineStatus,
    RedmineUser,
    RolePage,
    StatusPage,
    UserPage,
    WholeIssue,
    WholeIssuePage,
)
from shepherd.words import Item

AT_ONCE = 100
"""Issues in one answer: the most that Redmine gives (ApplicationController#api_offset_and_limit)."""
FEW = 20
"""Issues in the first answer to what changed: mostly that is all."""
LIST = 4_000
"""Characters of the numbers in one URL: web servers take about 8,000 for all of it (Apache LimitRequestLine,
nginx large_client_header_buffers), Puma 10,000 behind the ?."""
MOST_PAGES = 1_000
"""Of one list."""
_TOO_LONG = (414, 431)

_T = TypeVar("_T")


def session_with(settings: Settings) -> HttpSession:
    """Open a session; nothing is asked yet."""
    return HttpSession("Redmine", settings.tracker.service_root.rstrip("/") + "/")


class RedmineService:
    """One session with Redmine; nothing is asked yet.

    Args:
        needed: why it does not work without an API key; empty: it does.

    Raises:
        SettingsError: the API key cannot be read, or there is none.
    """

    def __init__(self, settings: Settings, session: HttpSession, *, needed: str = "") -> None:
        self.session = session
        key = token_of(settings, os.environ, needed=needed)
        self.anonymous = not key
        self._client = Client(session, lambda: {"X-Redmine-API-Key": key} if key else {}, self._meaning)
        self._list = LIST
        self._divisible = False
        """An answer to the request under way that says that it was too much is not waited for again."""
        self._batches = Batches(AT_ONCE, f"Redmine at {session.host}", self._answers_at_once)

    def account(self, *, memberships: bool = False) -> RedmineUser | None:
        """As whom we ask; None: anonymously. Raises TrackerError.

        It has to be asked: with a key that it does not accept, Redmine gives what anybody may see, as if
        nothing else was there (ApplicationController#find_current_user).
        """
        if self.anonymous:
            return None
        try:
            query = {"include": "memberships"} if memberships else {}
            return self._get("users/current.json", query, UserPage).user
        except RequestError as error:
            if error.status == 403:
                raise TrackerError(
                    f"Redmine at {self.session.host} answered 403: its REST service is switched off"
                    " (Administration, Settings, API), or something that stands before it refuses this"
                ) from None
            raise

    def issues(self, numbers: Collection[int]) -> Iterator[tuple[int, RedmineIssue | UnreadablePart | None]]:
        """Each of these issues as soon as it is known, of whatever project, closed ones too; None: there is
        no such issue, or the account may not see it. Raises TrackerError."""
        yield from self._batches.ask(sorted(numbers), self._issues)

    def _issues(
        self, numbers: Sequence[int], patient: bool
    ) -> Mapping[int, RedmineIssue | UnreadablePart | None]:
        try:
            found, total = self._page(numbers, AT_ONCE, 0, patient=patient)
        except RequestError as error:
            if error.status not in DIVISIBLE:
                raise
            return dict.fromkeys(numbers, TooMuchPart(str(error)))
        if total != len(found):
            raise self._other("a part of a list")
        return {number: found.get(number) for number in numbers}

    def _answers_at_once(self, patient: bool) -> bool:
        before = self.session.requests
        self._page((0,), 1, 0, patient=patient)
        return self.session.requests == before + 1

    def chunks(self, numbers: Collection[int]) -> list[Sequence[int]]:
        """These numbers, as many together as one URL holds."""
        return _lists(sorted(numbers), self._list)

    def changed(self, numbers: Sequence[int], since: datetime) -> list[RedmineIssue] | None:
        """Those of these issues that were changed since then; None: the account cannot see all of them.
        `numbers` fit into one URL. Raises TrackerError.

        What is changed last comes first, so one page shows both: how many there are, and that none of the
        rest was changed. What is changed meanwhile moves to the front, and pushes no other one out.
        """
        changed: list[RedmineIssue] = []
        seen = 0
        for limit in (FEW, *(AT_ONCE for _ in range(len(numbers)))):
            found, total = self._page(numbers, limit, seen)
            issues = [issue for issue in found.values() if isinstance(issue, RedmineIssue)]
            if total != len(numbers) or len(issues) < len(found):
                return None
            times = [issue.updated_on for issue in issues]
            if times != sorted(times, reverse=True) or not times:
                raise self._other("a list of issues that is not in the order that was asked for")
            new = [issue for issue in issues if issue.updated_on >= since]
            changed += new
            seen += len(issues)
            if len(new) < len(issues) or seen >= len(numbers):
                return changed
        raise TrackerError(f"Redmine at {self.session.host} gave a list that never ends")

    def is_too_long(self, error: RequestError, numbers: Sequence[int]) -> bool:
        """Whether the URL was too long for what stands before this Redmine: shorter ones are asked for from
        now on."""
        if error.status not in _TOO_LONG or len(numbers) == 1:
            return False
        self._list = max(1, self._list // 2)
        return True

    def statuses(self) -> tuple[RedmineStatus, ...]:
        """All that issues can have. Raises TrackerError."""
        return self._get("issue_statuses.json", {}, StatusPage).issue_statuses

    def projects(self) -> list[RedmineProject]:
        """Those that the account may see. Raises TrackerError."""
        found: list[RedmineProject] = []
        for _ in range(MOST_PAGES):
            page = self._get("projects.json", {"limit": AT_ONCE, "offset": len(found)}, ProjectPage)
            found += page.projects
            if not page.projects or len(found) >= page.total_count:
                return found
        raise TrackerError(f"Redmine at {self.session.host} gave a list that never ends")

    def role(self, number: int) -> RedmineRole:
        """What a role may do. Raises TrackerError."""
        return self._get(f"roles/{number}.json", {}, RolePage).role

    def count(self) -> int:
        """How many issues the account may see. Raises TrackerError."""
        return self._get("issues.json", {"status_id": "*", "limit": 1}, IssuePage).total_count

    def newest(self) -> list[RedmineIssue]:
        """Those that were changed last, as far as they can be read. Raises TrackerError."""
        query = {"status_id": "*", "sort": "updated_on:desc", "limit": AT_ONCE}
        found = dict(map(self._issue, self._get("issues.json", query, IssuePage).issues))
        return [issue for issue in found.values() if isinstance(issue, RedmineIssue)]

    def whole(self, item: Item) -> WholeIssue:
        """One issue with its history and the statuses that may be chosen. Raises RequestError."""
        query = {"include": "journals,allowed_statuses"}
        return self._get(f"issues/{item}.json", query, WholeIssuePage).issue

    def change(self, item: Item, changes: dict[str, object]) -> None:
        """Change one issue, at once and as a whole. Raises RequestError."""
        url = f"{self.session.root}issues/{item}.json"
        self._client.send("PUT", url, document={"issue": changes}, repeatable=False)

    def _page(
        self, numbers: Sequence[int], limit: int, offset: int, *, patient: bool = True
    ) -> tuple[dict[int, RedmineIssue | UnreadablePart], int]:
        """One page of these issues, in the order of the list, and how many all pages have."""
        # an empty list would be no condition at all
        assert numbers
        self._divisible = not patient
        query = {"status_id": "*", "sort": "updated_on:desc", "limit": limit, "offset": offset}
        listed = ",".join(map(str, numbers))
        page = self._get(f"issues.json?issue_id={listed}&{urlencode(query, safe='*:')}", {}, IssuePage)
        found = dict(map(self._issue, page.issues))
        if not found.keys() <= set(numbers) or len(page.issues) > limit or page.total_count > len(numbers):
            raise self._other("issues that it was not asked for")
        return found, page.total_count

    def _issue(self, raw: msgspec.Raw) -> tuple[int, RedmineIssue | UnreadablePart]:
        """One issue by its number; what stands in it is its matter alone."""
        number = decoded_as(NumberedIssue, bytes(raw), self.session).id
        try:
            return number, msgspec.json.decode(raw, type=RedmineIssue)
        except msgspec.MsgspecError as error:
            return number, UnreadablePart(f"Redmine gives issue {number} in another shape ({error})")

    def _meaning(self, status: int, headers: Headers, body: bytes) -> Meant:
        return meaning(status, headers, body, anonymous=self.anonymous, divisible=self._divisible)

    def _get(self, path: str, query: Mapping[str, object], kind: type[_T]) -> _T:
        answer = self._client.send("GET", f"{self.session.root}{path}", query=query)
        return decoded_as(kind, answer.content, self.session)

    def _other(self, what: str) -> TrackerError:
        return TrackerError(
            f"Redmine at {self.session.host} gave {what}: it is older than 4.0, or something else"
        )


def _lists(numbers: Sequence[int], longest: int) -> list[Sequence[int]]:
    lists: list[list[int]] = []
    length = longest
    for number in numbers:
        size = len(str(number)) + 1
        if length + size > longest:
            lists.append([])
            length = 0
        lists[-1].append(number)
        length += size
    return [*lists]
