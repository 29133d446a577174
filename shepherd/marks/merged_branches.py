"""Which branches a merge merged, and the title that it gives to them, as git and the forges word it."""

from __future__ import annotations

import re
from typing import NamedTuple

from shepherd.marks.text import clean

_BRANCHES = re.compile(
    r"Merge (?:remote-tracking )?branch(?:es)? ((?:'[^']++'(?:, | and )?)++)", re.IGNORECASE
)
_QUOTED = re.compile(r"'([^']++)'")
_REQUEST = re.compile(
    # GitHub, Bitbucket Server (`#5 in ABC/shop from fix to main`), Gitea; homu
    r"Merge pull request (?:#[0-9]++(?: in \S++)?|'.*' \([#!][0-9]++\)) from (\S++)"
    r"|Auto merge of #[0-9]++ [-:] (\S+), r="
    # Bitbucket Cloud
    r"|Merged in (\S++) \(pull request #[0-9]++\)",
    re.IGNORECASE,
)
_PULL_REQUEST = re.compile(r"Pull request #[0-9]++: ", re.IGNORECASE)
# Bitbucket Server since 7, below `Pull request #5: Title`
_MERGE_IN = re.compile(r"Merge in \S++ from (\S++) to \S++", re.IGNORECASE)
_NO_TITLE = re.compile(r"See merge request\s|Merge in\s", re.IGNORECASE)


class MergedBranches(NamedTuple):
    """What one merge says that it merged."""

    branches: tuple[str, ...]
    """At least one, as the message has them."""
    title: str
    """Of the request, on the line that follows the subject; empty if there is none."""


def of(subject: str, body: str) -> MergedBranches | None:
    """What a merge says that it merged; None if the message is not that of a merge.

    Args:
        body: without what it quotes; it begins with the subject.
    """
    if names := _BRANCHES.match(subject):
        return MergedBranches(tuple(_QUOTED.findall(names[1])), _next_line(body))
    if request := _REQUEST.match(subject):
        return MergedBranches((request[1] or request[2] or request[3],), _next_line(body))
    if _PULL_REQUEST.match(subject) and (merge := _MERGE_IN.fullmatch(_line(body))):
        return MergedBranches((merge[1],), "")
    return None


def _next_line(body: str) -> str:
    line = _line(body)
    return "" if _NO_TITLE.match(line) else line


def _line(body: str) -> str:
    return clean(body.partition("\n")[2].lstrip().partition("\n")[0])
