"""One notice in words: as JSON for a webhook, as lines for a chat (docs/notices.md#what-arrives); pure.

A chat reads markup where we write plain text, each service its own: `*bold*`, `<!channel>`, `@everyone`,
`[text](address)`, HTML. Anybody who commits writes titles, so the characters that any service obeys are
written as others that look alike. That does not depend on which markup a service reads today, nor on what a
library between us and it makes of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from msgspec import to_builtins

from shepherd.plans.notices import Change, Notice
from shepherd.values import clean, iso

SCHEMA = 1
"""Of docs/notice.schema.json: changes when a key changes its meaning."""
LONGEST_LINE = 600
"""Characters of one change."""
MOST_CHANGES = 100
"""In one message; the others are counted."""
LONGEST_TEXT = 4000
"""Characters of `text` in JSON: programs may pass it on to a chat, and Mattermost takes no more."""
AGAIN = "(perhaps told before) "
TEST = "This is a test of QA Shepherd: nothing happened."

_ADDRESS = re.compile(r"https?://[^\s<>\"']+")
_IN_ADDRESS = {ord(char): f"%{ord(char):02X}" for char in "*~|`[]@<>\\"}
_ALIKE = str.maketrans({"<": "‹", ">": "›", "*": "∗", "`": "ˋ", "|": "¦", "\\": "∖", "@": "＠"})
_AT_AN_EDGE = {"_": "＿", "~": "∼"}
"""What means something to a chat only where no letter or digit stands on both sides: release_1 and HEAD~1
stay as they are, and can be copied."""
_EDGES = re.compile(r"(?<![^\W_])[_~]+|[_~]+(?![^\W_])|[_~]{2,}")
_LINK = re.compile(r"\](?=[(\[:])")
_ENTITY = re.compile(r"&(?=#?\w+;)")


def harmless(text: str) -> str:
    """`text` on one line, without anything that a chat, or HTML, obeys; addresses lead where they did."""
    pieces, end = [], 0
    for match in _ADDRESS.finditer(text := clean(text, LONGEST_LINE)):
        pieces += [_alike(text[end : match.start()]), match[0].translate(_IN_ADDRESS)]
        end = match.end()
    return "".join([*pieces, _alike(text[end:])])


def _alike(text: str) -> str:
    text = _EDGES.sub(lambda match: "".join(map(_AT_AN_EDGE.__getitem__, match[0])), text.translate(_ALIKE))
    return _ENTITY.sub("＆", _LINK.sub("] ", text))


def title_of(notice: Notice) -> str:
    """The first line: the branch, and its answer as it is now."""
    return harmless(": ".join(filter(None, (notice.branch, notice.answer)))) or "QA Shepherd"


def lines_of(notice: Notice, longest: int) -> str:
    """What follows the title, in at most `longest` characters: each change, and where to read more.

    Without a change it is a test.
    """
    told = ["\n".join(_lines(each)) for each in notice.changes[:MOST_CHANGES]] or [TEST]
    page = [harmless(notice.url)] if notice.url and len(notice.url) < longest / 2 else []
    for count in range(len(told), 0, -1):
        hidden = _left_out(notice, count)
        text = "\n".join([*told[:count], *([f"- and {hidden} more"] if hidden else []), *page])
        if len(text) <= longest:
            return text
    return f"{told[0][: longest - 1]}…"


def _lines(change: Change) -> Iterator[str]:
    yield f"- {AGAIN if change.again else ''}{harmless(change.text)}"
    for more in filter(None, (change.command, change.url)):
        yield f"  {harmless(more)}"


def _left_out(notice: Notice, told: int) -> int:
    return notice.left_out + max(0, len(notice.changes) - told)


def document_of(notice: Notice, now: datetime) -> dict[str, Any]:
    """The same for programs, as docs/notice.schema.json says: texts of changes as they are, `text` as chats
    get it."""
    changes = notice.changes[:MOST_CHANGES]
    return {
        "schema": SCHEMA,
        "id": notice.id,
        "place": notice.to,
        "branch": notice.branch or None,
        "sent_at": iso(now),
        "since": notice.since and iso(notice.since),
        "test": not notice.changes,
        "changes": [
            {
                "kind": each.kind,
                "key": each.key,
                "at": iso(each.at),
                "text": clean(each.text, LONGEST_LINE),
                "command": clean(each.command, LONGEST_LINE) or None,
                "url": each.url or None,
                "again": each.again,
            }
            for each in changes
        ],
        "left_out": _left_out(notice, len(changes)),
        "answer": clean(notice.answer, LONGEST_LINE) or None,
        "deployable": notice.deployable and to_builtins(notice.deployable),
        "url": notice.url or None,
        "text": f"{title_of(notice)}\n\n{lines_of(notice, LONGEST_TEXT)}",
    }
