"""Which projects of Jira titles seem to name, whatever the settings say: for `inv init`, and to find a key of
the settings that is misspelt."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

LEAST = 0.2
"""Share of the landings that name issues of one project: fewer may do so by chance."""
_KEY = re.compile(r"(?<![A-Za-z0-9_-])([A-Z][A-Z0-9_]{1,9})-[1-9][0-9]{0,6}(?![A-Za-z0-9]|-[0-9])")
_NO_PROJECTS = frozenset(
    {"AES", "CVE", "CWE", "ES", "GHSA", "HTTP", "ISO", "JDK", "JEP", "MD", "PEP", "RFC", "SHA", "TLS", "UTF"}
)
"""What looks like the key of an issue with a number behind it, and is a standard, say."""


def projects_in(title: str) -> set[str]:
    """The projects of all that looks like the key of an issue."""
    return set(_KEY.findall(title)) - _NO_PROJECTS


def counted(titles: Collection[str], least: float = LEAST) -> dict[str, int]:
    """Project -> titles that name it, the one of most titles first.

    Args:
        least: share of the titles that name it; two of them at least.
    """
    projects = Counter(project for title in titles for project in projects_in(title))
    ordered = sorted(projects, key=lambda project: (-projects[project], project))
    enough = max(2, least * len(titles))
    return {project: projects[project] for project in ordered if projects[project] >= enough}
