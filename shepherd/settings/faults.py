"""What msgspec refused, in the words of the settings file: the dotted key and what was expected
(docs/settings.md).

Imported only when something is wrong.
"""

from __future__ import annotations

import difflib
import json
import re
import types
import typing
from collections.abc import Sequence
from pathlib import Path

import msgspec

from shepherd.errors import WrongValueError, dotted
from shepherd.settings import kinds
from shepherd.settings.model import NO_KEYS, Settings
from shepherd.values import Duration, quoted

# msgspec's errors carry no data: their text is all there is
_WHERE = re.compile(r"(?P<problem>.*?)(?: - at `\$(?P<path>[^`]*)`)?", re.DOTALL)
_STEP = re.compile(r"\.(?P<name>\w+)|\[(?P<index>\d+)\]|(?P<any>\[\.\.\.\])")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_NAMES = {
    str: "text in quotes",
    int: "a whole number",
    bool: "true or false",
    Duration: 'a duration such as "15m" or "2h"',
}


def wrong_value(error: msgspec.ValidationError, document: object, file: Path) -> WrongValueError:
    """Return the error for people of what converting `document`, which stands in `file`, raised."""
    key, problem = _problem(error, document)
    return WrongValueError(problem, *key, file=file)


def _problem(error: msgspec.ValidationError, document: object) -> tuple[list[str], str]:
    match = _WHERE.fullmatch(str(error))
    assert match, "the pattern matches any text"
    key, kind, value = _locate(match["path"] or "", document)
    plain = _plain(kind, value)
    if unknown := _UNKNOWN.fullmatch(match["problem"]):
        known = [field.name for field in msgspec.structs.fields(plain) if field.name not in NO_KEYS or key]
        known += [] if key else ["defaults"]
        return [*key, unknown[1]], _unknown_key(unknown[1], known, key)
    if missing := _MISSING.fullmatch(match["problem"]):
        member = _types_of(plain)[missing[1]]
        return [*key, missing[1]], f"is missing: expected {_expected(_plain(member))}"
    if isinstance(error.__cause__, ValueError):
        return key, str(error.__cause__)
    if plain is int and type(value) is int:
        bounds = kind.__metadata__[0]
        return key, f"expected a whole number from {bounds.ge} to {bounds.le}, not {value}"
    # where any text may stand, it may be a password: only a choice is repeated
    instead = f", not {quoted(value)}" if isinstance(value, str) and _is_choice(plain) else ""
    near = difflib.get_close_matches(value, typing.get_args(plain), n=1) if instead else []
    hint = f"; did you mean {json.dumps(near[0])}?" if near else ""
    or_a_table = " or a table" if plain is str and _takes_table(kind) else ""
    return key, f"expected {_expected(plain)}{or_a_table}{instead}{hint}"


def _unknown_key(name: str, known: Sequence[str], table: Sequence[str]) -> str:
    """Return the sentence on a key that `table` does not have, with the nearest of those it has."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    place = f" of [{dotted(table)}]" if table else ""
    hint = f"did you mean {near[0]}?" if near else f"known keys{place} are {', '.join(known)}"
    return f"unknown key; {hint}"


def _locate(path: str, document: object) -> tuple[list[str], typing.Any, typing.Any]:
    """Return key, type and value of `path`; msgspec names no keys of free tables: they are tried."""
    key: list[str] = []
    kind: typing.Any = Settings
    value: typing.Any = document
    for step in _STEP.finditer(path):
        kind = _plain(kind, value)
        if name := step["name"]:
            kind, value = _types_of(kind)[name], value[name]
        elif step["index"]:
            kind, value = typing.get_args(kind)[0], value[int(step["index"])]
            name = f"[{step['index']}]"
        else:
            kind = typing.get_args(kind)[1]
            name = next(name for name, member in value.items() if not _fits(member, kind))
            value = value[name]
        key.append(name)
    return key, kind, value


def _fits(member: object, kind: typing.Any) -> bool:
    try:
        msgspec.convert(member, kind, dec_hook=kinds.decode)
    except msgspec.ValidationError:
        return False
    return True


def _types_of(kind: type) -> dict[str, typing.Any]:
    return typing.get_type_hints(kind, include_extras=True)


def _plain(kind: typing.Any, value: object = None) -> typing.Any:
    """Return the type alone, without constraints and None; of text or a table, the one that `value` is."""
    while typing.get_origin(kind) in (typing.Annotated, typing.Union, types.UnionType):
        members = [arg for arg in typing.get_args(kind) if arg is not types.NoneType]
        kind = members[-1 if isinstance(value, dict) and _takes_table(kind) else 0]
    return kind


def _takes_table(kind: typing.Any) -> bool:
    """Return whether a table may stand in place of a text: it is the last of the two types."""
    if typing.get_origin(kind) not in (typing.Union, types.UnionType):
        return False
    members = [arg for arg in typing.get_args(kind) if arg is not types.NoneType]
    return len(members) > 1 and isinstance(members[-1], type) and issubclass(members[-1], msgspec.Struct)


def _is_choice(kind: typing.Any) -> bool:
    return typing.get_origin(kind) is typing.Literal


def _expected(kind: typing.Any) -> str:
    if _is_choice(kind):
        return "one of " + ", ".join(json.dumps(value) for value in typing.get_args(kind) if value)
    if typing.get_origin(kind) is tuple:
        return "a list in brackets"
    return _NAMES.get(kind, "a table")
