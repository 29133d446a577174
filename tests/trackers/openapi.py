"""A REST service by the description that its makers publish (OpenAPI 3.0): what may be asked of it, and what
it may answer.

`asked` and `answered` say what is wrong with a call, and with our server's own answer to it, in a sentence;
`example` is the answer that the description gives as an example, for the server to put its own data into.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

import jsonschema
import msgspec
from jsonschema import Draft4Validator, validators


class Operation(NamedTuple):
    """One method of one path of the description."""

    method: str
    template: str
    described: dict[str, Any]


class Misused(Exception):
    """The description has no such call, or not so: one sentence."""


class OpenApi:
    """See the module; it is read when it is first needed.

    Args:
        owner: its maker in sentences: "GitHub".
        read: the description, as JSON.
        anywhere: statuses that any call may be answered with, described there or not.
        error: schema of an answer that has none of its own.
        more: path -> what stands there beside what the description says.
    """

    def __init__(
        self,
        owner: str,
        read: Callable[[], bytes],
        *,
        anywhere: Collection[int],
        error: dict[str, Any],
        more: Mapping[str, dict[str, Any]] | None = None,
    ) -> None:
        self._owner = owner
        self._read = read
        self._anywhere = frozenset(anywhere)
        self._error = error
        self._more = more or {}

    def asked(self, method: str, path: str, query: dict[str, list[str]], body: object) -> Operation:
        """The call that this request is. Raises Misused. `path`: quoted."""
        parts = path.strip("/").split("/")
        for template, described in self._paths.get(len(parts), ()):
            names = template.strip("/").split("/")
            if all(name.startswith("{") or name == part for name, part in zip(names, parts, strict=True)):
                found = described.get(method.lower())
                if found is None:
                    break
                values = {
                    name[1:-1]: unquote(part)
                    for name, part in zip(names, parts, strict=True)
                    if name[:1] == "{"
                }
                self._check_parameters({**described, **found}, values, query)
                self._check_body(found, body)
                return Operation(method, template, found)
        raise Misused(f"{self._owner} describes no {method} {path}")

    def answered(self, operation: Operation, status: int, document: object) -> None:
        """Raises Misused: it would not be answered this."""
        called = f"{operation.method} {operation.template}"
        response = operation.described["responses"].get(str(status))
        if response is None and status not in self._anywhere:
            raise Misused(f"{self._owner} describes no answer {status} to {called}")
        content = self._resolved(response or {}).get("content", {}).get("application/json", {})
        if status == 204 and not content.get("schema"):
            if document is not None:
                raise Misused(f"{self._owner} answers {called} by 204, which has no body")
            return
        if wrong := self.wrong(content.get("schema", self._error), document):
            raise Misused(f"{self._owner} answers {called} by {status} in another form: {wrong}")

    def example(self, name: str) -> Any:
        """One of our own. Raises KeyError."""
        return copy.deepcopy(self._description["components"]["examples"][name]["value"])

    def wrong(self, schema: dict[str, Any], value: object) -> str:
        """What is wrong with a value; empty: nothing."""
        error = jsonschema.exceptions.best_match(self._validator.descend(value, schema))
        return f"{error.json_path}: {error.message[:300]}" if error else ""

    def _check_parameters(
        self, described: dict[str, Any], path: dict[str, str], query: dict[str, list[str]]
    ) -> None:
        known = [self._resolved(each) for each in described.get("parameters", ())]
        schemas = {(each["in"], each["name"]): each["schema"] for each in known}
        given = {("path", name): [value] for name, value in path.items()}
        given |= {("query", name): values for name, values in query.items()}
        for (place, name), texts in given.items():
            if (place, name) not in schemas:
                raise Misused(f"{self._owner} describes no parameter {name}")
            schema = self._resolved(schemas[place, name])
            if wrong := self.wrong(schema, self._value(schema, texts)):
                raise Misused(f"{self._owner} takes no such {name}: {wrong}")

    def _value(self, schema: dict[str, Any], texts: list[str]) -> object:
        """What a parameter's text stands for."""
        match schema.get("type"):
            case "integer" if texts[-1].isdecimal():
                return int(texts[-1])
            case "boolean" if texts[-1] in ("true", "false"):
                return texts[-1] == "true"
            case "array":
                items = self._resolved(schema.get("items", {}))
                return [self._value(items, [part]) for text in texts for part in text.split(",")]
            case _:
                return texts[-1]

    def _check_body(self, described: dict[str, Any], body: object) -> None:
        takes = described.get("requestBody", {"required": False})
        if body is None:
            if takes.get("required"):
                raise Misused(f"{self._owner} wants a body")
            return
        schema = takes.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            raise Misused(f"{self._owner} wants no body")
        if wrong := self.wrong(schema, body):
            raise Misused(f"{self._owner} takes no such body: {wrong}")
        schema = self._resolved(schema)
        if (
            "properties" in schema
            and isinstance(body, dict)
            and (unknown := body.keys() - schema["properties"].keys())
        ):
            raise Misused(f"{self._owner} knows nothing of {sorted(unknown)} in the body")

    def _resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        while reference := part.get("$ref"):
            part = functools.reduce(
                lambda there, step: there[step], reference[2:].split("/"), self._description
            )
        return part

    @functools.cached_property
    def _description(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self._read())
        found["paths"] |= self._more
        return found

    @functools.cached_property
    def _paths(self) -> dict[int, list[tuple[str, dict[str, Any]]]]:
        """By how many parts they have; those with fewer variables first."""
        found: dict[int, list[tuple[str, dict[str, Any]]]] = {}
        for template, described in sorted(
            self._description["paths"].items(), key=lambda each: each[0].count("{")
        ):
            found.setdefault(len(template.strip("/").split("/")), []).append((template, described))
        return found

    @functools.cached_property
    def _validator(self) -> Any:
        """Of the dialect of OpenAPI 3.0, where a schema may be `nullable` (spec.openapis.org/oas/v3.0.3)."""
        plain = Draft4Validator.VALIDATORS
        known = {word: _unless_null(plain[word]) for word in ("type", "enum", "allOf", "anyOf", "oneOf")}
        return validators.extend(Draft4Validator, known)(self._description)


def _unless_null(check: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    def checked(validator: Any, wanted: Any, value: Any, schema: dict[str, Any]) -> Iterator[Any]:
        if value is not None or not schema.get("nullable"):
            yield from check(validator, wanted, value, schema) or ()

    return checked
