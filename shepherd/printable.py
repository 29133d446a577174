"""The characters that may be shown: the one place that knows which ones may not, and what stands for them.

Titles, names, branches and reasons come from commit messages and trackers, where anybody can write anything:
what cannot be seen, turns the direction of the line, steers a terminal or cannot be encoded. What is kept of
such a text, and how long it may be, is for each use to say:

* `values.clean`: one line of a sentence, of the log, of a mail's header
* `marks.text.clean`: a title as it is kept
* `views.clean.clean`: the page and the feeds; for HTML, escaping is a second step
* `views.terminal.plain`: a terminal
"""

from __future__ import annotations

# As parts of a class of a regular expression. Compiled where they are used: not every command does.
CONTROLS = r"\x00-\x1f\x7f-\x9f"
SURROGATES = r"\ud800-\udfff"
INVISIBLE = r"\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
"""Byte order mark, zero width space and their like."""
STEERING = r"\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff"
"""What a terminal or an editor may obey, besides what JSON escapes anyway."""

INSTEAD = "\N{REPLACEMENT CHARACTER}"
JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def replaced(text: str, instead: str) -> str:
    """`text` with `instead` for each character that is not printable."""
    return text if text.isprintable() else "".join(char if char.isprintable() else instead for char in text)


def escaped(character: str) -> str:
    """The character as JSON and our log escape it: `\\u001b`."""
    return f"\\u{ord(character):04x}"


class _Visible(dict[int, str]):
    """Code point -> what is shown for it, worked out once for each."""

    def __missing__(self, code: int) -> str:
        self[code] = shown = _shown(chr(code))
        return shown


def _shown(char: str) -> str:
    import unicodedata

    category = unicodedata.category(char)
    if char in "\t\n\r\f\v\x85" or category in ("Zl", "Zp"):
        return " "
    if category in ("Cc", "Cs") or char in _BIDI or ord(char) & 0xFFFE == 0xFFFE:
        return INSTEAD
    if category == "Cf" and char not in JOINERS:
        return ""
    return char


_VISIBLE = _Visible()


def visible(text: str) -> str:
    """`text` with blanks for line ends and tabs, and the replacement character for controls, bidi marks and
    lone surrogates, so that it can be seen that something stood there; the rest that is invisible goes.
    """
    return text if text.isprintable() else text.translate(_VISIBLE)
