"""What the shepherd asks of GitHub, by GraphQL: a hundred pull requests or commits in one call."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Struct

from shepherd.errors import TrackerError
from shepherd.trackers.forge.reading import chunks, number_of
from shepherd.trackers.forge.things import Absent, Issue, Request, Thing, UnreadablePart
from shepherd.trackers.http import Line
from shepherd.words import Item

LARGEST_NUMBER = 2**31 - 1
"""GraphQL's Int: a larger one would spoil the whole call."""

LABELS = "labels(first: 100) { nodes { name } }"
_ITEM = (
    "issueOrPullRequest(number: %d) { __typename ... on Labelable { " + LABELS + " }"
    " ... on PullRequest { number merged baseRefName headRefOid mergeCommit { oid } } }"
)
_COMMIT = (
    'object(oid: "%s") { ... on Commit { associatedPullRequests(first: %d%s) { nodes {'
    " number merged baseRefName repository { nameWithOwner } " + LABELS + " }"
    " pageInfo { hasNextPage endCursor } } } }"
)
_ALL_LABELS = "labels(first: 100%s) { nodes { name } pageInfo { hasNextPage endCursor } }"
_PAGES = ((10, 100), (100, 20))
"""How many pull requests of how many commits are asked for in one call: first, and of those that have more.
GitHub refuses a question that could be answered by more than 500,000 nodes, and each has a hundred labels."""
MOST_PAGES = 100
_QUERY = (
    "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { nameWithOwner %s } }"
)
_PROBE = "query { viewer { login } }"
_NO_RIGHT = "the token gives no right to it"

_S = TypeVar("_S")
_T = TypeVar("_T")


class Label(Struct, frozen=True):
    name: str


class _Labels(Struct, frozen=True):
    nodes: tuple[Label, ...]


class GitHubLabelled(Struct, frozen=True):
    labels: _Labels


class _Repository(Struct, frozen=True):
    nameWithOwner: str


class _Oid(Struct, frozen=True):
    oid: str


class _Issue(GitHubLabelled, frozen=True, tag_field="__typename", tag="Issue"):
    pass


class _Numbered(GitHubLabelled, frozen=True, tag_field="__typename", tag="PullRequest"):
    number: int
    merged: bool
    baseRefName: str
    headRefOid: str
    mergeCommit: _Oid | None


_Shown = _Issue | _Numbered


class _Pull(Struct, frozen=True):
    number: int
    merged: bool
    baseRefName: str
    repository: _Repository
    labels: _Labels


class PageInfo(Struct, frozen=True):
    """Of a connection that is read forwards."""

    hasNextPage: bool
    endCursor: str | None = None

    @property
    def next(self) -> str:
        """What leads to the next page; empty: this was the last. Raises TrackerError."""
        if not self.hasNextPage:
            return ""
        if not self.endCursor:
            raise TrackerError("GitHub says that there is more, but not where")
        return f", after: {as_value(self.endCursor)}"


class _Pulls(Struct, frozen=True):
    nodes: tuple[_Pull, ...]
    pageInfo: PageInfo


class _AllLabels(_Labels, frozen=True):
    pageInfo: PageInfo


class _Commit(Struct, frozen=True):
    associatedPullRequests: _Pulls


class _Login(Struct, frozen=True):
    login: str


class _Viewer(Struct, frozen=True):
    viewer: _Login


class _Error(Struct, frozen=True):
    type: str = ""
    path: tuple[str | int, ...] = ()


class _Answer(Struct, frozen=True):
    data: dict[str, Any] | None = None
    errors: tuple[_Error, ...] = ()


class GitHubService:
    """One session with GitHub about one repository. All raise TrackerError if it as a whole cannot be read.

    Args:
        project: "owner/name".
    """

    def __init__(self, line: Line, token: str, project: str) -> None:
        from shepherd.trackers.github import library

        self.line = line
        self.project = project
        self.requester = library.open_requester(line, token)

    def requests_of(self, commits: Collection[str], base: str) -> dict[str, list[Request]]:
        """See forge.reading.Service. A SHA that GitHub does not know is absent."""
        found: dict[str, list[Request]] = {}
        more = dict.fromkeys(commits, "")
        for page in range(MOST_PAGES):
            pulls, at_once = _PAGES[min(page, 1)]
            asking, more = more, {}
            for some in chunks(list(asking), at_once):
                fields = {f"c{place}": _COMMIT % (sha, pulls, asking[sha]) for place, sha in enumerate(some)}
                name, answers = self.ask(fields, _Commit)
                for place, sha in enumerate(some):
                    commit = answers[f"c{place}"]
                    if isinstance(commit, UnreadablePart) or (commit is None and page):
                        why = commit.why if commit else "it is gone all at once"
                        raise TrackerError(
                            f"{self.here} does not tell which pull request brought {sha[:12]}: {why}"
                        )
                    if commit is None:
                        continue
                    brought = commit.associatedPullRequests
                    found.setdefault(sha, []).extend(
                        Request(pull.number, _names(pull.labels), pull.merged, pull.baseRefName)
                        for pull in brought.nodes
                        if pull.merged and pull.repository.nameWithOwner == name
                    )
                    if further := brought.pageInfo.next:
                        more[sha] = further
            if not more:
                return found
        raise TrackerError(f"{self.here}: the pull requests of {next(iter(more))[:12]} never end")

    def things(self, items: Collection[Item]) -> dict[Item, Thing]:
        """See forge.reading.Service. Issues and pull requests share one row of numbers here."""
        by_number: dict[int, list[Item]] = {}
        for item in items:
            by_number.setdefault(number_of(item), []).append(item)
        kind = cast("type[_Shown]", _Shown)
        answers: dict[int, _Shown | UnreadablePart | None] = dict.fromkeys(by_number)
        askable = sorted(number for number in by_number if number <= LARGEST_NUMBER)
        for some in chunks(askable):
            _, told = self.ask({f"n{number}": _ITEM % number for number in some}, kind)
            answers |= {number: told[f"n{number}"] for number in some}
        if askable and all(answers[number] == UnreadablePart(_NO_RIGHT) for number in askable):
            raise TrackerError(f"{self.here}: the token gives no right to read issues and pull requests")
        return {
            item: self._thing(item, answer)
            for number, answer in answers.items()
            for item in by_number[number]
        }

    def _thing(self, item: Item, answer: _Shown | UnreadablePart | None) -> Thing:
        match answer:
            case None:
                return Absent(self.unreadable(item, None))
            case UnreadablePart():
                return UnreadablePart(self.unreadable(item, answer))
            case _Issue(labels):
                return Issue(_names(labels))
        merge = (answer.mergeCommit.oid,) if answer.mergeCommit else ()
        commits = (*merge, answer.headRefOid)
        return Request(answer.number, _names(answer.labels), answer.merged, answer.baseRefName, commits)

    def labels(self) -> list[str]:
        """See forge.reading.Service."""
        found: list[str] = []
        after = ""
        for _ in range(MOST_PAGES):
            _, answers = self.ask({"all": _ALL_LABELS % after}, _AllLabels)
            labels = answers["all"]
            if labels is None or isinstance(labels, UnreadablePart):
                why = labels.why if labels else "it tells of none"
                raise TrackerError(f"{self.here} does not tell which labels there are: {why}")
            found += _names(labels)
            after = labels.pageInfo.next
            if not after:
                return found
        raise TrackerError(f"{self.here}: its labels never end")

    def probe(self) -> str:
        """See forge.reading.Service."""
        viewer = self._convert(self.query(_PROBE, {}).data, _Viewer)
        self.ask({}, GitHubLabelled)
        return f"as {viewer.viewer.login}"

    @property
    def here(self) -> str:
        return f"{self.project} on {self.line.name} at {self.line.host}"

    def unreadable(self, item: Item, answer: UnreadablePart | None) -> str:
        """Why there are no labels, in a sentence about the item."""
        name = f"issue {item}" if isinstance(item, int) else f"request {item}"
        if answer is None:
            return f"there is no {name} in {self.project}, or the token may not see it"
        return f"{name} cannot be read: {answer.why}"

    def ask(
        self, fields: Mapping[str, str], kind: type[_T]
    ) -> tuple[str, dict[str, _T | UnreadablePart | None]]:
        """The repository's name as it is now ("owner/name"), and what stands in its fields, by their aliases.

        Args:
            fields: alias -> what is asked for.
        """
        owner, _, name = self.project.partition("/")
        query = _QUERY % " ".join(f"{alias}: {field}" for alias, field in fields.items())
        answer = self.query(query, {"owner": owner, "name": name})
        repository = (answer.data or {}).get("repository")
        refused: dict[str | int, str] = {}
        for error in answer.errors:
            if repository is None or len(error.path) < 2 or error.path[0] != "repository":
                raise TrackerError(self._because(error))
            refused[error.path[1]] = error.type
        if not isinstance(repository, dict):
            raise TrackerError(self._because(_Error("NOT_FOUND")))
        found: dict[str, _T | UnreadablePart | None] = {}
        for alias in fields:
            part, why = repository.get(alias), refused.get(alias)
            if why == "NOT_FOUND" or (part is None and why is None):
                found[alias] = None
            elif why is not None:
                found[alias] = UnreadablePart(
                    _NO_RIGHT if why == "FORBIDDEN" else f"GitHub says {why or 'an error'}"
                )
            else:
                found[alias] = self._part(part, kind)
        return self._convert(repository, _Repository).nameWithOwner, found

    def query(self, query: str, variables: Mapping[str, str]) -> _Answer:
        """The whole answer, errors of GraphQL included. Raises RequestError."""
        asked = {"query": query, "variables": dict(variables)}
        try:
            _, document = self.requester.requestJsonAndCheck("POST", self.requester.graphql_url, input=asked)
        except (ValueError, RecursionError):
            raise TrackerError(f"{self.here}: the answer is JSON that cannot be read") from None
        return self._convert(document, _Answer)

    def _because(self, error: _Error) -> str:
        if error.type == "NOT_FOUND":
            return (
                f"{self.line.name} at {self.line.host} has no repository {self.project}, or the token may not"
                " see it; is tracker.project right?"
            )
        if error.type == "FORBIDDEN":
            return f"{self.here}: {_NO_RIGHT}"
        return f"{self.here}: the question was answered with an error ({error.type or 'of no type'})"

    def _part(self, part: object, kind: type[_T]) -> _T | UnreadablePart:
        try:
            return msgspec.convert(part, kind)
        except msgspec.ValidationError as error:
            return UnreadablePart(f"the answer is incomplete ({error})")

    def _convert(self, document: object, kind: type[_S]) -> _S:
        try:
            return msgspec.convert(document, kind)
        except msgspec.ValidationError as error:
            raise TrackerError(
                f"what answers at {self.line.host} is no {self.line.name} ({error});"
                " is tracker.service_root right?"
            ) from None


def as_value(text: str) -> str:
    """A text as a value of GraphQL, which has it from JSON."""
    return msgspec.json.encode(text).decode()


def _names(labels: _Labels) -> tuple[str, ...]:
    return tuple(label.name for label in labels.nodes)
