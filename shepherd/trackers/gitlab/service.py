"""What the shepherd asks of GitLab: lists of merge requests and issues, a hundred in one answer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct

from shepherd.errors import TrackerError
from shepherd.trackers.client import Client, Meant
from shepherd.trackers.forge.items import Absent, ForgeItem, Issue, Request, UnreadablePart
from shepherd.trackers.forge.reading import AT_ONCE, chunks, number_of
from shepherd.trackers.forge.wire import until_reset
from shepherd.trackers.http import HttpSession, RequestError
from shepherd.words import Item, is_request, item_name

_COMMITS = (
    "query($project: ID!, $iids: [String!]) { project(fullPath: $project) {"
    " mergeRequests(iids: $iids, first: 100) { nodes { iid"
    " commitsWithoutMergeCommits(first: 100) { nodes { sha } } } } } }"
)
MOST_PAGES = 100
"""Of comments or labels, a hundred each."""

_T = TypeVar("_T")


class _Sha(Struct, frozen=True):
    sha: str


class _Shas(Struct, frozen=True):
    nodes: tuple[_Sha, ...]


class _Commits(Struct, frozen=True):
    iid: str
    commitsWithoutMergeCommits: _Shas


class _Nodes(Struct, frozen=True):
    nodes: tuple[_Commits, ...]


class _Project(Struct, frozen=True):
    mergeRequests: _Nodes


class _Data(Struct, frozen=True):
    project: _Project


class _Answer(Struct, frozen=True):
    data: _Data


class GitLabLabelled(Struct, frozen=True):
    """A merge request or an issue, as far as it is read: not its title, which may be confidential."""

    iid: int
    labels: tuple[str, ...]


class _Merge(GitLabLabelled, frozen=True):
    """A merge request, with the commits that may have landed by it."""

    state: str
    target_branch: str
    sha: str | None = None
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None

    @property
    def request(self) -> Request:
        commits = (self.merge_commit_sha, self.squash_commit_sha, self.sha)
        merged = self.state == "merged"
        return Request(self.iid, self.labels, merged, self.target_branch, tuple(filter(None, commits)))


class _Label(Struct, frozen=True):
    name: str


class _Deployment(Struct, frozen=True):
    sha: str
    created_at: datetime


class _User(Struct, frozen=True):
    username: str


class GitLabService:
    """One session with GitLab about one project. All raise TrackerError if it as a whole cannot be read.

    Args:
        token: empty: anonymous.
        project: "group/project", of any depth.
    """

    def __init__(self, session: HttpSession, token: str, project: str) -> None:
        self.session = session
        self.project = project
        self.anonymous = not token
        self.place = f"/projects/{quote(project, safe='')}"
        self._client = Client(session, lambda: {"PRIVATE-TOKEN": token} if token else {}, meaning)

    def requests_of(
        self, commits: Collection[str], base: str
    ) -> Iterator[tuple[str, Sequence[Request] | UnreadablePart]]:
        """See ForgeService. A SHA that GitLab does not know is absent.

        The lists of what was merged lately have most of them, by merge, squash and head commit. GraphQL gives
        the lower ones of several commits that landed together, and the rest is asked for one by one.
        """
        by_commit: dict[str, list[_Merge]] = {}
        wanted = set(commits)
        for page in range(1, 2 + -(-len(wanted) // AT_ONCE)):
            merged = self._merged(base, page)
            before = len(by_commit)
            for request in merged:
                landed = {request.merge_commit_sha, request.squash_commit_sha, request.sha} & wanted
                for sha in landed - {None}:
                    assert sha is not None
                    by_commit.setdefault(sha, []).append(request)
            if len(merged) < AT_ONCE or len(by_commit) == len(wanted) or len(by_commit) == before:
                break
        if wanted - by_commit.keys():
            heads = {each.iid: each for some in by_commit.values() for each in some if each.sha in by_commit}
            for sha, request in self._brought(heads):
                if sha in wanted and request not in by_commit.setdefault(sha, []):
                    by_commit[sha].append(request)
        for sha in sorted(wanted - by_commit.keys()):
            related = self._related(sha)
            if related is not None:
                by_commit[sha] = related
        for sha, some in by_commit.items():
            yield sha, [each.request for each in some]

    def _merged(self, base: str, page: int) -> list[_Merge]:
        asked = {
            "state": "merged",
            "target_branch": base,
            "order_by": "updated_at",
            "sort": "desc",
            "per_page": AT_ONCE,
            "page": page,
        }
        return self.get("/merge_requests", asked, list[_Merge])

    def _brought(self, requests: Mapping[int, _Merge]) -> list[tuple[str, _Merge]]:
        """The commits of each request, as far as GraphQL gives them: it may find the question too large, or
        be an old one; then they are asked for one by one like others."""
        brought: list[tuple[str, _Merge]] = []
        try:
            for some in chunks(sorted(requests)):
                variables = {"project": self.project, "iids": [str(number) for number in some]}
                answer = self._client.send(
                    "POST",
                    f"{self.session.root}api/graphql",
                    document={"query": _COMMITS, "variables": variables},
                    repeatable=True,
                    writes=False,
                )
                nodes = self.convert(answer.content, _Answer).data.project.mergeRequests.nodes
                brought += [
                    (commit.sha, requests[int(each.iid)])
                    for each in nodes
                    for commit in each.commitsWithoutMergeCommits.nodes
                    if int(each.iid) in requests
                ]
        except TrackerError:
            return brought
        return brought

    def _related(self, sha: str) -> list[_Merge] | None:
        try:
            related = self.get(
                f"/repository/commits/{sha}/merge_requests", {"per_page": AT_ONCE}, list[_Merge]
            )
        except RequestError as error:
            if error.status == 404:
                return None
            raise
        return [request for request in related if request.state == "merged"]

    def items_of(self, items: Collection[Item], claimed: Collection[Item]) -> dict[Item, ForgeItem]:
        """See forge.reading.Service. Issues and merge requests have a row of numbers each."""
        items = {*items, *claimed}
        there: dict[Item, ForgeItem] = {item: Absent(self.absent(item)) for item in items}
        for asked in chunks(sorted(number_of(item) for item in items if is_request(item))):
            for merge in self.get("/merge_requests", _numbered(asked), list[_Merge]):
                there[f"!{merge.iid}"] = merge.request
        for asked in chunks(sorted(number_of(item) for item in items if not is_request(item))):
            for issue in self.get("/issues", _numbered(asked), list[GitLabLabelled]):
                there[str(issue.iid)] = Issue(issue.labels)
        return there

    def labels(self) -> list[str]:
        """See forge.reading.Service. Those of the project's groups belong to it."""
        names: list[str] = []
        for page in range(1, MOST_PAGES + 1):
            labels = self.get("/labels", {"per_page": AT_ONCE, "page": page}, list[_Label])
            names += [label.name for label in labels]
            if len(labels) < AT_ONCE:
                return names
        raise TrackerError(f"{self.project}: its labels never end")

    def deployed(self, environments: Collection[str]) -> str:
        """See forge.reading.Service."""
        asked = {"status": "success", "order_by": "created_at", "sort": "desc", "per_page": 1}
        newest = [
            each
            for name in environments
            for each in self.get("/deployments", {**asked, "environment": name}, list[_Deployment])
        ]
        return max(newest, key=lambda each: each.created_at).sha if newest else ""

    def probe(self) -> str:
        """See forge.reading.Service."""
        self.get("/merge_requests", {"per_page": 1}, list[GitLabLabelled])
        if self.anonymous:
            return "anonymously"
        return f"as {self.get('/user', {}, _User, whole=True).username}"

    def absent(self, item: Item) -> str:
        """Why nothing is known of an item that was not in the answer."""
        name = item_name(item, "issue")
        return f"there is no {name} in {self.project}, or the token may not see it"

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
        url = f"{self.session.root}api/v4{'' if whole else self.place}{path}"
        answer = self._client.send(method, url, query=query, document=document, repeatable=repeatable)
        return answer.content

    def convert(self, content: bytes, kind: type[_T]) -> _T:
        """Raises TrackerError if it is something else."""
        try:
            return msgspec.json.decode(content, type=kind)
        except msgspec.MsgspecError as error:
            raise TrackerError(
                f"what answers at {self.session.host} is not {self.session.name} ({error});"
                " is tracker.service_root right?"
            ) from None


def meaning(status: int, headers: Mapping[str, str], _body: bytes) -> Meant:
    """See Meaning. When to come back, GitLab says by Retry-After, or by the time when the limit is reset."""
    if status == 429 and "retry-after" not in headers:
        return Meant(status, {**headers, "retry-after": until_reset(headers, "ratelimit-reset")})
    return Meant(status, headers)


def _numbered(numbers: Sequence[int]) -> dict[str, Any]:
    return {"iids[]": numbers, "state": "all", "scope": "all", "per_page": AT_ONCE}
