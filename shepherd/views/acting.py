"""What a reader of the page can do about a landing: sentences whose bugs, requests and landings are links,
and commands to copy (docs/guide.md#making-your-move)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from html import escape

from markupsafe import Markup

from shepherd.sentence import Part, Sentence, parts_of
from shepherd.snapshot import LandingEntry, Snapshot
from shepherd.views.clean import LONGEST_SENTENCE, clean, fill_address
from shepherd.views.markup import cut, sentence
from shepherd.views.note_lines import note_in
from shepherd.views.staircase import NAMED, named, stairs, together
from shepherd.words import is_request, item_in_address, item_kind

NOTES_IN_ROWS = 40
"""Blockers whose rows have the line for a git note: it is as long as the rest of the row."""
_UNBREAKABLE = re.compile(r'[A-Za-z0-9.]{1,20}|"…"')
"""A word of a command in which no browser breaks a line: it has no sign for that, and fits on one."""


class Acting:
    """Renders what is said about one snapshot's landings so that it can be acted on."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._entries = {entry.revno: entry for entry in snapshot.landings}
        self._noted = frozenset(blocker.revno for blocker in snapshot.blockers[:NOTES_IN_ROWS])

    def sentence(self, text: str) -> Markup:
        """Untrusted text with links and commands, each command with a button that copies it."""
        html: list[str] = []
        for part in cut(parts_of(text), LONGEST_SENTENCE):
            if isinstance(part, str):
                html.append(sentence(part))
            elif part.kind == "item":
                html.append(self._item(part.text))
            elif part.kind == "revision":
                html.append(self._revision(part.text))
            elif part.kind == "command":
                html.append(command(part.text))
            else:
                html.append(sentence(Sentence(part)))
        return Markup("".join(html))  # noqa: S704  # every piece is escaped

    def cleared(self, revnos: Collection[int]) -> Markup:
        """The landings that somebody waits for; of a single one with its bugs and requests."""
        landings = self.sentence(named(tuple(revnos)))
        entry = self._entries.get(next(iter(revnos))) if len(revnos) == 1 else None
        items = [*map(str, entry.bugs), *entry.requests] if entry is not None else []
        if not items:
            return landings
        said = [f"{item_kind(item)}{self._item(item)}" for item in items[:NAMED]]
        more = f" and {len(items) - NAMED} more" if len(items) > NAMED else ""
        return Markup(f"{landings} ({', '.join(said)}{more})")  # noqa: S704  # escaped in _item

    def stairs(self) -> Markup:
        """What clearing the blockers together gives; empty where each says that itself."""
        return self.sentence(stairs(self._snapshot)) if together(self._snapshot) else Markup()

    def note(self, entry: LandingEntry | None) -> Markup:
        """The line of a git note by which somebody says that a landing is good; empty where none does."""
        line = note_in(entry, self._snapshot)
        return command(line, "line") if line else Markup()

    def remedy_in_row(self, entry: LandingEntry) -> str:
        """What clears a landing, for its row in the table, where its bugs are links already."""
        html = [_in_row(part) for part in cut(entry.remedy_parts or (entry.remedy,), LONGEST_SENTENCE)]
        if entry.revno in self._noted and (note := note_in(entry, self._snapshot)):
            html.append(f"<p class=m>or say ok from a clone: {code(note, 'line')}")
        return "".join(html)

    def _item(self, item: str) -> str:
        address = ""
        if bare := item_in_address(item):
            pattern = self._snapshot.request_url if is_request(item) else self._snapshot.bug_url
            address = fill_address(pattern, "request" if is_request(item) else "bug", bare)
        text = escape(clean(item))
        return f'<a href="{escape(address)}">{text}</a>' if address else text

    def _revision(self, text: str) -> str:
        known = text[1:].isdecimal() and int(text[1:]) in self._entries
        return f'<a href="#{escape(text)}">{escape(text)}</a>' if known else escape(clean(text))


def _in_row(part: str | Part) -> str:
    if not isinstance(part, str) and part.kind == "command":
        return code(part.text)
    return escape(clean(part if isinstance(part, str) else part.text, LONGEST_SENTENCE), quote=False)


def command(text: str, kind: str = "") -> Markup:
    """A command, and a button that copies it, which is hidden where no script runs."""
    button = '<button type="button" class="copy" hidden>Copy</button>'
    return Markup(f"{code(text, kind)} {button}")  # noqa: S704  # escaped in `code`


def code(text: str, kind: str = "") -> Markup:
    """A command that breaks between its words and nowhere else, so that no option is torn apart.

    Args:
        kind: `line`: it stands on lines of its own, and scrolls where one of its words is too long for them.
    """
    words = _kept_whole(clean(text, LONGEST_SENTENCE).split(" "))
    opening = f'<code class="{kind}" tabindex="0">' if kind else "<code>"
    return Markup(f"{opening}{' '.join(words)}</code>")  # noqa: S704  # escaped above


def _kept_whole(words: Iterable[str]) -> Iterable[str]:
    for word in words:
        text = escape(word, quote=False)
        yield text if _UNBREAKABLE.fullmatch(word) else f"<span>{text}</span>"
