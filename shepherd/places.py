"""Where shepherd.toml is looked for (docs/settings.md)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

NAME = "shepherd.toml"


def places_of(environ: Mapping[str, str], clone: Path | None, cwd: Path) -> list[Path]:
    """Return the files that are looked for, in this order: the first that is there counts.

    SHEPHERD_CONFIG alone where it is set; else next to tasks.py (`clone`, if the code is in one), in the
    working directory, and in the user's own configuration.
    """
    if named := environ.get("SHEPHERD_CONFIG"):
        return [cwd / named]
    folders = [*([clone] if clone else []), cwd]
    # paths that are not absolute are to be ignored, says the XDG Base Directory Specification
    if (own := environ.get("XDG_CONFIG_HOME", "")).startswith("/"):
        folders.append(Path(own, "qa-shepherd"))
    elif home := environ.get("HOME"):
        folders.append(Path(home, ".config", "qa-shepherd"))
    return [folder / NAME for folder in dict.fromkeys(folders)]


def settings_file(environ: Mapping[str, str], clone: Path | None, cwd: Path) -> Path:
    """Return the real path of the file that counts; where there is none, of the first that is looked for."""
    places = places_of(environ, clone, cwd)
    return Path(os.path.realpath(next((each for each in places if os.path.lexists(each)), places[0])))
