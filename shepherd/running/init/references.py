"""Whether the newest landings name issues as teams with Redmine do, and what the settings need to read them
(docs/redmine.md)."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from shepherd import marks
from shepherd.running.init.messages import LOOKED_AT, MessageEvidence
from shepherd.running.init.sample import SampledLanding

KEY_FILE = "redmine-key"
_EXAMPLE = "https://redmine.example.org"
_LEAST = 0.2
"""Share of the landings that name issues: fewer may do so by chance."""
_ADDRESS = re.compile(
    r"(?<![\w/])(https?://[A-Za-z0-9][A-Za-z0-9.-]{0,100}(?::[0-9]{1,5})?(?:/[a-z0-9_.-]{1,40}){0,3})/issues/[0-9]+"
)
"""A link to an issue of a Redmine, with the path that it is below; "-" before "issues" is GitLab's."""
_FORGES = re.compile(r"https?://(?:[^/]*\.)?(?:github|gitlab|gitea|forgejo|codeberg|bitbucket)\b|.*/-\Z")


class ShownReferences(Struct, frozen=True):
    """Landings that name issues by `Fixes #12` or `refs #12`."""

    count: int = 0
    """0: too few, or they are a forge's."""
    looked_at: int = 0
    root: str = ""
    """The address of the Redmine that messages link to; empty: none."""

    @property
    def finding(self) -> str:
        """As a sentence."""
        at = f" (they link to {self.root})" if self.root else ""
        named = f"{self.count} of the last {self.looked_at} landings name issues by refs #12 or Fixes #12"
        return f"{named}, as teams with Redmine do{at}."


def references_in(sample: Sequence[SampledLanding], shown: MessageEvidence) -> ShownReferences:
    """Return how many of the newest landings name issues so; none where messages show a forge, whose issues
    these are then."""
    messages = [landing.commit.message for landing in sample[:LOOKED_AT]]
    count = sum(bool(marks.parse(message, ("references",)).bugs) for message in messages)
    roots = Counter(
        root
        for message in messages
        for root in dict.fromkeys(_ADDRESS.findall(message))
        if not _FORGES.match(root)
    )
    if shown.convention or count < max(2, _LEAST * len(messages)):
        return ShownReferences()
    return ShownReferences(count, len(messages), next((root for root, _ in roots.most_common(1)), ""))


def lines_for_redmine(shown: ShownReferences, file: Path) -> Iterator[str]:
    """Yield the steps to take so that Redmine is read, as comments for the settings `file`."""
    path = shlex.quote(str(file.parent / KEY_FILE))
    root = shown.root or _EXAMPLE
    yield f"# 1. run (umask 077; cat >{path}) and paste the API key of an account"
    yield "#    with the rights of docs/redmine.md, then Enter and Ctrl-D"
    yield "# 2. run .venv/bin/pip install --require-hashes -r requirements/redmine.txt"
    yield '# 3. write marks = ["references"] above, and these lines in place of what stands here:'
    yield '# type = "redmine"'
    yield f'# service_root = "{root}"{"" if shown.root else "     # yours"}'
    yield f'# credentials_file = "{KEY_FILE}"'
    yield f'# bug_url = "{root}/issues/{{bug}}"'
    yield "# 4. say below them which status, or which value of a field, means what: docs/redmine.md#two-teams"
