"""`Co-authored-by: Name <address>`: who else wrote a commit, by its message (docs/rules.md#person)."""

from __future__ import annotations

import re
from itertools import islice

from shepherd.marks.text import clean

MOST = 50
"""Lines of one message that are read."""
_LINE = re.compile(r"^Co-authored-by[^\S\n]*+:([^\n]{1,300}+)", re.IGNORECASE | re.MULTILINE)
_CONTACT = re.compile(r"([^<>]*)<([^<>]*)>")


def co_authors(message: bytes) -> list[tuple[str, str]]:
    """Names and addresses as the message has them; a name alone has an empty address.

    The lines count wherever they stand: a squash leaves those of its commits in the middle.
    """
    if b"co-authored-by" not in message.lower():
        return []
    lines = islice(_LINE.finditer(message.decode("utf-8", "replace").replace("\r", "\n")), MOST)
    found = [contact for line in lines for contact in _CONTACT.findall(line[1]) or [(line[1], "")]]
    people = [(clean(name).strip(' ,;"@'), clean(address)) for name, address in found]
    return [(name, address) for name, address in dict.fromkeys(people) if name or address]
