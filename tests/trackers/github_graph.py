"""GitHub's GraphQL: each query is parsed, validated and executed by graphql-core over the schema that GitHub
publishes; the data are the server's (see github_server.GitHub).

Objects are dicts: name of a field -> value, or a function of (info, **arguments); "__typename" is their type.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    build_schema,
    execute_sync,
    get_named_type,
    parse,
    validate,
)

from tests.trackers.octokit import SCHEMA

MOST_NODES = 500_000
"""That one query may be answered by (docs.github.com: "Rate limits and query limits for the GraphQL API")."""
MOST_OF_A_CONNECTION = 100


class RefusedError(Exception):
    """A resolver raises it: the field is null, and an error of this type stands beside the data."""

    def __init__(self, kind: str, message: str = "", **extensions: Any) -> None:
        super().__init__(message or kind)
        self.kind = kind
        self.extensions = extensions


class Cost(NamedTuple):
    """Of one query, by GitHub's documented way to count."""

    nodes: int
    requests: int
    """How many a client would need in which no connection stands in another."""

    @property
    def points(self) -> int:
        return max(1, round(self.requests / 100))


NOTHING = Cost(0, 0)


@dataclass
class Answered:
    """The answer to one query.

    Attributes:
        wrong: why GitHub would refuse the query, or what our server has no data for; empty: nothing.
    """

    document: dict[str, Any]
    cost: Cost = NOTHING
    wrong: list[str] = field(default_factory=list)


Resolve = Callable[[GraphQLResolveInfo, Mapping[str, Any]], Any]


def answer(query: str, variables: dict[str, Any], root: Mapping[str, Any], resolve: Resolve) -> Answered:
    """Args: resolve: gives the value of a field that stands in the object, before it is called."""
    document, refused = _checked(query)
    if refused:
        return Answered({"errors": list(refused)}, wrong=[each["message"] for each in refused])
    assert document is not None
    try:
        cost = _Counting(document, variables).cost()
    except RefusedError as why:
        error = {"type": why.kind, "message": str(why)}
        return Answered({"errors": [error]}, wrong=[str(why)])
    wrong: list[str] = []

    def of_field(source: Mapping[str, Any], info: GraphQLResolveInfo, **arguments: Any) -> Any:
        if info.field_name not in source:
            wrong.append(f"the local GitHub has no {info.parent_type.name}.{info.field_name}")
            return None
        value = resolve(info, source)
        return value(info, **arguments) if callable(value) else value

    done = execute_sync(_schema(), document, root, variable_values=variables, field_resolver=of_field)
    if done.data is None and any(not error.path for error in done.errors or ()):
        return Answered(_told(done, wrong), wrong=[error.message for error in done.errors or ()])
    return Answered(_told(done, wrong), cost, wrong)


def _told(done: ExecutionResult, wrong: list[str]) -> dict[str, Any]:
    """GitHub puts the type of an error beside its message. What a resolver did wrong is a bug of ours."""
    errors: list[dict[str, Any]] = []
    for error in done.errors or ():
        refused = error.original_error
        told: dict[str, Any] = {"path": error.path, "locations": _places(error), "message": error.message}
        if isinstance(refused, RefusedError):
            told = {"type": refused.kind, **told}
            if refused.extensions:
                told["extensions"] = refused.extensions
        elif refused is not None and not error.message.startswith("Cannot return null for non-nullable"):
            wrong.append(f"{'.'.join(map(str, error.path or ()))}: {refused!r}")
        errors.append(told)
    return {"data": done.data, **({"errors": errors} if errors else {})}


def _places(error: GraphQLError) -> list[dict[str, int]]:
    return [{"line": place.line, "column": place.column} for place in error.locations or ()]


@functools.cache
def _schema() -> GraphQLSchema:
    """Once in a process: it takes most of a second."""
    return build_schema(SCHEMA.read().decode(), assume_valid=True)


@functools.lru_cache(maxsize=256)
def _checked(query: str) -> tuple[DocumentNode | None, tuple[dict[str, Any], ...]]:
    """The query, or why it is none."""
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        return None, ({"message": error.message, "locations": _places(error)},)
    errors = validate(_schema(), document)
    return document, tuple({"message": each.message, "locations": _places(each)} for each in errors)


class _Counting:
    """How many nodes a query may be answered by, and by how many requests (same page: "Node limit",
    "Predicting the point score": each connection multiplies what stands in it). Raises RefusedError."""

    def __init__(self, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._fragments: dict[str, FragmentDefinitionNode] = {}
        for part in document.definitions:
            if isinstance(part, FragmentDefinitionNode):
                self._fragments[part.name.value] = part
            elif isinstance(part, OperationDefinitionNode):
                self._operation = part
        self._nodes = self._requests = 0

    def cost(self) -> Cost:
        kind = _schema().get_root_type(self._operation.operation)
        self._count(self._operation.selection_set, kind, 1)
        return Cost(self._nodes, self._requests)

    def _count(self, selected: SelectionSetNode, kind: Any, times: int) -> None:
        for part in selected.selections:
            match part:
                case FragmentSpreadNode():
                    fragment = self._fragments[part.name.value]
                    of = _schema().type_map[fragment.type_condition.name.value]
                    self._count(fragment.selection_set, of, times)
                case InlineFragmentNode():
                    on = part.type_condition
                    of = _schema().type_map[on.name.value] if on else kind
                    self._count(part.selection_set, of, times)
                case FieldNode() if part.selection_set and part.name.value in kind.fields:
                    inner = get_named_type(kind.fields[part.name.value].type)
                    size = self._size(part) if inner.name.endswith("Connection") else 0
                    if size:
                        self._requests += times
                        self._nodes += times * size
                        if self._nodes > MOST_NODES:
                            raise RefusedError(
                                "MAX_NODE_LIMIT_EXCEEDED",
                                f"By the time this query traverses to the {part.name.value} connection, it is"
                                f" requesting up to {self._nodes:,} possible nodes which exceeds the maximum"
                                f" limit of {MOST_NODES:,}.",
                            )
                    self._count(part.selection_set, inner, times * (size or 1))

    def _size(self, connection: FieldNode) -> int:
        """Where only `totalCount` is asked for, none is wanted."""
        name = connection.name.value
        for argument in connection.arguments:
            if argument.name.value not in ("first", "last"):
                continue
            match argument.value:
                case IntValueNode(value=text):
                    size = int(text)
                case VariableNode(name=variable):
                    size = self._variables.get(variable.value) or 0
                case _:
                    size = 0
            if size > MOST_OF_A_CONNECTION:
                raise RefusedError(
                    "EXCESSIVE_PAGINATION",
                    f"Requesting {size} records on the `{name}` connection exceeds the"
                    f" `{argument.name.value}` limit of {MOST_OF_A_CONNECTION} records.",
                )
            if size > 0:
                return size
        selected = connection.selection_set.selections if connection.selection_set else ()
        if any(isinstance(part, FieldNode) and part.name.value in ("nodes", "edges") for part in selected):
            raise RefusedError(
                "MISSING_PAGINATION_BOUNDARIES",
                f"You must provide a `first` or `last` value to properly paginate the `{name}` connection.",
            )
        return 0
