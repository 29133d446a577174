"""`ABC-123`: the keys of the projects that the settings name, and of no others (docs/rules.md#keys).

In text a key has capitals. Where nothing else can be meant (`[bug=abc-123]`, a trailer, a link), and at the
beginning of a branch's name, small letters will do: tools disagree about them (Bitbucket and GitLab take
capitals alone, BCLOUD-9615; GitHub for Jira takes either, src/utils/jira-utils.ts), and many branches have
them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from shepherd.marks import merged_branches
from shepherd.marks.collector import MarkCollector
from shepherd.marks.text import TRAILER_VALUE, CommitMessage, trailer_block
from shepherd.marks.trailer_items import ELSEWHERE, NO_BUG, WRITTEN_ELSEWHERE, listed
from shepherd.printable import INVISIBLE
from shepherd.values import ITEM_NUMBER

MAY_SAY = re.compile(r"-[0-9]")
"""What every key has in it."""

_CJK = r"\u3000-\u9fff\uac00-\ud7a3\uf900-\ufaff"
"""Scripts without blanks between words: what stands next to a key is none of its letters."""
_LETTER = rf"[^\W{_CJK}]"
_BEFORE = rf"(?<!{_LETTER})(?<![-{INVISIBLE}])"
_AFTER = rf"(?!{_LETTER}|[{INVISIBLE}]|[-.][0-9])"
# in a branch's name words are set apart by any sign
_BRANCH_BEFORE = r"(?<![^\W_])"
_BRANCH_AFTER = r"(?![^\W_]|\.[0-9])"
_BRACKET = re.compile(r"\[([^\[\]]*+)\]")
_BUG = re.compile(r"\s*bugs?\s*\Z", re.IGNORECASE)
_ROLLBACK = re.compile(r"\s*rollback\s*\Z", re.IGNORECASE)
_ANY_KEY = re.compile(r"(?<![^\W_])[A-Za-z][A-Za-z0-9_]{0,99}-[0-9]++")
_NUMBER = re.compile(ITEM_NUMBER)
_TAKEN_BACK = re.compile(r'\b(?:Revert|Reapply) "(?:.*"|.*)', re.IGNORECASE)
"""What a title takes back: its marks are not the landing's (docs/rules.md#keys)."""
_REVERTING = re.compile(r"(?:\A|/)revert[-_]", re.IGNORECASE)
_LINE = re.compile(r"^(Jira|Bug)[^\S\n]*+:([^\n]*+)", re.IGNORECASE | re.MULTILINE)
_TRAILER = re.compile(rf"^(Jira|Bug){TRAILER_VALUE}", re.IGNORECASE | re.MULTILINE)
_LINK = re.compile(r"https?://\S{1,2000}/browse/([^\s/?#]{1,200})/?(?:[?#]\S*)?", re.IGNORECASE)
_NO_KEY = "is not the key of an issue"
_OF_NONE = "is a key of no project that tracker.keys names"


def read(message: CommitMessage, marks: MarkCollector) -> None:
    """Read the keys of the leading run, the subject, the branch that was merged, and the trailers."""
    projects = message.key_projects
    if not projects:
        return
    _run(message, marks)
    merged = merged_branches.of(message.subject, message.own)
    found = _named(message.subject, projects, marks)
    if merged is not None:
        found += [key for branch in merged.branches for key in _of_branch(branch, projects)]
        found += _named(merged.title, projects, marks)
        marks.branch = marks.branch or merged.branches[0]
    if found:
        marks.bugs.append((0, found))
    lower = message.lower if message.own is message.body else message.body.lower()
    if "jira" in lower or "bug" in lower:
        _lines(message, marks)


def is_ours(text: str, projects: Sequence[str]) -> bool:
    """Whether all of it is written as a key of one of these projects, or as a link to one."""
    key = _written(text)
    return key is not None and key.rpartition("-")[0].upper() in projects


def without_keys(text: str) -> str:
    """A text without all that is written as a key, of whatever project."""
    return _ANY_KEY.sub(" ", text)


def has_key(text: str, projects: Sequence[str]) -> bool:
    """Whether a text names the key of one of these projects."""
    return bool(projects) and _in_text(tuple(projects)).search(text) is not None


def _named(text: str, projects: Sequence[str], marks: MarkCollector) -> list[str]:
    """The keys in a title, but for those of what it takes back."""
    if not MAY_SAY.search(text):
        return []
    own = _TAKEN_BACK.sub('"', text)
    found = [match[0] for match in _in_text(tuple(projects)).finditer(own)]
    if not found and (small := _at_beginning(tuple(projects)).match(own)):
        marks.doubt(small[1], "is a key only in capitals")
    return list(_good(found, marks))


def _of_branch(branch: str, projects: Sequence[str]) -> Iterator[str]:
    """The keys in the name of a branch; one that takes something back names what it takes back."""
    if _REVERTING.search(branch):
        return
    for match in _in_branch(tuple(projects)).finditer(branch):
        leads = match.start() == 0 or branch[match.start() - 1] == "/"
        # `re` takes some letters beyond ASCII for capitals of it
        written = match[1] in projects or (leads and match[1].isascii())
        if written and _NUMBER.fullmatch(match[2]):
            yield f"{match[1].upper()}-{match[2]}"


def _run(message: CommitMessage, marks: MarkCollector) -> None:
    found: list[str] = []
    for content in dict.fromkeys(_BRACKET.findall(message.run)):
        name, equals, value = content.partition("=")
        if equals and _BUG.match(name):
            for key in _ANY_KEY.findall(value):
                found += _one(key, key, message.key_projects, _OF_NONE, marks)
        elif not (equals and _ROLLBACK.match(name)):
            found += _named(content, message.key_projects, marks)
    if found:
        marks.bugs.append((-1, found))


def _lines(message: CommitMessage, marks: MarkCollector) -> None:
    """Lines that name keys alone, wherever they stand, and the trailers, where anything else is a warning."""
    # A list that is repeated adds nothing, and a hostile message repeats one a million times.
    projects = message.key_projects
    lines: dict[str, int] = {}
    for line in _LINE.finditer(message.own):
        lines.setdefault(line[2], line.start())
    for value, at in lines.items():
        items = listed(value)
        if items and all(is_ours(item, message.key_projects) for item in items):
            found = [
                key for item in items for key in _one(item, _written(item), message.key_projects, "", marks)
            ]
            marks.bugs.append((at, found))
    block = trailer_block(message.body)
    trailers: dict[tuple[str, str], int] = {}
    for trailer in _TRAILER.finditer(message.body, block) if block else ():
        trailers.setdefault((trailer[1].capitalize(), trailer[2]), trailer.start())
    for (name, value), at in trailers.items():
        keys = [
            key
            for item in listed(value)
            for key in _one(item, _written(item), projects, _why_not(item, name, message), marks)
        ]
        marks.bugs.append((at, keys))


def _why_not(item: str, name: str, message: CommitMessage) -> str:
    """How a warning goes on about what a trailer lists and is no key of ours; empty: there is none."""
    if item.lower() in NO_BUG or (name == "Bug" and message.trailers_read):
        # of those the grammar `trailers` speaks
        return ""
    if name == "Bug" and WRITTEN_ELSEWHERE.fullmatch(item.lower()):
        return ELSEWHERE
    return _OF_NONE if _written(item) else f"in a {name} trailer {_NO_KEY}"


def _written(item: str) -> str | None:
    """What is written as a key, of whatever project: all of the item, or the end of a link."""
    link = _LINK.fullmatch(item)
    text = link[1] if link else item
    return text if _ANY_KEY.fullmatch(text) else None


def _one(
    item: str, key: str | None, projects: Sequence[str], why_not: str, marks: MarkCollector
) -> Iterator[str]:
    """The key that an item is; else a warning, unless `why_not` is empty."""
    if key is not None and key.rpartition("-")[0].upper() in projects:
        yield from _good([key.upper()], marks)
    elif why_not:
        marks.doubt(item, why_not)


def _good(keys: Iterator[str] | Sequence[str], marks: MarkCollector) -> Iterator[str]:
    for key in dict.fromkeys(keys):
        if _NUMBER.fullmatch(key.rpartition("-")[2]):
            yield key
        else:
            marks.doubt(key, _NO_KEY)


@lru_cache(maxsize=64)
def _in_text(projects: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"{_BEFORE}(?:{'|'.join(map(re.escape, projects))})-[0-9]++{_AFTER}")


@lru_cache(maxsize=64)
def _at_beginning(projects: tuple[str, ...]) -> re.Pattern[str]:
    """A key that leads a title in whatever letters."""
    names = "|".join(map(re.escape, projects))
    return re.compile(rf"[\[(]?((?:{names})-[0-9]++){_AFTER}", re.IGNORECASE | re.ASCII)


@lru_cache(maxsize=64)
def _in_branch(projects: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(map(re.escape, projects))
    return re.compile(rf"{_BRANCH_BEFORE}({names})-([0-9]++){_BRANCH_AFTER}", re.IGNORECASE)
