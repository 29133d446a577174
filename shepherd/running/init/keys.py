"""Which projects of Jira the newest landings name, and what the settings need to read them (docs/jira.md)."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from shepherd.running.init.messages import LOOKED_AT
from shepherd.running.init.sample import SampledLanding

TOKEN_FILE = "jira-token"  # noqa: S105  # the name of a file
_LEAST = 0.2
"""Share of the landings that name issues of one project: fewer may do so by chance."""
_ALSO = 0.05
"""Share of those that name another project, for it to be one of the team's."""
_KEY = re.compile(r"(?<![A-Za-z0-9_-])([A-Z][A-Z0-9_]{1,9})-[1-9][0-9]{0,6}(?![A-Za-z0-9]|-[0-9])")
_NO_PROJECTS = frozenset(
    {"AES", "CVE", "CWE", "ES", "GHSA", "HTTP", "ISO", "JDK", "JEP", "MD", "PEP", "RFC", "SHA", "TLS", "UTF"}
)
"""What looks like the key of an issue with a number behind it, and is a standard, say."""


class ShownKeys(Struct, frozen=True):
    """The projects, the one that most landings name first."""

    projects: tuple[str, ...] = ()
    """Empty: too few landings name one."""
    count: int = 0
    """Landings that name one of these."""
    looked_at: int = 0

    @property
    def finding(self) -> str:
        """As a sentence."""
        named = ", ".join(self.projects)
        return f"{self.count} of the last {self.looked_at} landings name issues as Jira does ({named})."


def keys_in(sample: Sequence[SampledLanding]) -> ShownKeys:
    """Return the projects whose keys stand in the subjects of the newest landings."""
    newest = sample[:LOOKED_AT]
    named = [set(_KEY.findall(landing.commit.subject)) - _NO_PROJECTS for landing in newest]
    counted = Counter(project for projects in named for project in projects)
    ordered = sorted(counted, key=lambda project: (-counted[project], project))
    if not ordered or counted[ordered[0]] < max(2, _LEAST * len(newest)):
        return ShownKeys()
    projects = tuple(project for project in ordered if counted[project] >= max(2, _ALSO * len(newest)))
    return ShownKeys(
        projects, sum(not projects_of.isdisjoint(projects) for projects_of in named), len(newest)
    )


def lines_for_jira(shown: ShownKeys, file: Path, *, in_force: bool) -> Iterator[str]:
    """Yield what to do so that Jira is read, as comments for the settings `file`.

    Args:
        in_force: the keys are read already, and people settle landings.
    """
    path = shlex.quote(str(file.parent / TOKEN_FILE))
    keys = ", ".join(f'"{project}"' for project in shown.projects)
    yield f"# {shown.finding} To read what people say on them:"
    yield f"# 1. run (umask 077; cat >{path}) and paste an API token with the rights of"
    yield "#    docs/jira.md, then Enter and Ctrl-D"
    yield "# 2. run .venv/bin/pip install --require-hashes -r requirements/jira.txt"
    also = "" if in_force else ', and add "keys" to marks above'
    yield f"# 3. write these lines in place of what stands here for the tracker{also}:"
    yield '# type = "jira"'
    yield '# service_root = "https://example.atlassian.net"     # your site'
    yield '# login = "shepherd@example.com"     # the account of the token; on Data Center leave it out'
    yield f'# credentials_file = "{TOKEN_FILE}"'
    yield f"# keys = [{keys}]"
    yield '# bug_url = "https://example.atlassian.net/browse/{bug}"'
