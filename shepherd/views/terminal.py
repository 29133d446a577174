"""Lines that fit a terminal of 80 columns and cannot steer it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from shepherd.printable import JOINERS
from shepherd.sentence import parts_of
from shepherd.views.clean import LONGEST, LONGEST_SENTENCE, clean

COLUMNS = 80
_JOINED = "\x1f"
"""Stands for the blanks of what is not to be broken; cleaned text has none."""
_DROPPED = dict.fromkeys(map(ord, f"{JOINERS}\ufe0e\ufe0f"))
"""What terminals disagree about: joined emoji count as one glyph here and as several there."""


def plain(text: str, longest: int = LONGEST) -> str:
    """Cleaned for a terminal: besides, nothing that changes a neighbour's width, and blanks run together."""
    text = clean(text, longest)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(_DROPPED)
    return " ".join(text.split())


def width(text: str) -> int:
    """Columns it takes: wide East Asian characters and emoji two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def fit(text: str, columns: int) -> str:
    """Exactly so many columns: cut with an ellipsis, or filled with blanks."""
    text = plain(text)
    missing = columns - width(text)
    if missing < 0:
        text = _head(text, columns - 1) + "…"
        missing = columns - width(text)
    return text + " " * missing


def table(head: Sequence[str], rows: Sequence[Sequence[str]], columns: int = COLUMNS) -> list[str]:
    """Lines of at most `columns`: each column as wide as it must be, two blanks between them, what is left
    for the last one."""
    *most, _ = zip(head, *rows, strict=True)
    widths = [max(width(plain(cell)) for cell in cells) for cells in most]
    left = columns - sum(widths) - 2 * len(widths)
    return ["  ".join(map(fit, line, [*widths, left])).rstrip() for line in (head, *rows)]


def wrap(
    text: str,
    first: str = "",
    rest: str | None = None,
    columns: int = COLUMNS,
    longest: int = LONGEST_SENTENCE,
) -> str:
    """Lines of at most `columns`, the first after `first`, the others after `rest` (default: as many blanks).

    A command of a sentence stays on one line if it fits: it is to be copied. A word that is longer than a
    line is broken: it may come from anybody.
    """
    rest = " " * width(first) if rest is None else rest
    lines, line, empty = [], first, True
    room = columns - max(width(first), width(rest))
    for word in _pieces(_words(text, room, longest), room):
        if not empty and width(line) + 1 + width(word) > columns:
            lines.append(line)
            line, empty = rest, True
        line = line + word if empty else f"{line} {word}"
        empty = False
    return "\n".join([*lines, line.rstrip()])


def _words(text: str, columns: int, longest: int) -> Iterator[str]:
    """The words, a command as one where it fits; what stands next to it without a blank is part of it."""
    keep = [
        part.text
        for part in parts_of(text)
        if not isinstance(part, str) and part.kind in ("command", "typed") and width(part.text) <= columns
    ]
    text = plain(text, longest)
    for command in keep:
        text = text.replace(command, command.replace(" ", _JOINED))
    yield from (word.replace(_JOINED, " ") for word in text.split(" "))


def _pieces(words: Iterable[str], columns: int) -> Iterator[str]:
    for word in words:
        while width(word) > columns:
            head = _head(word, columns) or word[0]
            yield head
            word = word[len(head) :]
        if word:
            yield word


def _head(text: str, columns: int) -> str:
    """The longest beginning that takes at most so many columns."""
    taken = 0
    for place, char in enumerate(text):
        taken += _columns(char)
        if taken > columns:
            return text[:place]
    return text
