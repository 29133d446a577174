"""A GraphQL of a local tracker: each query is parsed, validated and executed by graphql-core over a schema.

Objects are dicts: name of a field -> value, or a function of (info, **arguments); "__typename" is their type.
A query that the schema refuses, and a field that the object does not have, stand in `wrong`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLSyntaxError,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from tests.trackers.refusals import RefusedError

_KEPT = 256
"""Queries that are not looked at again."""


@dataclass
class Answered:
    """The answer to one query.

    Attributes:
        wrong: why the schema refuses the query, or what our server has no data for; empty: nothing.
    """

    document: dict[str, Any]
    wrong: list[str] = field(default_factory=list)


Resolve = Callable[[GraphQLResolveInfo[Any], Mapping[str, Any], Mapping[str, Any]], Any]
"""Of a field, an object that has it, and arguments: the value that stands there, before it is called."""


def as_it_stands(
    info: GraphQLResolveInfo[Any], source: Mapping[str, Any], arguments: Mapping[str, Any]
) -> Any:
    return source[info.field_name]


class PublishedSchema:
    """Args: read: gives its text; called when the first query comes, once in a process."""

    def __init__(self, read: Callable[[], bytes]) -> None:
        self._read = read
        self._checked: dict[str, tuple[DocumentNode | None, list[dict[str, Any]]]] = {}

    @functools.cached_property
    def types(self) -> GraphQLSchema:
        return build_schema(self._read().decode(), assume_valid=True)

    def answer(
        self,
        query: str,
        variables: dict[str, Any],
        root: Mapping[str, Any],
        resolve: Resolve = as_it_stands,
        check: Callable[[DocumentNode], None] = lambda document: None,
    ) -> Answered:
        """Args: check: of a query that is valid; raises RefusedError."""
        document, refused = self._document(query)
        if document is None or refused:
            return Answered({"errors": refused}, [each["message"] for each in refused])
        try:
            check(document)
        except RefusedError as why:
            return Answered({"errors": [{"type": why.kind, "message": str(why)}]}, [str(why)])
        wrong: list[str] = []

        def of_field(source: Mapping[str, Any], info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
            if info.field_name not in source:
                wrong.append(f"the local server has no {info.parent_type.name}.{info.field_name}")
                return None
            value = resolve(info, source, arguments)
            return value(info, **arguments) if callable(value) else value

        done = execute_sync(self.types, document, root, variable_values=variables, field_resolver=of_field)
        if done.data is None:
            wrong += [error.message for error in done.errors or () if not error.path]
        return Answered(_told(done, wrong), wrong)

    def _document(self, query: str) -> tuple[DocumentNode | None, list[dict[str, Any]]]:
        """The query, and why it is none."""
        if query not in self._checked:
            try:
                document = parse(query)
            except GraphQLSyntaxError as error:
                return None, [{"message": error.message, "locations": _places(error)}]
            errors = validate(self.types, document)
            if len(self._checked) >= _KEPT:
                self._checked.clear()
            told = [{"message": each.message, "locations": _places(each)} for each in errors]
            self._checked[query] = document, told
        return self._checked[query]


def _told(done: ExecutionResult, wrong: list[str]) -> dict[str, Any]:
    """The type of an error stands beside its message. What a resolver did wrong is a bug of ours."""
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
