"""GitLab's REST, by what its documentation says (gitlab_api.toml): what may be asked, and what it answers.

`asked` and `answered` say what is wrong with a call, and with our server's own answer to it, in a sentence.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("gitlab_api.toml")
MOST = 100
"""In one page."""


class Misuse(Exception):
    """GitLab's documentation has no such call, or not so: one sentence."""


def asked(method: str, path: str, query: Mapping[str, list[str]], body: Any) -> dict[str, Any]:
    """The call that this request is. Raises Misuse. `path`: below /api/v4, quoted."""
    for call in _description()["call"]:
        if call["method"] == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", call["path"]), path):
            _check_query(call, query)
            _check_body(call, body)
            return dict(call)
    raise Misuse(f"GitLab documents no {method} {path}")


def answered(call: Mapping[str, Any], document: Any) -> None:
    """Raises Misuse: GitLab would not answer this."""
    kind = call["answer"]
    several = kind.startswith("[")
    fields = _description()["answer"][kind.strip("[]")]
    if several != isinstance(document, list):
        raise Misuse(f"GitLab answers {call['path']} with {kind}")
    for each in document if several else [document]:
        if each.keys() != fields.keys():
            raise Misuse(f"{kind} has other fields: {sorted(each.keys() ^ fields.keys())}")
        for name, value in each.items():
            if not _fits(value, fields[name]):
                raise Misuse(f"{kind}: {name} is {fields[name]}, not {value!r}")


def _check_query(call: Mapping[str, Any], query: Mapping[str, list[str]]) -> None:
    known = {**call.get("query", {}), **(_description()["paging"] if call["answer"].startswith("[") else {})}
    for name, values in query.items():
        kind = known.get(name)
        if kind is None:
            raise Misuse(f"{call['method']} {call['path']} has no parameter {name}")
        numbers = [int(value) if value.isdecimal() else value for value in values]
        given: Any = [
            number if "integer" in kind else text for number, text in zip(numbers, values, strict=True)
        ]
        if not _fits(given if kind.startswith("[") else given[0], kind):
            raise Misuse(f"{call['method']} {call['path']} takes no such {name}: {values}")
        if name == "per_page" and int(values[0]) > MOST:
            raise Misuse(f"GitLab gives at most {MOST} a page")


def _check_body(call: Mapping[str, Any], body: Any) -> None:
    wanted = call.get("body", {})
    known = {name.rstrip("!"): kind for name, kind in wanted.items()}
    for name, value in (body or {}).items():
        if name not in known:
            raise Misuse(f"{call['method']} {call['path']} has no {name}")
        if not _fits(value, known[name]):
            raise Misuse(f"{call['method']} {call['path']} takes no such {name}: {value!r}")
    missing = [name for name in wanted if name.endswith("!") and name.rstrip("!") not in (body or {})]
    if missing or (wanted and not body):
        raise Misuse(f"{call['method']} {call['path']} wants {missing or sorted(known)}")


def _fits(value: Any, kind: str) -> bool:
    if kind.endswith("?"):
        return value is None or _fits(value, kind[:-1])
    if kind.startswith("["):
        return isinstance(value, list) and all(_fits(each, kind[1:-1]) for each in value)
    match kind:
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case _ if not isinstance(value, str):
            return False
        case "string":
            return True
        case "labels":
            return all(value.split(","))
        case "sha":
            return re.fullmatch("[0-9a-f]{40}", value) is not None
        case "color":
            return re.fullmatch("#[0-9a-fA-F]{6}", value) is not None
        case "time":
            return _is_time(value)
    return value in kind.split("|")


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


@functools.cache
def _description() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text())
