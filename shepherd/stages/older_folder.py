"""The folder of the web pages of what is live: which are there, and what each was made of
(docs/feeds.md#older-landings)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from shepherd import plainfile
from shepherd.landing import Revision
from shepherd.settings import Settings
from shepherd.views.older import OlderPages, folder_of

NOTES = ".pages.json"
"""Next to the pages, and never published."""
_LARGEST = 50_000_000


class WrittenPages(Struct, frozen=True):
    """What the pages that are there were made of."""

    top: Revision | None = None
    """The newest landing on them."""
    there: OlderPages | None = None
    made_of: str = ""
    """Sum of everything: while it is the same, nothing is looked at."""
    sums: dict[str, str] = {}
    """File -> sum of what it was made of."""


def folder(settings: Settings, branch: str) -> Path:
    """Where the pages of a branch are."""
    return settings.report_path / folder_of(branch)


def written(settings: Settings, branch: str) -> WrittenPages:
    """What is known of the pages that are there; nothing where that cannot be read."""
    try:
        content = plainfile.read(folder(settings, branch) / NOTES, _LARGEST)
        return msgspec.json.decode(content, type=WrittenPages)
    except (plainfile.UnreadableFileError, msgspec.DecodeError, UnicodeDecodeError):
        return WrittenPages()


def remove_pages(settings: Settings, branch: str) -> None:
    """Remove the pages: what they show may not be on the mainline any more. Raises OSError."""
    with suppress(FileNotFoundError):
        for path in folder(settings, branch).iterdir():
            path.unlink()
        folder(settings, branch).rmdir()


def pages_there(settings: Settings, branch: str) -> OlderPages | None:
    """Which pages the page of the branch may lead to; None: none."""
    return written(settings, branch).there
