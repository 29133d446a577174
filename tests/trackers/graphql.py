"""As much of GraphQL as a forge needs to answer for itself: queries are parsed, and only what was asked for
is answered. Objects are dicts: name -> value, or a function of the arguments that gives it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import inf
from typing import Any

_TOKEN = re.compile(r'\s*(?:,\s*)*(\.\.\.|[{}()\[\]:!$=]|"(?:[^"\\]|\\.)*"|-?\d+|[A-Za-z_]\w*)')


class RefusedError(Exception):
    """A resolver raises it: the field is null, and an error stands beside the data."""

    def __init__(self, kind: str, message: str = "") -> None:
        super().__init__(message or kind)
        self.kind = kind


class Invalid(Exception):
    """The query is none, or asks for what is not there: nothing is answered."""


class _Parser:
    def __init__(self, text: str, variables: dict[str, Any]) -> None:
        self._tokens = list(self._cut(text))
        self._place = 0
        self._variables = variables

    @staticmethod
    def _cut(text: str) -> Iterator[str]:
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if not found:
                raise Invalid(f"Expected a token at {text[place : place + 20]!r}")
            yield found[1]
            place = found.end()

    def peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise Invalid(f"Expected {wanted or 'something'}, got {token!r}")
        self._place += 1
        return token

    def operation(self) -> list[Any]:
        if self.peek() in ("query", "mutation"):
            self.take()
        if re.fullmatch(r"\w+", self.peek()):
            self.take()
        if self.peek() == "(":
            while self.take() != ")":
                pass
        return self.selections()

    def selections(self) -> list[Any]:
        """[(alias, name, arguments, selections)]; of an inline fragment [("...", type, {}, selections)]"""
        self.take("{")
        found: list[Any] = []
        while self.peek() != "}":
            if self.peek() == "...":
                self.take()
                self.take("on")
                found.append(("...", self.take(), {}, self.selections()))
                continue
            alias = name = self.take()
            if self.peek() == ":":
                self.take()
                name = self.take()
            arguments: dict[str, Any] = {}
            if self.peek() == "(":
                self.take()
                while self.peek() != ")":
                    key = self.take()
                    self.take(":")
                    arguments[key] = self.value()
                self.take(")")
            inner = self.selections() if self.peek() == "{" else []
            found.append((alias, name, arguments, inner))
        self.take("}")
        return found

    def value(self) -> Any:
        token = self.take()
        if token == "$":
            return self._variables.get(self.take())
        if token == "[":
            values = []
            while self.peek() != "]":
                values.append(self.value())
            self.take("]")
            return values
        if token == "{":
            fields = {}
            while self.peek() != "}":
                key = self.take()
                self.take(":")
                fields[key] = self.value()
            self.take("}")
            return fields
        if token.startswith('"'):
            return json.loads(token)
        if re.fullmatch(r"-?\d+", token):
            if not -(2**31) <= int(token) < 2**31:
                raise Invalid(f"Int cannot represent {token}")
            return int(token)
        return {"true": True, "false": False, "null": None}.get(token, token)


def answer(query: str, variables: dict[str, Any], root: dict[str, Any], most: float = inf) -> dict[str, Any]:
    """The body of the answer: data, and errors beside it. `most`: nodes that may be asked for."""
    try:
        asked = _Parser(query, variables).operation()
        if _nodes(asked) > most:
            return {"errors": [{"type": "MAX_NODE_LIMIT_EXCEEDED", "message": "too many nodes"}]}
        errors: list[dict[str, Any]] = []
        data = _resolve(asked, root, [], errors)
    except Invalid as why:
        return {"errors": [{"message": str(why), "locations": [{"line": 1, "column": 1}]}]}
    return {"data": data, **({"errors": errors} if errors else {})}


def _nodes(asked: list[Any]) -> int:
    """How many nodes it could be answered by: each connection multiplies what stands in it."""
    total = 0
    for _, _, arguments, inner in asked:
        size = arguments.get("first") or arguments.get("last")
        total += size * (1 + _nodes(inner)) if size else _nodes(inner)
    return total


def _resolve(asked: list[Any], on: dict[str, Any], path: list[Any], errors: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for alias, name, arguments, inner in asked:
        if alias == "...":
            if name in on.get("__types", ()):
                found |= _resolve(inner, on, path, errors)
            continue
        if name not in on:
            raise Invalid(f"Field '{name}' doesn't exist on type '{on.get('__typename')}'")
        here = [*path, alias]
        try:
            value = on[name](**arguments) if callable(on[name]) else on[name]
        except RefusedError as refused:
            found[alias] = None
            errors.append({"type": refused.kind, "path": here, "message": str(refused)})
            continue
        if isinstance(value, dict):
            value = _resolve(inner, value, here, errors)
        elif isinstance(value, list) and inner:
            value = [_resolve(inner, each, [*here, n], errors) for n, each in enumerate(value)]
        found[alias] = value
    return found
