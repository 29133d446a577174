"""Several branches in one file, or in several (docs/settings.md#many-branches): what `include` brings, what
branches take from [defaults], and trackers from [tracker].

All of it is laid out while the settings are read; `Settings` has nothing but whole branches and trackers.
Imported only where a file has one of these keys.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from glob import glob
from pathlib import Path
from typing import Any

from msgspec import Struct

from shepherd import plainfile
from shepherd.errors import SettingsError, WrongValueError
from shepherd.settings.model import Settings
from shepherd.values import quoted

_SHARED = ("branches", "trackers")
"""The tables that several files may have parts of."""
_Table = dict[str, Any]
_HOLDS = "an included file holds tables [branches.NAME] and [trackers.NAME]"
_OWN_TABLES = re.compile(r"(?:\s|#[^\n]*\n)*\[")
_WHOLE_TABLE = re.compile(r"^[ \t]*\[[ \t]*(?:branches|trackers)[ \t]*\]", re.MULTILINE)


class WholeDocument(Struct, frozen=True):
    """What several files and tables say together, as one file without [defaults] would say it."""

    document: _Table
    files: tuple[Path, ...] = ()
    """Those that `include` brought."""
    origin: dict[tuple[str, ...], Path] = {}
    """("branches", NAME) -> the file where that table stands, if it is another one."""
    taken: dict[tuple[str, ...], frozenset[str]] = {}
    """("branches", NAME) -> the keys that were taken from [defaults]; of a tracker, from [tracker]."""
    unmatched: tuple[str, ...] = ()
    """Patterns that no file matches."""

    def located(self, wrong: WrongValueError, file: Path) -> WrongValueError:
        """Say of a wrong value where it stands: which file, which table."""
        entry, inside = wrong.key[:2], wrong.key[2:]
        wrong.file = self.origin.get(entry, file)
        if inside and inside[0] in self.taken.get(entry, ()):
            wrong.key = ("defaults" if entry[0] == "branches" else "tracker", *inside)
            wrong.file = file
        if wrong.key == ("branches",) and self.unmatched:
            wrong.problem += f"; include names {_listed(self.unmatched)}, which no file matches"
        return wrong


def whole(document: _Table, file: Path, limit: int) -> WholeDocument:
    """Return what a settings file says together with all that it includes.

    Args:
        limit: bytes that the included files may have together.

    Raises:
        SettingsError: one of them cannot be read, or says what it may not.
    """
    files: list[Path] = []
    unmatched: list[str] = []
    origin: dict[tuple[str, ...], Path] = {}
    document = dict(document)
    if "include" in document:
        document["include"] = patterns = _patterns(document["include"])
        files, unmatched = _matched(patterns, file)
        origin = _add_included(document, files, file, limit)
    taken: dict[tuple[str, ...], frozenset[str]] = {}
    if "defaults" in document:
        defaults = _table(document.pop("defaults"), "defaults")
        _take(document, "branches", defaults, taken)
    if isinstance(base := document.get("tracker"), dict):
        # one of another type has other keys
        _take(document, "trackers", base, taken, unless="type")
    return WholeDocument(document, tuple(files), origin, taken, tuple(unmatched))


def included(document: _Table, file: Path, limit: int) -> tuple[_Table, list[tuple[Path, str]]]:
    """Return a document with what it includes in it, as it stands there, and without the key `include`; and
    the texts of the included files. Raises SettingsError as `whole` does."""
    document = dict(document)
    files, _ = _matched(_patterns(document.pop("include")), file)
    parts = list(texts(files, limit))
    _add_included(document, files, file, limit)
    return {key: value for key, value in document.items() if value or key not in _SHARED}, parts


def unmatched(settings: Settings) -> list[str]:
    """The patterns of `include` that no file matches."""
    return _matched(list(settings.include), settings.file)[1]


def _take(
    document: _Table,
    table: str,
    base: _Table,
    taken: dict[tuple[str, ...], frozenset[str]],
    unless: str = "",
) -> None:
    """Give each entry of a table the keys of `base` that it lacks; none of them where it has `unless`."""
    entries = document.get(table)
    if not isinstance(entries, dict):
        return
    document[table] = entries = dict(entries)
    for name, entry in entries.items():
        if isinstance(entry, dict) and unless not in entry:
            taken[table, name] = frozenset(base.keys() - entry.keys())
            entries[name] = {**base, **entry}


def _patterns(value: object) -> list[str]:
    patterns = [value] if isinstance(value, str) else value
    if not isinstance(patterns, list) or not all(isinstance(each, str) for each in patterns):
        raise WrongValueError("expected a path in quotes, or a list of them", "include")
    if bad := next((each for each in patterns if not each or "\0" in each or each[0] == "~"), None):
        raise WrongValueError(f"expected a path written out, not {quoted(bad)}", "include")
    return patterns


def _matched(patterns: list[str], file: Path) -> tuple[list[Path], list[str]]:
    """The files that patterns name, those of one in the order of their names, and the patterns that match
    none. A name without `*` and `?` is there, or reading it says that it is not."""
    found: dict[Path, None] = {}
    unmatched = []
    for pattern in patterns:
        plain = not any(sign in pattern for sign in "*?[")
        # not Path.glob, which gives hidden files too
        names = [pattern] if plain else sorted(glob(pattern, root_dir=file.parent))  # noqa: PTH207
        if not names:
            unmatched.append(pattern)
        for path in (file.parent / name for name in names):
            if os.path.realpath(path) == str(file):
                problem = f"{quoted(pattern)} names this file itself: include those of a folder of their own"
                raise WrongValueError(problem, "include", file=file)
            found[path] = None
    return list(found), unmatched


def _add_included(document: _Table, files: list[Path], file: Path, limit: int) -> dict[tuple[str, ...], Path]:
    """Add the tables of included files; returns where each stands."""
    origin: dict[tuple[str, ...], Path] = {}
    for table in _SHARED:
        if isinstance(document.get(table, {}), dict):
            document[table] = dict(document.get(table, {}))
    for path, text in texts(files, limit):
        part = parsed(text, path)
        for table, entries in part.items():
            if table not in _SHARED:
                problem = f"{_HOLDS}, nothing else"
                raise WrongValueError(problem, table, file=path)
            entries = _table(entries, table, file=path)
            if not _OWN_TABLES.match(text) or _WHOLE_TABLE.search(text):
                # else it could not stand behind another file in one text
                raise WrongValueError(f"{_HOLDS}, each with this heading", table, file=path)
            if not isinstance(document[table], dict):
                continue  # what stands there instead is refused in any case
            for name, entry in entries.items():
                if name in document[table]:
                    there = origin.get((table, name), file)
                    problem = f"stands in {there} already: give one of them another name, or delete it"
                    raise WrongValueError(problem, table, name, file=path)
                document[table][name] = entry
                origin[table, name] = path
    return origin


def texts(files: list[Path], limit: int) -> Iterator[tuple[Path, str]]:
    """The texts of included files. Raises SettingsError."""
    room = limit
    for path in files:
        try:
            text = plainfile.read(path, limit)
        except plainfile.UnreadableFileError as why:
            raise SettingsError(f"{why}; it is included by the settings") from None
        room -= len(text)
        if room < 0:
            raise SettingsError(
                f"{path}: all included files are larger than {limit // 1_000_000} MB together"
            )
        yield path, text


def parsed(text: str, file: Path) -> _Table:
    """Return what a text in TOML says. Raises SettingsError."""
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise SettingsError(f"{file}: is not valid TOML: {error}") from None
    except RecursionError:
        raise SettingsError(f"{file}: is not a settings file: nested too deeply") from None


def _table(value: object, *key: str, file: Path | None = None) -> _Table:
    if not isinstance(value, dict):
        raise WrongValueError("expected a table", *key, file=file)
    return value


def _listed(patterns: tuple[str, ...]) -> str:
    return " and ".join(map(quoted, patterns))
