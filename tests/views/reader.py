"""Reads a page as a browser would find its elements, as far as tests ask for it."""

from __future__ import annotations

import re
from html.parser import HTMLParser


class Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        """Tag and names of its attributes, in order."""
        self.links: list[str] = []
        """What can be followed."""
        self.ids: list[str] = []
        self.classes: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        for name, value in attrs:
            if name == "href" and tag == "a":
                self.links.append(value or "")
            elif name == "id":
                self.ids.append(value or "")
            elif name == "class":
                self.classes += (value or "").split()

    def handle_data(self, data: str) -> None:
        self.words += data.split()

    def handle_comment(self, data: str) -> None:
        self.elements.append(("comment", ()))

    @property
    def text(self) -> str:
        """The words; what stands behind an element stands behind its last word, and before its first."""
        return re.sub(r" (?=[,.;:)])|(?<=\() ", "", " ".join(self.words))


def parts(page: str) -> tuple[str, str]:
    """The header, which depends on the situation, and all the rest that does not; title, icon, what goes live
    and what must wait belong to neither."""
    before, _, rest = page.partition('<header id="situation"')
    header, _, after = rest.partition("</header>")
    before = re.sub(r"<title>.*?</title>|<link rel=\"icon\".*?>", "", before)
    after = re.sub(
        r'\s*<section id="(?:next|must-wait)">.*?</section>\s*|(?<=<main>)\s+', "", after, flags=re.DOTALL
    )
    return header, before + after
