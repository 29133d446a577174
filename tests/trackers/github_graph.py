"""GitHub's GraphQL: the schema that GitHub publishes, and what a query costs there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

from tests.trackers.published import GITHUB_SCHEMA
from tests.trackers.refusals import RefusedError
from tests.trackers.schema import PublishedSchema

MOST_NODES = 500_000
"""That one query may be answered by (docs.github.com: "Rate limits and query limits for the GraphQL API")."""
MOST_OF_A_CONNECTION = 100

GITHUB = PublishedSchema(GITHUB_SCHEMA.read)


class Cost(NamedTuple):
    """Of one query, by GitHub's documented way to count."""

    nodes: int
    requests: int
    """How many a client would need in which no connection stands in another."""

    @property
    def points(self) -> int:
        return max(1, round(self.requests / 100))


def cost_of(document: DocumentNode, variables: Mapping[str, Any]) -> Cost:
    """Raises RefusedError: GitHub takes no such query."""
    return _Counting(document, variables).cost()


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
        kind = GITHUB.types.get_root_type(self._operation.operation)
        self._count(self._operation.selection_set, kind, 1)
        return Cost(self._nodes, self._requests)

    def _count(self, selected: SelectionSetNode, kind: Any, times: int) -> None:
        for part in selected.selections:
            match part:
                case FragmentSpreadNode():
                    fragment = self._fragments[part.name.value]
                    of = GITHUB.types.type_map[fragment.type_condition.name.value]
                    self._count(fragment.selection_set, of, times)
                case InlineFragmentNode():
                    on = part.type_condition
                    of = GITHUB.types.type_map[on.name.value] if on else kind
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
        for argument in connection.arguments or ():
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
