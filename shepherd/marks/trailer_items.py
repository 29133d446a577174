"""What the trailers that name bugs may list, besides bugs (docs/rules.md#trailers)."""

from __future__ import annotations

import re

NO_BUG = frozenset(("none", "no", "n/a", "na", "nil", "null", "nobug", "-"))
"""Words, in small letters, that say that there is none."""
WRITTEN_ELSEWHERE = re.compile(
    r"https?://[^\s]{1,2000}+|[a-z][\w.+-]{0,60}(?:/[a-z][\w.+-]{0,60}){0,5}[:/#-][0-9]{1,20}"
)
"""A bug of another tracker, in small letters: `b/123`, `project:123`, `KEY-123`, an address."""
ELSEWHERE = "in a Bug trailer is written as a bug of another tracker"
"""How the warning about one goes on."""


def listed(value: str) -> list[str]:
    """The items of a value, which commas or white space separate, each once."""
    return list(dict.fromkeys(value.replace(",", " ").split()))
