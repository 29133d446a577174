"""What msgspec refused, said in the words of the settings file: the dotted key and what was expected
(docs/settings.md).

Imported only when something is wrong.
"""

from __future__ import annotations

import difflib
import json
import re
import types
import typing

import msgspec

from shepherd.values import clean, quoted

_WHERE = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>[^`]*)`)?", re.DOTALL)
_STEP = re.compile(r"\.(?P<name>\w+)|\[(?P<index>\d+)\]|(?P<any>\[\.\.\.\])")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_NAMES = {str: "text", int: "a whole number", bool: "true or false", float: "a number"}


def sentence(error: msgspec.ValidationError, document: object, root: type) -> str:
    """`error`, which converting `document` to `root` raised: "branches.stable.ref: text expected"."""
    match = _WHERE.fullmatch(str(error))
    assert match, "the pattern matches any text"
    key, kind, value = _locate(match["path"] or "", document, root)
    if unknown := _UNKNOWN.fullmatch(match["what"]):
        # where the settings were read from is a field, but no key
        known = [field.name for field in msgspec.structs.fields(kind) if field.name != "file" or key]
        return unknown_key(unknown[1], known, key)
    if missing := _MISSING.fullmatch(match["what"]):
        member = typing.get_type_hints(kind)[missing[1]]
        return f"{dotted(*key, missing[1])}: is missing, {_expected(_without_none(member))} expected"
    # where any text may stand, it may be a password: only a choice is repeated
    found = f", not {quoted(value)}" if isinstance(value, str) and _is_choice(kind) else ""
    return f"{dotted(*key)}: {_expected(kind)} expected{found}"


def unknown_key(name: str, known: typing.Sequence[str], table: tuple[str, ...] = ()) -> str:
    """The sentence on a key that `table` does not have, with the nearest of those it has."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    place = f" of [{dotted(*table)}]" if table else ""
    hint = f"did you mean {near[0]}?" if near else f"known keys{place} are {', '.join(known)}"
    return f"{dotted(*table, name)}: unknown key; {hint}"


def dotted(*parts: str) -> str:
    """A key as TOML writes it, safe to print: `branches.stable.ref`, `people."ann@example.org"`."""
    written = ""
    for part in parts:
        if re.fullmatch(r"\[\d+\]", part):
            written += part
        else:
            bare = re.fullmatch(r"[A-Za-z0-9_-]+", part)
            written += ("." if written else "") + (part if bare else json.dumps(clean(part, 80)))
    return written


def _locate(path: str, document: object, root: type) -> tuple[tuple[str, ...], typing.Any, object]:
    """The key, the type and the value of `path`; msgspec names no keys of free tables: they are tried."""
    key: tuple[str, ...] = ()
    kind: typing.Any = root
    value: typing.Any = document
    for step in _STEP.finditer(path):
        if step["name"]:
            kind, value = typing.get_type_hints(kind)[step["name"]], value[step["name"]]
            key += (step["name"],)
        elif step["index"]:
            kind, value = typing.get_args(kind)[0], value[int(step["index"])]
            key += (f"[{step['index']}]",)
        else:
            kind = typing.get_args(kind)[1]
            name = next(name for name, member in value.items() if not _fits(member, kind))
            value = value[name]
            key += (name,)
        kind = _without_none(kind)
    return key, kind, value


def _fits(member: object, kind: typing.Any) -> bool:
    try:
        msgspec.convert(member, kind)
    except msgspec.ValidationError:
        return False
    return True


def _without_none(kind: typing.Any) -> typing.Any:
    if typing.get_origin(kind) not in (types.UnionType, typing.Union):
        return kind
    return next(arg for arg in typing.get_args(kind) if arg is not types.NoneType)


def _is_choice(kind: typing.Any) -> bool:
    return typing.get_origin(kind) is typing.Literal


def _expected(kind: typing.Any) -> str:
    if _is_choice(kind):
        return "one of " + ", ".join(json.dumps(value) for value in typing.get_args(kind) if value)
    if typing.get_origin(kind) is tuple:
        return "a list"
    return _NAMES.get(kind, "a table")
