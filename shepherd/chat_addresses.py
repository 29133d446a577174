"""Which addresses of [[notify]] are those of chats, which need an extra (docs/notices.md#chats). Nothing but
the standard library: `fab` sends this module to hosts."""

from __future__ import annotations

import re

_OF_A_CHAT = re.compile(
    r"https://(?:hooks\.slack\.com|(?:[\w-]+\.)*discord(?:app)?\.com|chat\.googleapis\.com"
    r"|webexapis\.com|api\.ciscospark\.com|(?:[\w-]+\.)*webhook\.office\.com|(?:[\w-]+\.)*logic\.azure\.com"
    r"|(?:[\w-]+\.)*api\.powerplatform\.com)(?::\d+)?/",
    re.IGNORECASE,
)
"""Addresses as these services show them, to be copied: apprise takes them as they are. Our JSON would be
refused there."""


def is_webhook(url: str) -> bool:
    """Whether it gets our JSON; else it goes to apprise."""
    return url.lower().startswith(("https://", "http://")) and not _OF_A_CHAT.match(url)
