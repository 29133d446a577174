"""The settings as one text, with the files that they include in it: what another host, or a backup, gets
(docs/settings.md#include)."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from shepherd import plainfile
from shepherd.errors import SettingsError
from shepherd.settings import layers
from shepherd.settings.loading import LARGEST

_INCLUDE = re.compile(r"[ \t]*(?:include|\"include\"|'include')[ \t]*=")
_TABLE = re.compile(r"[ \t]*\[")


def one_text(file: Path) -> str:
    """Return the text of a settings file; where it includes others, one that says the same by itself: the key
    `include` is a comment in it, and the included files follow.

    Args:
        file: its real path.

    Raises:
        SettingsError: one of the files cannot be read, or they cannot be put one behind the other.
    """
    try:
        text = plainfile.read(file, LARGEST)
    except plainfile.UnreadableFileError as why:
        raise SettingsError(str(why)) from None
    document = layers.parsed(text, file)
    if "include" not in document:
        return text
    meant, included = layers.included(document, file, LARGEST)
    parts = [_without_include(text), *(f"# from {path}\n{part}" for path, part in included)]
    whole = "\n".join(part if part.endswith("\n") else f"{part}\n" for part in parts)
    try:
        says = tomllib.loads(whole)
    except ValueError:
        says = {}
    if says != meant:
        raise SettingsError(
            f"{file}: it cannot be put into one text with what it includes: write `include = …` on lines of"
            " its own, and in the included files tables [branches.NAME] and [trackers.NAME]"
        )
    return whole


def _without_include(text: str) -> str:
    """The text with the lines of `include` as comments."""
    lines = text.splitlines(keepends=True)
    first = next(
        (place for place, line in enumerate(lines) if _INCLUDE.match(line) or _TABLE.match(line)), len(lines)
    )
    for last in range(first + 1, len(lines) + 1):
        try:
            tomllib.loads("".join(lines[first:last]))
        except ValueError:
            continue
        return "".join([*lines[:first], *(f"# {line}" for line in lines[first:last]), *lines[last:]])
    return text
