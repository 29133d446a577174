"""A comment as a note of Redmine, and the last line of a note as it was written.

Which markup a Redmine reads, it does not say: Textile, Markdown or none (Administration, Settings, General).
So whatever is markup in one of them becomes an entity, which both show as the character that it means, and
what Redmine makes a link of, whatever the markup (`r12`, `#12`, `@ann`, `commit:12`; LINKS_RE of its
ApplicationHelper), gets a character of no width before it: what such a link leads to is not what is meant.
"""

from __future__ import annotations

import re
from html import unescape

from shepherd.trackers.writing import around_addresses, last_line

_NO_WIDTH = "\u200b"
_LINK = re.compile(
    r"(?:(?<=[\s(,\-\[>])|^)"
    r"(?=!?(?:[a-z0-9_-]{1,100}:)?(?:[a-z0-9_-]{1,100}\|)?(?:##?(?:[0-9]|note)|r[0-9]|@|[a-z]{4,12}[#:@])|&#(?:33|64);)",
    re.MULTILINE,
)
_MARKUP = re.compile(
    r"[*~`^|\\<>\[\]{}%]"
    r"|(?<![A-Za-z0-9])[_+@]|[_+@](?![A-Za-z0-9])"
    r"|(?<![^\s(])-(?=[^\s-])"
    r"|!(?=\S)|\"(?=:)|[?=](?=[?=])|(?<=[?=])[?=]"
    r"|&(?=#?\w{1,20};)"
    r"|^[ \t]*[#=>](?=[\s#=>])",
    re.MULTILINE,
)
"""What could be markup where it stands: of a word like fix_login or a-b nothing is."""


def as_note(comment: str) -> str:
    """The comment as a note that shows it as it is; addresses become links by themselves."""
    return around_addresses(comment, _harmless)


def last_line_of(note: str) -> str:
    """The last line of a note as it was before `as_note`."""
    return unescape(last_line(note).replace(_NO_WIDTH, "")).strip()


def _harmless(text: str) -> str:
    escaped = _MARKUP.sub(lambda match: "".join(f"&#{ord(sign)};" for sign in match[0]), text)
    return _LINK.sub(_NO_WIDTH, escaped)
