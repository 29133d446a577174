"""The folders at the top of a repository, as an example of what `components` may be
(docs/settings.md#components): which of them is a part of the project people know best."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shepherd.git.repository import Git

_FEWEST = 2
"""One folder is no division of a project."""
_LONGEST = 90
"""Characters of the folders of an example, which is to fit on a line."""
_NAME = re.compile(r"(?!elsewhere$)[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
"""What can be both a folder and a key of TOML as it is; not `.github`."""
_OF_NO_PROJECT = ("web", "database")


def top_folders(git: Git, commit: str) -> list[str]:
    """Those with a plain name, in the order of git. Raises SourceError."""
    return [
        name
        for name in git.lines("ls-tree", "-d", "--name-only", commit)
        if _NAME.fullmatch(name) is not None
    ]


def components_line(folders: Sequence[str]) -> str:
    """The key with the first of these folders, or with made-up ones where they are too few."""
    line = ""
    for name in folders if len(folders) >= _FEWEST else _OF_NO_PROJECT:
        longer = f'{line}{", " if line else ""}{name} = ["{name}/"]'
        if len(longer) > _LONGEST:
            break
        line = longer
    return f"components = {{ {line} }}"
