"""What the shepherd asks of GitHub, by GraphQL: a hundred pull requests or commits in one call."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeVar, cast

import msgspec

from shepherd.errors import TrackerError
from shepherd.trackers.client import Client, Meant
from shepherd.trackers.forge.batches import Batches, TooMuchPart
from shepherd.trackers.forge.items import (
    Absent,
    ForgeItem,
    Issue,
    Request,
    Unclaimed,
    UnreadablePart,
    no_such_item,
)
from shepherd.trackers.forge.reading import AT_ONCE, number_of
from shepherd.trackers.forge.wire import decoded_as
from shepherd.trackers.github.meaning import TOO_MUCH, budget, meaning
from shepherd.trackers.github.parts import (
    TOO_COSTLY,
    TOO_LARGE,
    Answer,
    ForbiddenPart,
    PullsOf,
    decoded,
    names_of,
    pulls_of,
    refused_part,
    type_of,
)
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
    Parts,
    ShownClaimed,
    ShownIssue,
    ShownPull,
)
from shepherd.trackers.github.refusals import NO_RIGHT
from shepherd.trackers.http import HttpSession, RequestError
from shepherd.words import Item, item_name

LARGEST_NUMBER = 2**31 - 1
"""GraphQL's Int: a larger one would spoil the whole call."""

_NO_ITEMS = "the token gives no right to read issues and pull requests"
_NOT_SHOWN = "GitHub returns nothing for it"
_TOO_LONG = "GitHub does not answer the question about it in time, even alone"
_NAMELESS = "GitHub reports an error beside the answer, but not what it is about"
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
        self._divisible = False
        self._kinds: dict[str, Batches] = {}
        self._client = Client(session, lambda: {"Authorization": f"token {token}"}, self._meaning, budget)

    def requests_of(
        self, commits: Collection[str], base: str
    ) -> Iterator[tuple[str, Sequence[Request] | UnreadablePart]]:
        """See ForgeService. A SHA that GitHub does not know is absent."""
        by_commit: dict[str, list[Request]] = {}
        forbidden: list[str] = []
        more = dict.fromkeys(commits, "")
        for page in range(MOST_PAGES):
            pulls, at_once = PAGES[min(page, 1)]
            asking, more = more, {}

            def once(some: Sequence[str], patient: bool) -> dict[str, Answer[PullsOf]]:
                fields = {f"c{place}": COMMIT % (sha, pulls, asking[sha]) for place, sha in enumerate(some)}  # noqa: B023
                name, answers = self.ask(fields, CommitPulls, patient=patient)
                return {sha: pulls_of(answers[f"c{place}"], name) for place, sha in enumerate(some)}

            for sha, commit in self.batches(f"pulls of {at_once}", at_once).ask(list(asking), once):
                if isinstance(commit, ForbiddenPart):
                    forbidden.append(commit.why)
                if isinstance(commit, UnreadablePart):
                    yield sha, UnreadablePart(commit.why)
                elif commit is None or isinstance(commit, Absent):
                    if page:
                        yield sha, UnreadablePart("it is gone all at once")
                else:
                    brought, further = commit
                    by_commit.setdefault(sha, []).extend(brought)
                    if further:
                        more[sha] = further
                    else:
                        yield sha, by_commit[sha]
            if forbidden and len(forbidden) == len(commits) > 1:
                raise TrackerError(f"{self.full_name}: which pull requests brought commits: {forbidden[0]}")
            if not more:
                return
        for sha in more:
            yield sha, UnreadablePart("its pull requests never end")

    def items_of(self, items: Collection[Item], claimed: Collection[Item]) -> dict[Item, ForgeItem]:
        """See ForgeService. Issues and pull requests share one row of numbers here."""
        everything = {*items, *claimed}
        claimed_numbers = {number_of(item) for item in claimed}
        numbers = {number_of(item) for item in everything}
        answers: dict[int, Answer[msgspec.Raw]] = dict.fromkeys(numbers, Absent(""))
        askable = sorted(number for number in numbers if number <= LARGEST_NUMBER)

        def once(some: Sequence[int], patient: bool) -> dict[int, Answer[msgspec.Raw]]:
            fields = {
                f"n{each}": (CLAIMED if each in claimed_numbers else ONLY_LABELS) % each for each in some
            }
            _, parts = self.ask(fields, msgspec.Raw, patient=patient)
            return {each: parts[f"n{each}"] for each in some}

        answers.update(self.batches("items", AT_ONCE).ask(askable, once))
        refused = [each for number in askable if isinstance(each := answers[number], ForbiddenPart)]
        if refused and len(refused) == len(askable):
            why = refused[0].why.replace(NO_RIGHT, _NO_ITEMS)
            raise TrackerError(f"{self.full_name}: {why}")
        return {
            item: self._item_of(item, answers[number_of(item)], number_of(item) in claimed_numbers)
            for item in everything
        }

    def _item_of(self, item: Item, answer: Answer[msgspec.Raw], claimed: bool) -> ForgeItem:
        if answer is None:
            answer = UnreadablePart(_NOT_SHOWN)
        if isinstance(answer, Absent):
            return Absent(self.unreadable(item, answer))
        kind = cast("type[ShownClaimed | Labelled]", ShownClaimed if claimed else Labelled)
        match answer if isinstance(answer, UnreadablePart) else decoded(answer, kind):
            case UnreadablePart(why):
                return UnreadablePart(why)
            case ShownIssue(labels):
                return Issue(names_of(labels))
            case ShownPull() as brought:
                commits = (*([brought.merge.oid] if brought.merge else ()), brought.head)
                number, names = number_of(item), names_of(brought.labels)
                return Request(number, names, brought.merged, brought.base, commits)
            case Labelled(labels):
                return Unclaimed(names_of(labels))

    def labels(self) -> list[str]:
        """See ForgeService."""
        names: list[str] = []
        after = ""
        for _ in range(MOST_PAGES):
            _, answers = self.ask({"all": ALL_LABELS % after}, AllLabels)
            labels = answers["all"]
            if labels is None or isinstance(labels, UnreadablePart | Absent):
                why = (labels.why if labels else "") or "it names none"
                raise TrackerError(f"{self.full_name} does not say which labels there are: {why}")
            names += names_of(labels)
            after = labels.pageInfo.next
            if not after:
                return names
        raise TrackerError(f"{self.full_name}: its labels never end")

    def deployed(self, environments: Collection[str]) -> str:
        """See ForgeService."""
        names = msgspec.json.encode(list(environments)).decode()
        _, answers = self.ask({"all": DEPLOYMENTS % names}, DeploymentNodes)
        deployments = answers["all"]
        if isinstance(deployments, UnreadablePart):
            raise TrackerError(f"{self.full_name} does not say what is deployed: {deployments.why}")
        newest = deployments.nodes if isinstance(deployments, DeploymentNodes) else ()
        return next((each.commitOid for each in newest if _succeeded(each.latestStatus)), "")

    def probe(self) -> str:
        """See ForgeService."""
        # first what it is about: why that cannot be read says more than whose token it is
        self.ask({}, Labelled)
        answer = self.query(PROBE, {})
        viewer = (answer.data or {}).get("viewer", _NULL)
        if viewer == _NULL and answer.errors:
            return "by a token whose owner GitHub does not name"
        return f"as {self._decode(viewer, CallerLogin).login}"

    @property
    def full_name(self) -> str:
        return f"{self.project} on {self.session.name} at {self.session.host}"

    def unreadable(self, item: Item, answer: UnreadablePart | Absent | None) -> str:
        """Return why there are no labels, in a sentence about the item."""
        if isinstance(answer, Absent):
            return no_such_item(item, self.project)
        return f"{item_name(item, 'issue')} cannot be read: {answer.why if answer else _NOT_SHOWN}"

    def ask(
        self, fields: Mapping[str, str], kind: type[_T], *, patient: bool = True
    ) -> tuple[str, dict[str, Answer[_T]]]:
        """The repository's name as it is now ("owner/name"), and what stands in its fields, by their aliases;
        None: it says that nothing does. An error about a part of one field is that field's.

        Args:
            fields: alias -> what is asked for.
            patient: the same is asked again rather than refused as too much (TooMuchPart).
        """
        owner, _, name = self.project.partition("/")
        query = QUERY % " ".join(f"{alias}: {field}" for alias, field in fields.items())
        try:
            answer = self.query(query, {"owner": owner, "name": name}, patient=patient)
        except RequestError as error:
            if error.status not in TOO_MUCH or not fields:
                raise
            return self.project, dict.fromkeys(fields, TooMuchPart(_TOO_LONG))
        content = (answer.data or {}).get("repository", _NULL)
        repository = self._decode(content, cast("type[Parts | None]", Parts | None))
        refused: dict[str, GraphError] = {}
        for each in answer.errors:
            if repository is not None and each.field in fields:
                # that there is no such thing counts only where nothing else is said of it
                if each.field not in refused or refused[each.field].type == "NOT_FOUND":
                    refused[each.field] = each
            elif fields and each.type in TOO_LARGE:
                return self.project, dict.fromkeys(fields, TooMuchPart(TOO_COSTLY))
            elif fields and repository is not None:
                # what it is about is not known: nothing of this answer is believed
                return self.project, dict.fromkeys(fields, TooMuchPart(_NAMELESS))
            else:
                raise TrackerError(self._because(each))
        if repository is None:
            raise TrackerError(self._because(GraphError("NOT_FOUND")))
        parts: dict[str, Answer[_T]] = {}
        for alias in fields:
            if alias in refused:
                parts[alias] = refused_part(refused[alias])
            elif alias not in repository:
                parts[alias] = UnreadablePart("the answer is incomplete")
            else:
                part = repository[alias]
                parts[alias] = None if part == _NULL else decoded(part, kind)
        return self._decode(repository.get("nameWithOwner", _NULL), str), parts

    def batches(self, kind: str, largest: int) -> Batches:
        """Of one kind of question; they keep the size that went through for the session."""
        return self._kinds.setdefault(kind, Batches(largest, self.full_name, self._answers_at_once))

    def _answers_at_once(self, patient: bool) -> bool:
        before = self.session.requests
        self.ask({}, Labelled, patient=patient)
        return self.session.requests == before + 1

    def _meaning(self, status: int, headers: Mapping[str, str], body: bytes) -> Meant:
        return meaning(status, headers, body, divisible=self._divisible)

    def query(self, query: str, variables: Mapping[str, str], *, patient: bool = True) -> GraphAnswer:
        """The whole answer, errors of GraphQL included. Raises RequestError."""
        document = {"query": query, "variables": variables}
        # GitHub Enterprise Server has it next to version 3 of REST
        url = f"{self._root.removesuffix('/v3')}/graphql"
        self._divisible = not patient
        answer = self._client.send("POST", url, document=document, repeatable=True, writes=False)
        return self._decode(answer.content, GraphAnswer)

    def write(self, method: str, path: str, document: object = None, *, repeatable: bool = True) -> None:
        """By REST, where labels are put on singly. Raises RequestError."""
        self._divisible = False
        self._client.send(method, f"{self._root}{path}", document=document, repeatable=repeatable)

    def _because(self, error: GraphError) -> str:
        if error.type == "NOT_FOUND":
            return (
                f"{self.session.name} at {self.session.host} has no repository {self.project}, or the token"
                " may not see it; is tracker.project right?"
            )
        if error.type == "FORBIDDEN":
            return f"{self.full_name}: {refused_part(error).why}"
        if error.extensions is not None and error.extensions.code == "undefinedField":
            why = "does not know a field that is asked for; its Enterprise Server is perhaps too old"
            return f"{self.session.name} at {self.session.host} {why}"
        return f"{self.full_name}: the question was answered with an error ({type_of(error)})"

    def _decode(self, content: bytes, kind: type[_S]) -> _S:
        return decoded_as(kind, content, self.session)


def _succeeded(status: DeploymentStatus | None) -> bool:
    return status is not None and status.state == "SUCCESS"
