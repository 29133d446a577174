"""What two texts of settings differ in, fit to be shown: one may come from a host, or from a backup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import unified_diff

from shepherd.printable import replaced

_LONGEST = 2000
"""Characters of a line that are shown."""
_PASSWORD = re.compile(r"(://[^/\s:@]*):[^@\s/]+@")


def difference(before: Sequence[str], after: Sequence[str], names: tuple[str, str]) -> Iterator[str]:
    """A unified diff of two lists of lines, fit for a terminal, without passwords in URLs.

    Args:
        names: what the two are called in its first lines.
    """
    old, new = ([replaced(line[:_LONGEST], "?") for line in lines] for lines in (before, after))
    for line in unified_diff(old, new, *names, lineterm=""):
        yield _PASSWORD.sub(r"\1:…@", line)
