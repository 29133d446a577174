"""What the shepherd asks of GitHub, by GraphQL: a hundred pull requests or commits in one call."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeVar, cast

import msgspec

from shepherd.errors import TrackerError
from shepherd.trackers.client import Client
from shepherd.trackers.forge.items import Absent, ForgeItem, Issue, Request, Unclaimed, UnreadablePart
from shepherd.trackers.forge.reading import chunks, number_of
from shepherd.trackers.github.meaning import meaning
from shepherd.trackers.github.questions import (
    ALL_LABELS,
    CLAIMED,
    COMMIT,
    DEPLOYMENTS,
    MOST_PAGES,
    ONLY_LABELS,
    PAGES,
    PROBE,
    QUERY,
    AllLabels,
    CallerLogin,
    CommitPulls,
    DeploymentNodes,
    DeploymentStatus,
    GraphAnswer,
    GraphError,
    Labelled,
    LabelNodes,
    Parts,
    ShownClaimed,
    ShownIssue,
    ShownPull,
)
from shepherd.trackers.http import HttpSession
from shepherd.words import Item, item_name

LARGEST_NUMBER = 2**31 - 1
"""GraphQL's Int: a larger one would spoil the whole call."""

_NO_RIGHT = "the token gives no right to it"

_NULL = msgspec.Raw(b"null")

_S = TypeVar("_S")
_T = TypeVar("_T")


class GitHubService:
    """One session with GitHub about one repository. All raise TrackerError if it as a whole cannot be read.

    Args:
        project: "owner/name".
    """

    def __init__(self, session: HttpSession, token: str, project: str) -> None:
        self.session = session
        self.project = project
        self._root = session.root.rstrip("/")
        self._client = Client(session, lambda: {"Authorization": f"token {token}"}, meaning)

    def requests_of(
        self, commits: Collection[str], base: str
    ) -> Iterator[tuple[str, Sequence[Request] | UnreadablePart]]:
        """See ForgeService. A SHA that GitHub does not know is absent."""
        by_commit: dict[str, list[Request]] = {}
        more = dict.fromkeys(commits, "")
        for page in range(MOST_PAGES):
            pulls, at_once = PAGES[min(page, 1)]
            asking, more = more, {}
            for some in chunks(list(asking), at_once):
                fields = {f"c{place}": COMMIT % (sha, pulls, asking[sha]) for place, sha in enumerate(some)}
                name, answers = self.ask(fields, CommitPulls)
                for place, sha in enumerate(some):
                    commit = answers[f"c{place}"]
                    if isinstance(commit, UnreadablePart) or (commit is None and page):
                        why = commit.why if commit else "it is gone all at once"
                        raise TrackerError(
                            f"{self.full_name} does not say which pull request brought {sha[:12]}: {why}"
                        )
                    if commit is None:
                        continue
                    brought = commit.associatedPullRequests
                    by_commit.setdefault(sha, []).extend(
                        Request(pull.number, _names(pull.labels), pull.merged, pull.baseRefName)
                        for pull in brought.nodes
                        if pull.merged and pull.repository.nameWithOwner == name
                    )
                    if further := brought.pageInfo.next:
                        more[sha] = further
            if not more:
                yield from by_commit.items()
                return
        raise TrackerError(f"{self.full_name}: the pull requests of {next(iter(more))[:12]} never end")

    def items_of(self, items: Collection[Item], claimed: Collection[Item]) -> dict[Item, ForgeItem]:
        """See forge.reading.Service. Issues and pull requests share one row of numbers here."""
        everything = {*items, *claimed}
        claimed_numbers = {number_of(item) for item in claimed}
        numbers = {number_of(item) for item in everything}
        answers: dict[int, msgspec.Raw | UnreadablePart | None] = dict.fromkeys(numbers)
        askable = sorted(number for number in numbers if number <= LARGEST_NUMBER)
        for some in chunks(askable):
            fields = {
                f"n{number}": (CLAIMED if number in claimed_numbers else ONLY_LABELS) % number
                for number in some
            }
            _, parts = self.ask(fields, msgspec.Raw)
            answers |= {number: parts[f"n{number}"] for number in some}
        if askable and all(answers[number] == UnreadablePart(_NO_RIGHT) for number in askable):
            raise TrackerError(f"{self.full_name}: the token gives no right to read issues and pull requests")
        return {
            item: self._item_of(item, answers[number_of(item)], number_of(item) in claimed_numbers)
            for item in everything
        }

    def _item_of(self, item: Item, answer: msgspec.Raw | UnreadablePart | None, claimed: bool) -> ForgeItem:
        if answer is None:
            return Absent(self.unreadable(item, None))
        kind = cast("type[ShownClaimed | Labelled]", ShownClaimed if claimed else Labelled)
        match answer if isinstance(answer, UnreadablePart) else self._part(answer, kind):
            case UnreadablePart() as refused:
                return UnreadablePart(self.unreadable(item, refused))
            case ShownIssue(labels):
                return Issue(_names(labels))
            case ShownPull() as brought:
                commits = (*([brought.merge.oid] if brought.merge else ()), brought.head)
                number, names = number_of(item), _names(brought.labels)
                return Request(number, names, brought.merged, brought.base, commits)
            case Labelled(labels):
                return Unclaimed(_names(labels))

    def labels(self) -> list[str]:
        """See forge.reading.Service."""
        names: list[str] = []
        after = ""
        for _ in range(MOST_PAGES):
            _, answers = self.ask({"all": ALL_LABELS % after}, AllLabels)
            labels = answers["all"]
            if labels is None or isinstance(labels, UnreadablePart):
                why = labels.why if labels else "it names none"
                raise TrackerError(f"{self.full_name} does not say which labels there are: {why}")
            names += _names(labels)
            after = labels.pageInfo.next
            if not after:
                return names
        raise TrackerError(f"{self.full_name}: its labels never end")

    def deployed(self, environments: Collection[str]) -> str:
        """See forge.reading.Service."""
        names = msgspec.json.encode(list(environments)).decode()
        _, answers = self.ask({"all": DEPLOYMENTS % names}, DeploymentNodes)
        deployments = answers["all"]
        if isinstance(deployments, UnreadablePart):
            raise TrackerError(f"{self.full_name} does not say what is deployed: {deployments.why}")
        newest = deployments.nodes if deployments else ()
        return next((each.commitOid for each in newest if _succeeded(each.latestStatus)), "")

    def probe(self) -> str:
        """See forge.reading.Service."""
        viewer = self._decode((self.query(PROBE, {}).data or {}).get("viewer", _NULL), CallerLogin)
        self.ask({}, Labelled)
        return f"as {viewer.login}"

    @property
    def full_name(self) -> str:
        return f"{self.project} on {self.session.name} at {self.session.host}"

    def unreadable(self, item: Item, answer: UnreadablePart | None) -> str:
        """Return why there are no labels, in a sentence about the item."""
        name = item_name(item, "issue")
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
        query = QUERY % " ".join(f"{alias}: {field}" for alias, field in fields.items())
        answer = self.query(query, {"owner": owner, "name": name})
        content = (answer.data or {}).get("repository", _NULL)
        repository = self._decode(content, cast("type[Parts | None]", Parts | None))
        refused: dict[str | int, str] = {}
        for error in answer.errors:
            if repository is None or len(error.path) < 2 or error.path[0] != "repository":
                raise TrackerError(self._because(error))
            refused[error.path[1]] = error.type
        if repository is None:
            raise TrackerError(self._because(GraphError("NOT_FOUND")))
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

    def query(self, query: str, variables: Mapping[str, str]) -> GraphAnswer:
        """The whole answer, errors of GraphQL included. Raises RequestError."""
        document = {"query": query, "variables": variables}
        # GitHub Enterprise Server has it next to version 3 of REST
        url = f"{self._root.removesuffix('/v3')}/graphql"
        answer = self._client.send("POST", url, document=document, repeatable=True, writes=False)
        return self._decode(answer.content, GraphAnswer)

    def write(self, method: str, path: str, document: object = None, *, repeatable: bool = True) -> None:
        """By REST, where labels are put on singly. Raises RequestError."""
        self._client.send(method, f"{self._root}{path}", document=document, repeatable=repeatable)

    def _because(self, error: GraphError) -> str:
        if error.type == "NOT_FOUND":
            return (
                f"{self.session.name} at {self.session.host} has no repository {self.project}, or the token"
                " may not see it; is tracker.project right?"
            )
        if error.type == "FORBIDDEN":
            return f"{self.full_name}: {_NO_RIGHT}"
        return f"{self.full_name}: the question was answered with an error ({error.type or 'of no type'})"

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
                f"what answers at {self.session.host} is not {self.session.name} ({error});"
                " is tracker.service_root right?"
            ) from None


def _succeeded(status: DeploymentStatus | None) -> bool:
    return status is not None and status.state == "SUCCESS"


def _names(labels: LabelNodes) -> tuple[str, ...]:
    return tuple(label.name for label in labels.nodes)
