"""What the shepherd asks of GitHub, by GraphQL: a hundred pull requests or commits in one call."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from shepherd.errors import TrackerError
from shepherd.trackers.forge.reading import chunks, number_of
from shepherd.trackers.http import Line
from shepherd.words import Item

LARGEST_NUMBER = 2**31 - 1
"""GraphQL's Int: a larger one would spoil the whole call."""

LABELS = "labels(first: 100) { nodes { name } }"
_ITEM = "issueOrPullRequest(number: %d) { ... on Labelable { " + LABELS + " } }"
_COMMIT = (
    'object(oid: "%s") { ... on Commit { associatedPullRequests(first: 10) { nodes {'
    " number merged baseRefName repository { nameWithOwner } " + LABELS + " } } } }"
)
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


class Labelled(Struct, frozen=True):
    labels: _Labels


class _Repository(Struct, frozen=True):
    nameWithOwner: str


class _Pull(Struct, frozen=True):
    number: int
    merged: bool
    baseRefName: str
    repository: _Repository
    labels: _Labels


class _Pulls(Struct, frozen=True):
    nodes: tuple[_Pull, ...]


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


class Pull(Struct, frozen=True):
    """See Brought."""

    number: int
    base: str
    labels: tuple[str, ...]


class Unreadable(Struct, frozen=True):
    """Stands for a part of an answer that GitHub refused."""

    why: str


class Service:
    """One session with GitHub about one repository. All raise TrackerError if it as a whole cannot be read.

    Args:
        project: "owner/name".
    """

    def __init__(self, line: Line, token: str, project: str) -> None:
        from shepherd.trackers.github import library

        self.line = line
        self.project = project
        self.requester = library.open_requester(line, token)

    def requests_of(self, commits: Collection[str], base: str) -> dict[str, list[Pull]]:
        """See forge.reading.Service. A SHA that GitHub does not know is absent."""
        found: dict[str, list[Pull]] = {}
        for some in chunks(list(commits)):
            name, answers = self.ask({f"c{place}": _COMMIT % sha for place, sha in enumerate(some)}, _Commit)
            for place, sha in enumerate(some):
                commit = answers[f"c{place}"]
                if isinstance(commit, Unreadable):
                    raise TrackerError(
                        f"{self.here} does not tell which pull request brought {sha[:12]}: {commit.why}"
                    )
                if commit is not None:
                    found[sha] = [
                        Pull(pull.number, pull.baseRefName, _names(pull.labels))
                        for pull in commit.associatedPullRequests.nodes
                        if pull.merged and pull.repository.nameWithOwner == name
                    ]
        return found

    def labels(self, items: Collection[Item]) -> dict[Item, tuple[str, ...] | str]:
        """See forge.reading.Service. Issues and pull requests share one row of numbers here."""
        by_number: dict[int, list[Item]] = {}
        for item in items:
            by_number.setdefault(number_of(item), []).append(item)
        answers: dict[int, Labelled | Unreadable | None] = dict.fromkeys(by_number)
        askable = sorted(number for number in by_number if number <= LARGEST_NUMBER)
        for some in chunks(askable):
            _, told = self.ask({f"n{number}": _ITEM % number for number in some}, Labelled)
            answers |= {number: told[f"n{number}"] for number in some}
        if askable and all(answers[number] == Unreadable(_NO_RIGHT) for number in askable):
            raise TrackerError(f"{self.here}: the token gives no right to read issues and pull requests")
        return {
            item: _names(answer.labels) if isinstance(answer, Labelled) else self.unreadable(item, answer)
            for number, answer in answers.items()
            for item in by_number[number]
        }

    def probe(self) -> str:
        """See forge.reading.Service."""
        viewer = self._convert(self.query(_PROBE, {}).data, _Viewer)
        self.ask({}, Labelled)
        return f"as {viewer.viewer.login}"

    @property
    def here(self) -> str:
        return f"{self.project} on {self.line.name} at {self.line.host}"

    def unreadable(self, item: Item, answer: Unreadable | None) -> str:
        """Why there are no labels, in a sentence about the item."""
        name = f"issue {item}" if isinstance(item, int) else f"request {item}"
        if answer is None:
            return f"there is no {name} in {self.project}, or the token may not see it"
        return f"{name} cannot be read: {answer.why}"

    def ask(self, fields: Mapping[str, str], kind: type[_T]) -> tuple[str, dict[str, _T | Unreadable | None]]:
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
        found: dict[str, _T | Unreadable | None] = {}
        for alias in fields:
            part, why = repository.get(alias), refused.get(alias)
            if why == "NOT_FOUND" or (part is None and why is None):
                found[alias] = None
            elif why is not None:
                found[alias] = Unreadable(
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

    def _part(self, part: object, kind: type[_T]) -> _T | Unreadable:
        try:
            return msgspec.convert(part, kind)
        except msgspec.ValidationError as error:
            return Unreadable(f"the answer is incomplete ({error})")

    def _convert(self, document: object, kind: type[_S]) -> _S:
        try:
            return msgspec.convert(document, kind)
        except msgspec.ValidationError as error:
            raise TrackerError(
                f"what answers at {self.line.host} is no {self.line.name} ({error});"
                " is tracker.service_root right?"
            ) from None


def _names(labels: _Labels) -> tuple[str, ...]:
    return tuple(label.name for label in labels.nodes)
