"""What GitHub and GitLab write into the message of a merge, and the issues it closes
(docs/rules.md#marks)."""

from __future__ import annotations

import re

from shepherd.marks.collector import MarkCollector
from shepherd.marks.text import CommitMessage

LONGEST = 100
"""Characters of a project whose request is kept with its name."""

_PULL_REQUEST = re.compile(r"Merge pull request #([0-9]+) from (\S+)", re.IGNORECASE)
_SQUASHED = re.compile(r"\(#([0-9]+)\)\Z")
_MERGED_BRANCH = re.compile(r"Merge branch '([^']+)'", re.IGNORECASE)
_MERGE_REQUEST = re.compile(
    r"^[^\S\n]*+See merge request[^\S\n]++([\w./+-]{0,255}+)!([0-9]++)[^\S\n]*+$",
    re.IGNORECASE | re.MULTILINE,
)
_CLOSES = re.compile(
    r"(?<![\w-])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s++"
    r"(#[0-9]++(?:(?:\s*+,\s*+(?:and\s++)?|\s++and\s++)#[0-9]++)*)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"#([0-9]+)")


def read(message: CommitMessage, marks: MarkCollector) -> None:
    """Read the request and the branch that the landing merged, and the issues it closes."""
    subject = message.subject
    if merge := _PULL_REQUEST.match(subject):
        _request(marks, "#", merge[1])
        marks.branch = merge[2]
    elif squash := _SQUASHED.search(subject):
        _request(marks, "#", squash[1])
    elif branch := _MERGED_BRANCH.match(subject):
        marks.branch = branch[1]
    if "see merge request" in message.lower:
        for project, digits in dict.fromkeys(_MERGE_REQUEST.findall(message.body)):
            _merge_request(marks, project, digits, message.project)
    if "#" in message.body:
        for issues in dict.fromkeys(_CLOSES.findall(message.body)):
            marks.closes += marks.numbers(_NUMBER.findall(issues))


def same_project(named: str, ours: str) -> bool:
    """Whether `named` ("group/project") is `ours`.

    Where that is the path of a URL ("/srv/group/project"), the server's folders in front of it do not matter.
    """
    named, ours = named.lower(), ours.lower()
    return ours.endswith(f"/{named}") if ours.startswith("/") else ours == named


def _merge_request(marks: MarkCollector, project: str, digits: str, ours: str | None) -> None:
    if not project or ours is None or (ours and same_project(project, ours)):
        _request(marks, "!", digits)
    elif ours:
        marks.doubt(f"{project}!{digits}", f"is a request of another project, not of {ours}")
    elif len(project) > LONGEST:
        marks.doubt(f"{project}!{digits}", "has a project name that is too long")
    else:
        # the tracker says that it cannot tell whose that is
        _request(marks, f"{project}!", digits)


def _request(marks: MarkCollector, sign: str, digits: str) -> None:
    marks.requests += [f"{sign}{number}" for number in marks.numbers([digits])]
