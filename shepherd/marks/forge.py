"""What forges, merge robots and review tools write into the message of a landing, and the issues it closes
(docs/rules.md#forge)."""

from __future__ import annotations

import re

from shepherd.marks.collector import MarkCollector
from shepherd.marks.text import WEB_ADDRESS, CommitMessage

LONGEST = 100
"""Characters of a project whose request is kept with its name."""

_PULL_REQUEST = re.compile(r"Merge pull request #([0-9]+) from (\S+)", re.IGNORECASE)
# Gitea and Forgejo: `Merge pull request 'Title' (#12) from branch into main`, or from `owner/project:branch`,
# and `(!12)` where issues are kept elsewhere (services/pull/merge.go, GetDefaultMergeMessage)
_PULL_OF_TITLE = re.compile(
    r"Merge pull request '.*' \([#!]([0-9]++)\) from (\S++)(?: into \S++)?\Z", re.IGNORECASE
)
# homu: `#12 - user:branch`, and in its first years `#12 : user/repository/branch`
_AUTO_MERGE = re.compile(r"Auto merge of #([0-9]++) [-:] (\S+), r=", re.IGNORECASE)
# bors-ng: `Merge #12 #13`; the scripts by which some projects merge: `Merge #12: Title`
_MERGE_OF = re.compile(r"Merge (#[0-9]++(?: #[0-9]++)*+)(?:: |\Z)")
_MERGE_OF_PROJECT = re.compile(r"Merge ([\w.-]{1,100}+/[\w.-]{1,100}+)#([0-9]++): ")
_SQUASHED = re.compile(r"\(#([0-9]+)\)\Z")
_MERGED_BRANCH = re.compile(r"Merge branch '([^']+)'", re.IGNORECASE)
_MERGE_REQUEST = re.compile(
    r"^[^\S\n]*+(?:See merge request[^\S\n]++|Part-of:[^\S\n]*+<?)"
    r"(?:([\w./+-]{0,255}+)!([0-9]++)"
    r"|https?://[^\s/?#@<>]{1,255}+/(\w[\w./+-]{0,299}?)/(?:-/)?merge_requests/([0-9]++))>?[^\S\n]*+$",
    re.IGNORECASE | re.MULTILINE,
)
_REVIEW = re.compile(
    rf"^(?:Reviewed-on|Differential Revision):[^\S\n]*+({WEB_ADDRESS})[^\S\n]*+$",
    re.IGNORECASE | re.MULTILINE,
)
_CLOSES = re.compile(
    r"(?<![\w-])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s++"
    r"(#[0-9]++(?:(?:\s*+,\s*+(?:and\s++)?|\s++and\s++)#[0-9]++)*)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"#([0-9]+)")
_SIGNS = ("#", "!", "'")
"""Every subject that names a request or a branch has one of these."""


def read(message: CommitMessage, marks: MarkCollector) -> None:
    """Read the requests and the branch that the landing merged, its review, and the issues it closes."""
    if any(map(message.subject.__contains__, _SIGNS)):
        _subject(message, marks)
    lower = message.lower if message.own is message.body else message.body.lower()
    if "merge request" in lower or "part-of:" in lower:
        named = dict.fromkeys(map(_named, _MERGE_REQUEST.finditer(message.own)))
        if message.own is not message.body:
            named |= dict.fromkeys(_at_the_margin(message))
        for project, digits in named:
            _request_of(marks, project, "!", digits, message.project)
    if not marks.url and ("reviewed-on:" in message.lower or "differential revision:" in message.lower):
        # the last one: a change that was picked from elsewhere brings the reviews of there with it
        for review in _REVIEW.finditer(message.own):
            marks.url = review[1]
    if "#" in message.own:
        for issues in dict.fromkeys(_CLOSES.findall(message.own)):
            marks.closes += marks.numbers(_NUMBER.findall(issues))


def _named(line: re.Match[str]) -> tuple[str, str]:
    """The project (empty: it is not named) and the number of a request."""
    return line[1] or line[3] or "", line[2] or line[4]


def _at_the_margin(message: CommitMessage) -> list[tuple[str, str]]:
    """The last request on a line that begins with its words, of our project if there is one.

    Below a log or a heading it may be the landing's own nevertheless, and a request that is lost may pass
    without QA.
    """
    lines = _MERGE_REQUEST.finditer(message.body)
    named = [_named(line) for line in lines if not line[0][:1].isspace()]
    project = message.project
    ours = [each for each in named if not (each[0] and project) or same_project(each[0], project)]
    return (ours or named)[-1:]


def _subject(message: CommitMessage, marks: MarkCollector) -> None:
    subject = message.subject
    if (merge := _PULL_REQUEST.match(subject)) or (merge := _PULL_OF_TITLE.match(subject)):
        _request(marks, "#", merge[1])
        marks.branch = merge[2]
    elif merge := _AUTO_MERGE.match(subject):
        _request(marks, "#", merge[1])
        marks.branch = merge[2].replace(":", "/", 1)
    elif batch := _MERGE_OF.match(subject):
        for digits in dict.fromkeys(_NUMBER.findall(batch[1])):
            _request(marks, "#", digits)
    elif merge := _MERGE_OF_PROJECT.match(subject):
        _request_of(marks, merge[1], "#", merge[2], message.project)
    elif squash := _SQUASHED.search(subject):
        _request(marks, "#", squash[1])
    elif branch := _MERGED_BRANCH.match(subject):
        marks.branch = branch[1]


def same_project(named: str, ours: str) -> bool:
    """Whether `named` ("group/project") is `ours`.

    Where that is the path of a URL ("/srv/group/project"), the server's folders in front of it do not matter.
    """
    named, ours = named.lower(), ours.lower()
    return ours.endswith(f"/{named}") if ours.startswith("/") else ours == named


def _request_of(marks: MarkCollector, project: str, sign: str, digits: str, ours: str | None) -> None:
    """A request that is named with its project, or (empty) without."""
    if not project or ours is None or (ours and same_project(project, ours)):
        _request(marks, sign, digits)
    elif ours:
        marks.doubt(f"{project}{sign}{digits}", f"is a request of another project, not of {ours}")
    elif len(project) > LONGEST:
        marks.doubt(f"{project}{sign}{digits}", "has a project name that is too long")
    else:
        # the tracker says that it cannot tell whose that is
        _request(marks, f"{project}{sign}", digits)


def _request(marks: MarkCollector, sign: str, digits: str) -> None:
    marks.requests += [f"{sign}{number}" for number in marks.numbers([digits])]
