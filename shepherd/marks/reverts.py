"""What git, the forges and people write when they take a change back (docs/rules.md#marks,
docs/rules.md#undone)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from shepherd.marks import brackets
from shepherd.marks.collector import MarkCollector
from shepherd.marks.quotations import is_roll, own_text
from shepherd.marks.text import CommitMessage, clean, normal
from shepherd.values import DIGITS, SHA_PREFIX

_COMMIT = re.compile(r"\bThis\s++reverts\s++commits?:?\s++(?:[-*]\s++)?", re.IGNORECASE)
# `A..B` is a range, and `A^` another commit than A
_SHA = re.compile(rf"({SHA_PREFIX})(?!\w|\.\.|[\^~]|-\w)", re.IGNORECASE)
_AND = re.compile(
    r"(?:\s*+[,;&]\s*+(?:and\s++)?|\s++and\s++|[ \t]*+\n\s*+(?:[-*]\s++)?)(?:commit\s++)?", re.IGNORECASE
)
_REQUEST = re.compile(
    r"\bThis\s++reverts\s++merge\s++request\s++(?:([\w./+-]*+)!([0-9]++)"
    r"|https?://[^\s/?#@<>]{1,255}+/(\w[\w./+-]{0,299}?)/(?:-/)?merge_requests/([0-9]++))"
    r"|\bReverts:?\s++([\w.-]++/[\w.-]++)#([0-9]++)",
    re.IGNORECASE,
)
_TITLE = re.compile(r'(Revert|Reapply) "(.+)"(?: ?\(#[0-9]+\))?\Z', re.IGNORECASE)
_NUMBERED = re.compile(r" ?\((#[0-9]+)\)\Z")

_WORD = r"(?:revert(?:s|ed|ing)?|roll(?:s|ed|ing)?[\s-]*+backs?|back(?:s|ed|ing)?[\s-]*+outs?)"
_WORDS = re.compile(rf"\b{_WORD}\b", re.IGNORECASE)
_REVNO = re.compile(rf"(?<!\w)r({DIGITS})(?!\w)", re.IGNORECASE)
_WORDED = re.compile(
    rf"(?:[^:\n]{{1,40}}:\s++)?(?:{_WORD}|(re-?(?:land|apply)(?:s|ed|ing)?))\b(?:\([^()]*+\))?!?:?\s*+(.*)\Z",
    re.IGNORECASE,
)
_WORDED_LINE = re.compile(r'^(Revert|Reapply) "(.+)"[ \t]*$', re.IGNORECASE | re.MULTILINE)
_WORDED_SHA = re.compile(
    rf"\b(?:{_WORD}|undo(?:es)?|changesets?)(?:\s++of)?"
    rf"(?:\s++(?:the\s++)?(?:commits?|changesets?|revisions?))?:?\s++({SHA_PREFIX})(?!\w)",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"(?:[A-Z]{1,10}-?[0-9]+|r[0-9]+|commit|changeset|change)\b:?\s++", re.IGNORECASE)
_QUOTED = re.compile(r"\"([^\"\n]++)\"|'([^'\n]++)'|`([^`\n]++)`")
_AFTERTHOUGHT = re.compile(r"\s++\([^()]*+\)\Z")
_MERGED_CHANGE = re.compile(r'Merge "(.+)"(?: into \S+)?\Z')
_MERGE = re.compile(r"Merge (?:pull request|branch|remote-tracking branch) |Auto merge of #[0-9]")
_LISTED_REVERT = re.compile(r'^[*-] (?:Revert|Reapply) "', re.IGNORECASE | re.MULTILINE)
_CALLED = re.compile(rf"\b[Bb]ug[ -]#?({DIGITS})\b|(?<![\w/])(#{DIGITS}|D{DIGITS})(?!\w)")
_SIGNS = (b"revert", b"back", b"undo", b"reapply", b"re-apply", b"reland", b"re-land", b"changeset")
LOOKED_AT = 100_000
"""Characters of a message in which free text is looked for."""
MAX_WORDED = 20
"""Titles and SHAs that are taken from the free text of one message."""


class RevertWording(NamedTuple):
    """How a message words what it takes back, beyond what its marks say: to choose between namesakes, and for
    hints. None of it ever counts by itself."""

    number: str = ""
    """N of `Revert "X (#N)"`, as a request ("#12"): which X is meant."""
    titles: tuple[str, ...] = ()
    """What free text names, in all the ways in which it may be a title; empty if the message does not speak
    of taking anything back."""
    ids: tuple[str, ...] = ()
    """Lower-case SHAs that free text names."""
    projects: tuple[tuple[str, str], ...] = ()
    """Each request of `Reverts owner/project#12` with its project: ("#12", "owner/project")."""
    numbers: tuple[str, ...] = ()
    """Bugs, requests and reviews that its title names ("bug 12", "#12", "D12")."""
    rolls: bool = False
    """It brings another project to another revision, or lists the commits that it was squashed from: commits
    that are unknown here are those."""


NOTHING_WORDED = RevertWording()


def title_key(title: str) -> tuple[int, str]:
    """How many times a title takes back, and what: the same for all that may mean the same landing.

    `Reapply "X"` takes back twice. Brackets in front and numbers of requests are left out.
    """
    times = 0
    text = _bare(title)
    while match := _TITLE.match(text):
        times += 1 if match[1].lower() == "revert" else 2
        text = _bare(match[2])
    return times, text


def number_in(title: str) -> str:
    """The request at the end of a title ("#12"); empty if there is none."""
    return match[1] if (match := _NUMBERED.search(title)) else ""


def numbers_in(title: str) -> tuple[str, ...]:
    """The bugs, requests and reviews that a title names: "bug 12", "#12", "D12"."""
    numbers = (f"bug {bug}" if bug else other for bug, other in _CALLED.findall(title[:LOOKED_AT]))
    return tuple(dict.fromkeys(numbers))[:MAX_WORDED]


def takes_back(title: str) -> bool:
    """Whether a title speaks of taking something back."""
    return _WORDED.match(brackets.split(title)[1]) is not None


def merged_title(message: bytes | str) -> str:
    """The title that a merge gives to what it merged: X of Gerrit's `Merge "X"`, the line that follows
    `Merge pull request …`, `Merge branch …`, `Auto merge of …`; empty if it gives none."""
    subject, _, rest = brackets.split(normal(message))[1].partition("\n")
    if change := _MERGED_CHANGE.match(clean(subject)):
        # Gerrit escapes the quotation marks that are in a title
        return change[1].replace('\\"', '"')
    return clean(rest.lstrip().partition("\n")[0]) if _MERGE.match(subject) else ""


def _bare(title: str) -> str:
    return _NUMBERED.sub("", brackets.split(title)[1])


def read(message: CommitMessage, marks: MarkCollector) -> None:
    """Read reverts, whatever grammars are on; hints are what a mark (read before) does not name."""
    if ("revert" in message.lower or "reapply" in message.lower) and (
        title := _TITLE.match(brackets.split(message.subject)[1])
    ):
        marks.reverts_title = _taken_back(title[1], _NUMBERED.sub("", title[2]))
    if "reverts" in (message.lower if message.own is message.body else message.body.lower()):
        _generated(message, marks)
    # a revision in the title of a roll is one of the other project
    if ("revert" in message.lower or "back" in message.lower) and not is_roll(message.subject):
        _hints(message.own, marks)


def _taken_back(word: str, title: str) -> str:
    """What `Revert "title"` or `Reapply "title"` takes back."""
    return title if word.lower() == "revert" else f'Revert "{title}"'


def _generated(message: CommitMessage, marks: MarkCollector) -> None:
    # content proves it or not: so it is read in quoted text too, where it is no more than a claim
    claimed = dict.fromkeys(map(str.lower, _shas(message.body)))
    own = claimed.keys() & set(map(str.lower, _shas(message.own)))
    marks.reverts_ids += claimed
    marks.quoted_reverts += [sha for sha in claimed if sha not in own]
    said = {request for request, _ in _requests(message.own)}
    for request in dict.fromkeys(request for request, _ in _requests(message.body)):
        # what is quoted gives no warning
        numbers = (marks if request in said else MarkCollector()).numbers([request[1:]])
        found = [f"{request[0]}{number}" for number in numbers]
        marks.reverts_requests += found
        marks.quoted_reverts += found if request not in said else []


def _shas(body: str) -> Iterator[str]:
    """Those of `This reverts commit A`, `This reverts commits A, B and C`."""
    for start in _COMMIT.finditer(body):
        sha = _SHA.match(body, start.end())
        while sha:
            yield sha[1]
            further = _AND.match(body, sha.end())
            sha = _SHA.match(body, further.end()) if further else None


def _requests(body: str) -> Iterator[tuple[str, str]]:
    """Each request that is said to be reverted, and its project, where it is named."""
    for in_words, number, in_address, of_address, pull_project, pull in _REQUEST.findall(body):
        merge = number or of_address
        yield (f"!{merge}", in_words or in_address) if merge else (f"#{pull}", pull_project)


def _hints(body: str, marks: MarkCollector) -> None:
    if word := _WORDS.search(body):
        # Numbers within `Revert "X"` belong to the title of the landing that X names.
        start = (body.find("\n") + 1 or len(body)) if marks.reverts_title else word.end()
        revnos = map(int, dict.fromkeys(_REVNO.findall(body, start)))
        marks.hints = [revno for revno in revnos if revno and revno not in marks.rollback]


def worded(message: bytes | str) -> RevertWording:
    """Return how a message words what it takes back; any brackets in front of it are skipped."""
    lower = message.lower() if isinstance(message, bytes) else message.lower().encode(errors="replace")
    if not any(map(lower.__contains__, _SIGNS)):
        return NOTHING_WORDED
    whole = brackets.split(normal(message))[1]
    body = own_text(whole)
    subject = clean(body.partition("\n")[0])
    title = _TITLE.match(subject)
    titles: list[str] = []
    for match in filter(None, map(_WORDED.match, filter(None, (subject, merged_title(message))))):
        word = "reapply" if match[1] else "revert"
        titles += [_taken_back(word, each) for each in _readings(match[2])] or [match[0]]
    # free text proves nothing, so hostile masses of it are not worth the time
    text = body[:LOOKED_AT]
    titles += [_taken_back(word, each) for word, each in _WORDED_LINE.findall(text)]
    ids = dict.fromkeys(sha.lower() for sha in _WORDED_SHA.findall(text))
    generated = b"reverts" in lower
    counted = {sha.lower() for sha in _shas(body)} if ids and generated else ()
    return RevertWording(
        number_in(title[2]) if title else "",
        tuple(dict.fromkeys(titles))[:MAX_WORDED],
        tuple(sha for sha in ids if sha not in counted)[:MAX_WORDED],
        tuple(each for each in dict.fromkeys(_requests(whole)) if each[1]) if generated else (),
        numbers_in(_NUMBERED.sub("", subject)) if titles or title else (),
        is_roll(subject) or (not title and bool(_LISTED_REVERT.search(text))),
    )


def _readings(text: str) -> list[str]:
    """The titles that a piece of free text may be: `D123: X`, `"X"`, `X (it broke the build)`."""
    readings = [text]
    for pattern in (_PREFIX, _AFTERTHOUGHT):
        readings += [pattern.sub("", each, count=1) for each in readings]
    readings += [piece for quoted in _QUOTED.findall(text) for piece in quoted if piece]
    return [each for each in dict.fromkeys(readings) if each]
