"""Untrusted text made fit to be shown: nothing invisible, nothing that turns the line or steers a terminal.

Titles, names, branches and reasons come from commit messages and trackers, where anybody can write anything.
Escaping for HTML is a second step and is up to the code that writes HTML.
"""

from __future__ import annotations

import unicodedata

LONGEST = 300
"""Characters of one text that are shown; a title may be 10 kB."""
LONGEST_SENTENCE = 4 * LONGEST
"""The same for what the shepherd says itself: a reason names every bug that is not good."""
LONGEST_ADDRESS = 2000

_INSTEAD = "\N{REPLACEMENT CHARACTER}"
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


class _Visible(dict[int, str]):
    """Code point -> what is shown for it, worked out once for each."""

    def __missing__(self, code: int) -> str:
        self[code] = shown = _visible(chr(code))
        return shown


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    if char in "\t\n\r\f\v\x85" or category in ("Zl", "Zp"):
        return " "
    if category in ("Cc", "Cs") or char in _BIDI or ord(char) & 0xFFFE == 0xFFFE:
        return _INSTEAD
    if category == "Cf" and char not in _JOINERS:
        return ""
    return char


_VISIBLE = _Visible()


def clean(text: str, longest: int = LONGEST) -> str:
    """One line without control, bidi or invisible format characters, cut with an ellipsis at `longest`.

    Line ends and tabs become blanks, controls and bidi marks the replacement character: it can be seen that
    something stood there. Lone surrogates are replaced too, so that the result can always be encoded.
    """
    if len(text) > longest:
        text = text[: longest - 1].rstrip() + "…"
    return text if text.isprintable() else text.translate(_VISIBLE)


def is_web_address(address: str) -> bool:
    """Whether it may become a link: http or https, without blanks or characters that cannot be seen."""
    return (
        address.startswith(("https://", "http://"))
        and len(address) <= LONGEST_ADDRESS
        and address.isprintable()
        and " " not in address
    )


def fill_address(pattern: str, name: str, value: str) -> str:
    """The link that a pattern like `https://bugs.example/{bug}` gives; empty if it may not be followed.

    Only `{name}` is replaced: a pattern is no format string.
    """
    address = pattern.replace("{" + name + "}", value)
    return address if is_web_address(address) else ""
