"""`ABC-123`: the keys of the projects that the settings name, and of no others (docs/rules.md#keys)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from shepherd.marks.collector import MarkCollector
from shepherd.marks.text import CommitMessage
from shepherd.values import DIGITS

MAY_SAY = re.compile(r"-[0-9]")
"""What every key has in it."""


def read(message: CommitMessage, marks: MarkCollector) -> None:
    """Read the keys that the subject names."""
    if message.key_projects:
        found = [match[0] for match in _keys(message.key_projects).finditer(message.subject)]
        if found:
            marks.bugs.append((0, found))


@lru_cache(maxsize=64)
def _keys(projects: Sequence[str]) -> re.Pattern[str]:
    names = "|".join(map(re.escape, projects))
    return re.compile(rf"(?<![A-Za-z0-9_-])(?:{names})-{DIGITS}(?![0-9A-Za-z_]|-[0-9])")
