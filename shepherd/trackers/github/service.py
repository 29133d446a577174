"""What the shepherd asks of GitHub, by GraphQL: a hundred pull requests or commits in one call."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar, cast

import msgspec
from msgspec import Struct

from shepherd.errors import TrackerError
from shepherd.trackers.client import Client
from shepherd.trackers.forge.reading import chunks, number_of
from shepherd.trackers.forge.things import Absent, Issue, Request, Thing, Unclaimed, UnreadablePart
from shepherd.trackers.github.meaning import meaning
from shepherd.trackers.http import Line
from shepherd.words import Item

LARGEST_NUMBER = 2**31 - 1
"""GraphQL's Int: a larger one would spoil the whole call."""

LABELS = "labels(first: 100) { nodes { name } }"
_ONLY_LABELS = "issueOrPullRequest(number: %d) { ... on Labelable { " + LABELS + " } }"
_CLAIMED = (
    "issueOrPullRequest(number: %d) { __typename ... on Labelable { " + LABELS + " }"
    " ... on PullRequest { merged base: baseRefName head: headRefOid merge: mergeCommit { oid } } }"
)
"""With what confirms that it brought a landing, or does not."""
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

_NULL = msgspec.Raw(b"null")

_Parts = dict[str, msgspec.Raw]

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


class _Brought(GitHubLabelled, frozen=True, tag_field="__typename", tag="PullRequest"):
    merged: bool
    base: str
    head: str
    merge: _Oid | None


_Claimed = _Issue | _Brought


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


class _Error(Struct, frozen=True):
    type: str = ""
    path: tuple[str | int, ...] = ()


class _Answer(Struct, frozen=True):
    data: _Parts | None = None
    errors: tuple[_Error, ...] = ()


class GitHubService:
    """One session with GitHub about one repository. All raise TrackerError if it as a whole cannot be read.

    Args:
        project: "owner/name".
    """

    def __init__(self, line: Line, token: str, project: str) -> None:
        self.line = line
        self.project = project
        self._root = line.root.rstrip("/")
        self._client = Client(line, lambda: {"Authorization": f"token {token}"}, meaning)

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

    def things(self, items: Collection[Item], claimed: Collection[Item]) -> dict[Item, Thing]:
        """See forge.reading.Service. Issues and pull requests share one row of numbers here."""
        everything = {*items, *claimed}
        claimed_numbers = {number_of(item) for item in claimed}
        numbers = {number_of(item) for item in everything}
        answers: dict[int, msgspec.Raw | UnreadablePart | None] = dict.fromkeys(numbers)
        askable = sorted(number for number in numbers if number <= LARGEST_NUMBER)
        for some in chunks(askable):
            fields = {
                f"n{number}": (_CLAIMED if number in claimed_numbers else _ONLY_LABELS) % number
                for number in some
            }
            _, parts = self.ask(fields, msgspec.Raw)
            answers |= {number: parts[f"n{number}"] for number in some}
        if askable and all(answers[number] == UnreadablePart(_NO_RIGHT) for number in askable):
            raise TrackerError(f"{self.here}: the token gives no right to read issues and pull requests")
        return {
            item: self._thing(item, answers[number_of(item)], number_of(item) in claimed_numbers)
            for item in everything
        }

    def _thing(self, item: Item, answer: msgspec.Raw | UnreadablePart | None, claimed: bool) -> Thing:
        if answer is None:
            return Absent(self.unreadable(item, None))
        kind = cast("type[_Claimed | GitHubLabelled]", _Claimed if claimed else GitHubLabelled)
        match answer if isinstance(answer, UnreadablePart) else self._part(answer, kind):
            case UnreadablePart() as refused:
                return UnreadablePart(self.unreadable(item, refused))
            case _Issue(labels):
                return Issue(_names(labels))
            case _Brought() as brought:
                commits = (*([brought.merge.oid] if brought.merge else ()), brought.head)
                number, names = number_of(item), _names(brought.labels)
                return Request(number, names, brought.merged, brought.base, commits)
            case GitHubLabelled(labels):
                return Unclaimed(_names(labels))

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
        viewer = self._decode((self.query(_PROBE, {}).data or {}).get("viewer", _NULL), _Login)
        self.ask({}, GitHubLabelled)
        return f"as {viewer.login}"

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
        content = (answer.data or {}).get("repository", _NULL)
        repository = self._decode(content, cast("type[_Parts | None]", _Parts | None))
        refused: dict[str | int, str] = {}
        for error in answer.errors:
            if repository is None or len(error.path) < 2 or error.path[0] != "repository":
                raise TrackerError(self._because(error))
            refused[error.path[1]] = error.type
        if repository is None:
            raise TrackerError(self._because(_Error("NOT_FOUND")))
        parts: dict[str, _T | UnreadablePart | None] = {}
        for alias in fields:
            part, why = repository.get(alias, _NULL), refused.get(alias)
            if why == "NOT_FOUND" or (part == _NULL and why is None):
                parts[alias] = None
            elif why is not None:
                parts[alias] = UnreadablePart(
                    _NO_RIGHT if why == "FORBIDDEN" else f"GitHub says {why or 'an error'}"
                )
            else:
                parts[alias] = self._part(part, kind)
        return self._decode(repository.get("nameWithOwner", _NULL), str), parts

    def query(self, query: str, variables: Mapping[str, str]) -> _Answer:
        """The whole answer, errors of GraphQL included. Raises RequestError."""
        document = {"query": query, "variables": variables}
        # GitHub Enterprise Server has it next to version 3 of REST
        url = f"{self._root.removesuffix('/v3')}/graphql"
        answer = self._client.send("POST", url, document=document, repeatable=True)
        return self._decode(answer.content, _Answer)

    def write(self, method: str, path: str, document: object = None, *, repeatable: bool = True) -> None:
        """By REST, where labels are put on singly. Raises RequestError."""
        self._client.send(method, f"{self._root}{path}", document=document, repeatable=repeatable)

    def _because(self, error: _Error) -> str:
        if error.type == "NOT_FOUND":
            return (
                f"{self.line.name} at {self.line.host} has no repository {self.project}, or the token may not"
                " see it; is tracker.project right?"
            )
        if error.type == "FORBIDDEN":
            return f"{self.here}: {_NO_RIGHT}"
        return f"{self.here}: the question was answered with an error ({error.type or 'of no type'})"

    def _part(self, part: bytes, kind: type[_T]) -> _T | UnreadablePart:
        try:
            return msgspec.json.decode(part, type=kind)
        except msgspec.ValidationError as error:
            return UnreadablePart(f"the answer is incomplete ({error})")

    def _decode(self, content: bytes, kind: type[_S]) -> _S:
        try:
            return msgspec.json.decode(content, type=kind)
        except msgspec.MsgspecError as error:
            raise TrackerError(
                f"what answers at {self.line.host} is no {self.line.name} ({error});"
                " is tracker.service_root right?"
            ) from None


def as_value(text: str) -> str:
    """A text as a value of GraphQL, which has it from JSON."""
    return msgspec.json.encode(text).decode()


def _names(labels: _Labels) -> tuple[str, ...]:
    return tuple(label.name for label in labels.nodes)
