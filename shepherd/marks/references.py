"""`Fixes #12`, `refs #12`, `Title (#12)`: the issues that a message refers to as teams with Redmine do
(docs/rules.md#references)."""

from __future__ import annotations

import re

from shepherd.marks.collector import MarkCollector
from shepherd.marks.text import CommitMessage

# as Redmine reads them (Changeset#scan_comment_for_issue_ids): keywords, and hours of work behind a number
_HOURS = r"(?:[^\S\n]++@[0-9][0-9hm:.,]{0,11}+)?"
_LIST = (
    rf"#[0-9]++{_HOURS}"
    rf"(?:(?:\s*+[,;&]\s*+(?:and\s++)?|\s++and\s++|\s++)#[0-9]++{_HOURS})*+"
)
_END = r"(?![\w#])"
_KEYWORD = re.compile(
    r"(?<![\w/.-])(?:refs?|references|issueid|fix(?:e[sd])?|close[sd]?|resolve[sd]?)"
    rf"(?:\s*+:\s*+|\s++)({_LIST}){_END}",
    re.IGNORECASE,
)
_IN_TITLE = re.compile(rf"\A\[?({_LIST}){_END}|[(\[]({_LIST})(?=[)\]\s,;.:])")
_NUMBER = re.compile(r"#([0-9]+)")
_QUOTED = re.compile(r'"[^"]*"')


def read(message: CommitMessage, marks: MarkCollector) -> None:
    """Read the issues of title and body. A number that a forge has given to a request is none."""
    if "#" not in message.own and "#" not in message.subject:
        return
    # what a revert quotes is the title of another landing
    title = _QUOTED.sub('""', message.subject)
    rest = message.own.removeprefix(message.body.partition("\n")[0])
    lists = {found[1] or found[2]: 0 for found in _IN_TITLE.finditer(title)}
    lists |= {found[1]: 0 for found in _KEYWORD.finditer(title)}
    for found in _KEYWORD.finditer(rest):
        lists.setdefault(found[1], 1 + found.start())
    for listed, at in lists.items():
        numbers = marks.numbers(_NUMBER.findall(listed))
        marks.bugs.append((at, [number for number in numbers if f"#{number}" not in marks.requests]))
