"""GitHub's REST, by the description that GitHub publishes: what may be asked, and what it may answer.

`asked` and `answered` say what is wrong with a call, and with our server's own answer to it, in a sentence;
`example` is the answer that the description gives as an example, for the server to put its own data into.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

import jsonschema
import msgspec
from jsonschema import Draft4Validator, validators

from tests.trackers.octokit import DESCRIPTION

ANYWHERE = frozenset({301, 401, 403, 404, 429, 500, 502, 503, 504})
"""What any call may be answered with, described there or not (docs.github.com, "Troubleshooting the REST
API", "Rate limits for the REST API"; "Best practices for using the REST API", of redirects)."""
ERROR = {"$ref": "#/components/schemas/basic-error"}


class Operation(NamedTuple):
    """One method of one path of the description."""

    method: str
    template: str
    described: dict[str, Any]


class Misused(Exception):
    """The description has no such call, or not so: one sentence."""


def asked(method: str, path: str, query: dict[str, list[str]], body: object) -> Operation:
    """The call that this request is. Raises Misused. `path`: quoted."""
    parts = path.strip("/").split("/")
    for template, described in _paths()[len(parts)]:
        names = template.strip("/").split("/")
        if all(name.startswith("{") or name == part for name, part in zip(names, parts, strict=True)):
            found = described.get(method.lower())
            if found is None:
                break
            values = {
                name[1:-1]: unquote(part) for name, part in zip(names, parts, strict=True) if name[:1] == "{"
            }
            _check_parameters({**described, **found}, values, query)
            _check_body(found, body)
            return Operation(method, template, found)
    raise Misused(f"GitHub describes no {method} {path}")


def answered(operation: Operation, status: int, document: object) -> None:
    """Raises Misused: GitHub would not answer this."""
    called = f"{operation.method} {operation.template}"
    response = operation.described["responses"].get(str(status))
    if response is None and status not in ANYWHERE:
        raise Misused(f"GitHub describes no answer {status} to {called}")
    content = _resolved(response or {}).get("content", {}).get("application/json", {})
    if wrong := _wrong(content.get("schema", ERROR), document):
        raise Misused(f"GitHub answers {called} by {status} in another form: {wrong}")


def example(name: str) -> Any:
    """One of our own. Raises KeyError."""
    return copy.deepcopy(_description()["components"]["examples"][name]["value"])


def _check_parameters(described: dict[str, Any], path: dict[str, str], query: dict[str, list[str]]) -> None:
    known = [_resolved(each) for each in described.get("parameters", ())]
    schemas = {(each["in"], each["name"]): each["schema"] for each in known}
    given = {("path", name): value for name, value in path.items()}
    given |= {("query", name): value[-1] for name, value in query.items()}
    for (place, name), text in given.items():
        if (place, name) not in schemas:
            raise Misused(f"GitHub describes no parameter {name}")
        schema = _resolved(schemas[place, name])
        value = int(text) if schema.get("type") == "integer" and text.isdecimal() else text
        if wrong := _wrong(schema, value):
            raise Misused(f"GitHub takes no such {name}: {wrong}")


def _check_body(described: dict[str, Any], body: object) -> None:
    takes = described.get("requestBody", {"required": False})
    if body is None:
        if takes.get("required"):
            raise Misused("GitHub wants a body")
        return
    schema = takes.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        raise Misused("GitHub wants no body")
    if wrong := _wrong(schema, body):
        raise Misused(f"GitHub takes no such body: {wrong}")
    if (
        "properties" in schema
        and isinstance(body, dict)
        and (unknown := body.keys() - schema["properties"].keys())
    ):
        raise Misused(f"GitHub knows nothing of {sorted(unknown)} in the body")


def _wrong(schema: dict[str, Any], value: object) -> str:
    """What is wrong with a value; empty: nothing."""
    error = jsonschema.exceptions.best_match(_validator().descend(value, schema))
    return f"{error.json_path}: {error.message[:300]}" if error else ""


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    while reference := part.get("$ref"):
        part = functools.reduce(lambda there, step: there[step], reference[2:].split("/"), _description())
    return part


@functools.cache
def _description() -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(DESCRIPTION.read())
    return found


@functools.cache
def _paths() -> dict[int, list[tuple[str, dict[str, Any]]]]:
    """By how many parts they have; those with fewer variables first."""
    found: dict[int, list[tuple[str, dict[str, Any]]]] = {number: [] for number in range(30)}
    for template, described in sorted(_description()["paths"].items(), key=lambda each: each[0].count("{")):
        found[len(template.strip("/").split("/"))].append((template, described))
    return found


@functools.cache
def _validator() -> Any:
    """Of the dialect of OpenAPI 3.0, where a schema may be `nullable` (spec.openapis.org/oas/v3.0.3)."""
    plain = Draft4Validator.VALIDATORS
    known = {word: _unless_null(plain[word]) for word in ("type", "enum", "allOf", "anyOf", "oneOf")}
    return validators.extend(Draft4Validator, known)(_description())


def _unless_null(check: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    def checked(validator: Any, wanted: Any, value: Any, schema: dict[str, Any]) -> Iterator[Any]:
        if value is not None or not schema.get("nullable"):
            yield from check(validator, wanted, value, schema) or ()

    return checked
