"""What the shepherd asks of Redmine's REST service: issues by their numbers, many at once; and changes.

As read in Redmine 5.0.4; versions 4 and 6 answer alike.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from shepherd.errors import SettingsError, TrackerError
from shepherd.settings import Settings
from shepherd.trackers.client import Client
from shepherd.trackers.forge.reading import token_of
from shepherd.trackers.forge.wire import decoded_as
from shepherd.trackers.http import HttpSession, RequestError
from shepherd.trackers.redmine.meaning import meaning
from shepherd.trackers.redmine.wire import (
    IssuePage,
    ProjectPage,
    RedmineIssue,
    RedmineProject,
    RedmineStatus,
    RedmineUser,
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
    """Open a session; nothing is asked yet. Raises SettingsError: the settings do not say where Redmine is."""
    root = settings.tracker.service_root
    if not root:
        raise SettingsError(
            f'{settings.file}: {settings.tracker_key}.service_root expected: the address of your Redmine, as in'
            ' "https://redmine.example.com"'
        )
    return HttpSession("Redmine", root.rstrip("/") + "/")


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
        self._client = Client(session, lambda: {"X-Redmine-API-Key": key} if key else {}, meaning)
        self._list = LIST

    def account(self) -> RedmineUser | None:
        """As whom we ask; None: anonymously. Raises TrackerError.

        It has to be asked: with a key that it does not accept, Redmine gives what anybody may see, as if
        nothing else was there (ApplicationController#find_current_user).
        """
        if self.anonymous:
            return None
        try:
            return self._get("users/current.json", {}, UserPage).user
        except RequestError as error:
            if error.status == 403:
                raise TrackerError(
                    f"Redmine at {self.session.host} answered 403: its REST service is switched off"
                    " (Administration, Settings, API)"
                ) from None
            raise

    def issues(self, numbers: Collection[int]) -> Iterator[RedmineIssue]:
        """Those of these issues that the account may see, in any project, closed ones too. Raises
        TrackerError."""
        ordered = sorted(numbers)
        for start in range(0, len(ordered), AT_ONCE):
            asked = ordered[start : start + AT_ONCE]
            yield from self._page(asked, AT_ONCE, 0).issues

    def chunks(self, numbers: Collection[int]) -> list[Sequence[int]]:
        """These numbers, as many together as one URL holds."""
        return _lists(sorted(numbers), self._list)

    def newest_first(self, numbers: Sequence[int]) -> Iterator[IssuePage]:
        """The same as pages of a list, what was changed last first; `numbers` fit into one URL. Raises
        TrackerError; RequestError with a status of `too_long`."""
        seen = 0
        for limit in (FEW, *(AT_ONCE for _ in range(MOST_PAGES))):
            page = self._page(numbers, limit, seen)
            times = [issue.updated_on for issue in page.issues]
            if times != sorted(times, reverse=True):
                raise self._other("a list of issues that is not in the order that was asked for")
            yield page
            seen += len(page.issues)
            if not page.issues or seen >= page.total_count:
                return
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

    def newest(self, count: int = 1) -> IssuePage:
        """Some issue that the account may see, and how many there are. Raises TrackerError."""
        query = {"status_id": "*", "sort": "updated_on:desc", "limit": count}
        return self._get("issues.json", query, IssuePage)

    def whole(self, item: Item) -> WholeIssue:
        """One issue with its history and the statuses that may be chosen. Raises RequestError."""
        query = {"include": "journals,allowed_statuses"}
        return self._get(f"issues/{item}.json", query, WholeIssuePage).issue

    def change(self, item: Item, changes: dict[str, object]) -> None:
        """Change one issue, at once and as a whole. Raises RequestError."""
        url = f"{self.session.root}issues/{item}.json"
        self._client.send("PUT", url, document={"issue": changes}, repeatable=False)

    def _page(self, numbers: Sequence[int], limit: int, offset: int) -> IssuePage:
        # one by one: a blank key would be read as no condition at all, and give every issue there is
        assert numbers
        query = {"status_id": "*", "sort": "updated_on:desc", "limit": limit, "offset": offset}
        listed = ",".join(map(str, numbers))
        page = self._get(f"issues.json?issue_id={listed}&{urlencode(query, safe='*:')}", {}, IssuePage)
        strange = {issue.id for issue in page.issues}.difference(numbers)
        if strange or len(page.issues) > limit or page.total_count > len(numbers):
            raise self._other("issues that it was not asked for")
        return page

    def _get(self, path: str, query: dict[str, object], kind: type[_T]) -> _T:
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
