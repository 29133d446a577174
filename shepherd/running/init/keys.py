"""Which projects of Jira the newest landings name, and what the settings need to read them (docs/jira.md)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from shepherd.marks.key_projects import counted, projects_in
from shepherd.running.init.messages import LOOKED_AT
from shepherd.running.init.sample import SampledLanding

TOKEN_FILE = "jira-token"  # noqa: S105  # the name of a file
_ALSO = 0.05
"""Share of those that name another project, for it to be one of the team's."""


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
    subjects = [landing.commit.subject for landing in sample[:LOOKED_AT]]
    if not counted(subjects):
        return ShownKeys()
    projects = tuple(counted(subjects, _ALSO))
    naming = sum(not projects_in(subject).isdisjoint(projects) for subject in subjects)
    return ShownKeys(projects, naming, len(subjects))


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
    yield "# 4. where a status or a field says it, and no labels: add the table of docs/jira.md#three-teams"
