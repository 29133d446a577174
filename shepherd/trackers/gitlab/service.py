"""What the shepherd asks of GitLab: lists of merge requests and issues, a hundred in one answer."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote

from shepherd.errors import TrackerError
from shepherd.trackers.client import Client
from shepherd.trackers.forge.items import Absent, ForgeItem, Issue, Request, UnreadablePart, no_such_item
from shepherd.trackers.forge.reading import AT_ONCE, chunks, number_of
from shepherd.trackers.forge.rest import ForgeRest
from shepherd.trackers.gitlab.commits import WITH_MERGES, WITHOUT_MERGES, BroughtCommits, commits_of
from shepherd.trackers.gitlab.meaning import budget, meaning
from shepherd.trackers.gitlab.pipelines import AskedPipelines, ask
from shepherd.trackers.gitlab.wire import (
    GitLabDeployment,
    GitLabLabelled,
    GitLabLabelName,
    GitLabMerge,
    GitLabUser,
)
from shepherd.trackers.http import HttpSession, RequestError
from shepherd.words import Item, is_request

MOST_PAGES = 100
"""Of comments or labels, a hundred each."""
FEW = 2
"""Commits that are asked for again one by one: the lists would not be fewer questions."""
ONE_PER = 20
"""Commits for each question, at least, where several are asked for again."""
LEEWAY = timedelta(hours=1)
"""A request may be merged, and shown with it a little later."""
MOST_FAILED = 3
"""Commits in a row: each costs several tries."""

_T = TypeVar("_T")


class GitLabService(ForgeRest):
    """One session with GitLab about one project. All raise TrackerError if it as a whole cannot be read.

    Args:
        token: empty: anonymous.
        project: "group/project", of any depth.
    """

    def __init__(self, session: HttpSession, token: str, project: str) -> None:
        client = Client(session, lambda: {"PRIVATE-TOKEN": token} if token else {}, meaning, budget)
        super().__init__(session, client, "api/v4", f"/projects/{quote(project, safe='')}")
        self.project = project
        self.anonymous = not token

    def requests_of(
        self, commits: Collection[str] | Mapping[str, datetime | None], base: str
    ) -> Iterator[tuple[str, Sequence[Request] | UnreadablePart]]:
        """See ForgeService. A SHA that GitLab does not know is absent.

        The lists of what was merged lately have most of them, by merge, squash and head commit. GraphQL gives
        the lower ones of several commits that landed together, and the rest is asked for one by one. Where
        none was found before, what was merged since then says whether there is one now.
        """
        wanted = set(commits)
        before = {sha: when for sha, when in commits.items() if when} if isinstance(commits, Mapping) else {}
        if len(before) > FEW:
            for sha, some in self._since(before):
                wanted.discard(sha)
                yield sha, [each.request for each in some]
        by_commit = self._listed(wanted, base)
        for sha, some in by_commit.items():
            yield sha, [each.request for each in some]
        yield from self._singly(sorted(wanted - by_commit.keys()))

    def _listed(self, wanted: set[str], base: str) -> dict[str, list[GitLabMerge]]:
        """What the lists, and GraphQL for the requests in them, say of these commits."""
        by_commit: dict[str, list[GitLabMerge]] = {}
        for page in range(1, 2 + -(-len(wanted) // AT_ONCE) if wanted else 0):
            merged = self._merged(page, target_branch=base)
            before = len(by_commit)
            for request in merged:
                for sha in request.landed & wanted:
                    by_commit.setdefault(sha, []).append(request)
            if len(merged) < AT_ONCE or len(by_commit) == len(wanted) or len(by_commit) == before:
                break
        if wanted - by_commit.keys():
            heads = {each.iid: each for some in by_commit.values() for each in some if each.sha in by_commit}
            for brought in self._brought(heads, WITHOUT_MERGES):
                for sha in wanted.intersection(brought.shas):
                    if heads[brought.number] not in by_commit.setdefault(sha, []):
                        by_commit[sha].append(heads[brought.number])
        return by_commit

    def _since(self, before: Mapping[str, datetime]) -> Iterator[tuple[str, list[GitLabMerge]]]:
        """Of commits that none had brought at these times: a request that has brought one since was changed
        since, into whichever branch. Yields nothing if the requests, or their commits, are too many to know
        them all, or if GitLab does not say what its clock says: then they are asked for one by one."""
        merged = self._merged_since(min(before.values()) - LEEWAY, 1 + len(before) // ONE_PER // 2)
        if merged is None or self.session.now is None:
            return
        landed = {number: set(each.landed) for number, each in merged.items()}
        unknown = set(merged)
        for brought in self._brought(merged, WITH_MERGES):
            landed[brought.number].update(brought.shas)
            if brought.complete:
                unknown.discard(brought.number)
        if not unknown:
            for sha in before:
                yield sha, [merged[number] for number, shas in landed.items() if sha in shas]

    def _merged_since(self, when: datetime, most: int) -> dict[int, GitLabMerge] | None:
        """Those that are merged and were changed since, by number; None: they are more than so many pages."""
        since = when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        merged: dict[int, GitLabMerge] = {}
        for page in range(1, most + 1):
            some = self._merged(page, updated_after=since)
            merged |= {each.iid: each for each in some}
            if len(some) < AT_ONCE:
                # what was changed meanwhile has moved from a later page to the first one
                again = self._merged(1, updated_after=since) if page > 1 else []
                return merged | {each.iid: each for each in again}
        return None

    def _singly(self, shas: Sequence[str]) -> Iterator[tuple[str, list[Request] | UnreadablePart]]:
        """Those that GitLab knows. One that fails is that one's matter; after a few in a row the others are
        not asked for now."""
        failed, why = 0, ""
        # those that failed the last time must not always stand before the others: by the time that GitLab
        # says, so that the same answers always give the same
        by_time = random.Random(str(self.session.now))  # noqa: S311  # nobody has to be unable to guess it
        for sha in by_time.sample(shas, len(shas)):
            if failed < MOST_FAILED:
                try:
                    yield sha, [each.request for each in self._related(sha)]
                except RequestError as error:
                    if error.status == 404:
                        continue
                    if self.session.over or (error.status not in (0, 403) and error.status < 500):
                        raise
                    failed, why = failed + 1, str(error)
                    yield sha, UnreadablePart(why)
                else:
                    failed = 0
            else:
                yield sha, UnreadablePart(f"it was not asked, after {failed} that failed: {why}")

    def _merged(self, page: int, **more: str) -> list[GitLabMerge]:
        asked = {
            "state": "merged",
            **more,
            "order_by": "updated_at",
            "sort": "desc",
            "per_page": AT_ONCE,
            "page": page,
        }
        return self.get("/merge_requests", asked, list[GitLabMerge])

    def _brought(self, requests: Collection[int], query: str) -> Iterator[BroughtCommits]:
        return commits_of(self._client, self.project, requests, query, self.convert)

    def _related(self, sha: str) -> list[GitLabMerge]:
        place, asked = f"/repository/commits/{sha}/merge_requests", {"per_page": AT_ONCE}
        related = self.convert(self.send("GET", place, asked, one_of_many=True), list[GitLabMerge])
        return [request for request in related if request.state == "merged"]

    def items_of(self, items: Collection[Item], claimed: Collection[Item]) -> dict[Item, ForgeItem]:
        """See ForgeService. Issues and merge requests have a row of numbers each."""
        items = {*items, *claimed}
        there: dict[Item, ForgeItem] = {item: Absent(no_such_item(item, self.project)) for item in items}
        for asked in chunks(sorted(number_of(item) for item in items if is_request(item))):
            for merge in self.get("/merge_requests", _numbered(asked), list[GitLabMerge]):
                there[f"!{merge.iid}"] = merge.request
        for asked in chunks(sorted(number_of(item) for item in items if not is_request(item))):
            for issue in self.get("/issues", _numbered(asked), list[GitLabLabelled]):
                there[str(issue.iid)] = Issue(issue.labels)
        return there

    def labels(self) -> list[str]:
        """See ForgeService. Those of the project's groups belong to it."""
        names: list[str] = []
        for page in range(1, MOST_PAGES + 1):
            labels = self.get("/labels", {"per_page": AT_ONCE, "page": page}, list[GitLabLabelName])
            names += [label.name for label in labels]
            if len(labels) < AT_ONCE:
                return names
        raise TrackerError(f"{self.project}: its labels never end")

    def deployed(self, environments: Collection[str]) -> str:
        """See ForgeService."""
        asked = {"status": "success", "order_by": "created_at", "sort": "desc", "per_page": 1}
        newest = [
            each
            for name in environments
            for each in self.get("/deployments", {**asked, "environment": name}, list[GitLabDeployment])
        ]
        return max(newest, key=lambda each: each.created_at).sha if newest else ""

    def pipelines_of(self, commits: Sequence[str], jobs: bool) -> AskedPipelines | None:
        """See pipelines.ask."""
        return ask(self._client, self.project, commits, jobs, self.convert)

    def probe(self) -> str:
        """See ForgeService."""
        self.get("/merge_requests", {"per_page": 1}, list[GitLabLabelled])
        if self.anonymous:
            return "anonymously"
        return f"as {self.get('/user', {}, GitLabUser, whole=True).username}"


def _numbered(numbers: Sequence[int]) -> dict[str, Any]:
    return {"iids[]": numbers, "state": "all", "scope": "all", "per_page": AT_ONCE}
