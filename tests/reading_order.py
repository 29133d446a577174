"""The order in which docs/ is read is that of docs/index.md: `python -m tests.reading_order` writes the links
to the pages before and after at the end of each page."""

from __future__ import annotations

import re
from functools import cache

from tests.inv import ROOT

DOCS = ROOT / "docs"
_ENTRY = re.compile(r"^\* \[[^\]]+\]\(([\w-]+\.md)\)", re.MULTILINE)
_LINKS = re.compile(r"\n+\*\*(?:Before|Next|All pages)[^\n]*\n*\Z")


@cache
def order() -> tuple[str, ...]:
    """The pages, as docs/index.md lists them."""
    return tuple(_ENTRY.findall((DOCS / "index.md").read_text("utf-8")))


def links(page: str) -> str:
    """The line that ends a page."""
    pages = order()
    place = pages.index(page)
    parts = ["**All pages:** [index](index.md)"]
    if place:
        parts.insert(0, f"**Before:** {_link(pages[place - 1])}")
    if place + 1 < len(pages):
        parts.append(f"**Next:** {_link(pages[place + 1])}")
    return " · ".join(parts)


def linked(page: str, text: str) -> str:
    """The text of a page with the line that it has to end with."""
    return f"{_LINKS.sub('', text.rstrip())}\n\n{links(page)}\n"


@cache
def _link(page: str) -> str:
    heading = (DOCS / page).read_text("utf-8").partition("\n")[0]
    return f"[{heading.removeprefix('# ')}]({page})"


if __name__ == "__main__":
    for each in order():
        (DOCS / each).write_text(linked(each, (DOCS / each).read_text("utf-8")), encoding="utf-8")
