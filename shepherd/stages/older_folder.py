"""The folder of the web pages of what is live: which are there, and what each was made of
(docs/feeds.md#older-landings)."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from shepherd import plainfile
from shepherd.atomic import TEMPORARY
from shepherd.errors import StoreError
from shepherd.landing import Revision
from shepherd.settings import Settings
from shepherd.views.older import OlderPages, RangeSummary, folder_of

NOTES = ".pages.json"
"""Next to the pages, and never published."""
_LARGEST = 50_000_000
_PAGE = (
    r"index\.html|r[0-9]+-[0-9]+\.html"
    r"|sha-[0-9a-f]{2}\.html|number-[0-9]+\.html|branch-(?:[0-9a-z]|other)\.html"
)


class WrittenPages(Struct, frozen=True):
    """What the pages that are there were made of."""

    top: Revision | None = None
    """The newest landing on them."""
    there: OlderPages | None = None
    made_of: str = ""
    """Sum of everything: while it is the same, nothing is looked at."""
    sums: dict[str, str] = {}
    """File -> sum of what it was made of."""
    ranges: tuple[RangeSummary, ...] = ()
    """The pages of landings, newest first."""
    undone_by: dict[int, int] = {}
    """The landings that these say were rolled back, and by which."""
    begun: int | None = None
    """While pages are being written: those of landings from this revno on, and all lists, may be newer."""


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


def page_files(settings: Settings, branch: str) -> set[str]:
    """The names of the pages that are there, whatever is known of them. Raises StoreError."""
    return {name for name in _names(folder(settings, branch)) if re.fullmatch(_PAGE, name)}


def remove_pages(settings: Settings, branch: str) -> None:
    """Remove the pages: what they show may not be on the mainline any more. What is not ours stays, and so
    does the folder then. Raises StoreError."""
    place = folder(settings, branch)
    ours = rf"{_PAGE}|{re.escape(NOTES)}|{TEMPORARY}"
    # without its notes, what is left is removed by the next run
    names = sorted(_names(place), key=lambda name: name != NOTES)
    remove_files(place, [name for name in names if re.fullmatch(ours, name)])
    with suppress(OSError):
        place.rmdir()


def remove_files(place: Path, names: list[str]) -> None:
    """Remove these files. Raises StoreError."""
    for name in names:
        try:
            (place / name).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"{place / name}: cannot be removed ({error.strerror or error}), and may say what is not true"
                " any more: move it away"
            ) from None


def _names(place: Path) -> list[str]:
    """What lies in a folder; nothing where there is none."""
    if place.is_symlink():
        raise StoreError(f"{place}: is a link, which is not followed: move it away")
    try:
        return sorted(path.name for path in place.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StoreError(
            f"{place}: cannot be read ({error.strerror or error}), and its pages may say what is not true"
            " any more: move it away"
        ) from None


def pages_there(settings: Settings, branch: str) -> OlderPages | None:
    """Which pages the page of the branch may lead to; None: none."""
    return written(settings, branch).there
